package dev.chainrule.benchmarks.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.AdamW;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.optim.RmsProp;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The updates of all optimizers alone, on gradients that lie on the device. Gradients are zeros: parameters stay, so that all runs are alike.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class OptimizerBenchmark {

  /** Optimizers with their usual settings. */
  public enum Kind {
    SGD,
    MOMENTUM,
    RMSPROP,
    ADAM,
    ADAMW;

    private Optimizer of(List<Variable> parameters) {
      Schedule rate = Schedule.constant(1e-3);
      return switch (this) {
        case SGD -> new Sgd(parameters, rate);
        case MOMENTUM -> new Sgd(parameters, rate).withMomentum(0.9);
        case RMSPROP -> new RmsProp(parameters, rate);
        case ADAM -> new Adam(parameters, rate);
        case ADAMW -> new AdamW(parameters, rate);
      };
    }
  }

  @Param
  private Kind kind = Kind.SGD;

  /** Number of parameters x the elements of each: a perceptron's, a deep network's, a large layer's. */
  @Param({"6x90000", "100x16384", "1x4194304"})
  private String parameters = "";

  private Step step = Step.training(in -> in);

  @Setup
  public void prepare() {
    String[] sizes = parameters.split("x");
    TensorType type = TensorType.of(DType.F32, Long.parseLong(sizes[1]));
    List<Variable> variables = IntStream.range(0, Integer.parseInt(sizes[0]))
        .mapToObj(i -> Variable.of("parameter " + i, HostArray.zeros(type), true)).toList();
    List<Variable> gradients = variables.stream().map(_ -> Variable.of("gradient", HostArray.zeros(type), false)).toList();
    Optimizer optimizer = kind.of(variables);
    step = Step.training(_ -> {
      optimizer.update(gradients.stream().map(Variable::value).toList());
      return List.of();
    });
  }

  @Benchmark
  public List<Tensor> update() {
    return step.run();
  }
}
