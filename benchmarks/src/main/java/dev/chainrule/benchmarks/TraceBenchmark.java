package dev.chainrule.benchmarks;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What tracing costs for each node that it makes, those in the bodies of composites included. It happens anew at every run of a Step;
 * the aim is 100 ns a node, half a millisecond for a step of 5,000.
 *
 * <pre>
 * mvn -q package -DskipTests -pl benchmarks -am
 * java -cp 'benchmarks/target/app/*' org.openjdk.jmh.Main TraceBenchmark -prof gc
 * </pre>
 *
 * <p>The line {@code :nodes} is nanoseconds a node, the score itself those of a whole trace; their quotient is the number of nodes.
 * With {@code -prof gc} the line {@code gc.alloc.rate.norm} is bytes a trace.
 */
@State(Scope.Thread)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class TraceBenchmark {

  private static final int CHAIN = 1_000;

  private final Tensor images = Tensor.of(zeros(TensorType.of(DType.F32, 64, 784)));
  private final Tensor labels = Tensor.of(zeros(TensorType.of(DType.I32, 64)));
  private final Module model = new Sequential(new Linear(784, 128), new Relu(), new Linear(128, 64), new Relu(), new Linear(64, 10));
  private final Adam adam = new Adam(model.parameters(), Schedule.constant(1e-3));

  /** How many nodes have been made. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Nodes {

    /** JMH reads it; it divides the time by it. */
    public long nodes;

    private <T> T counting(Supplier<T> trace) {
      long before = Tensor.scalar(0).node().id();
      T result = trace.get();
      nodes += Tensor.scalar(0).node().id() - before - 1;
      return result;
    }
  }

  private static HostArray zeros(TensorType type) {
    return HostArray.owning(type, new byte[Math.toIntExact(type.bytes())]);
  }

  /** Forward pass, loss, gradients and Adam for a perceptron with three layers on a batch of 64 digits. */
  @Benchmark
  public Trace.Recording trainingStep(Nodes count) {
    return count.counting(() -> Trace.record(Mode.TRAINING, 0, 0, false, () -> {
      Tensor loss = Losses.crossEntropy(model.apply(images), labels);
      adam.minimise(loss);
      return List.of(loss);
    }));
  }

  /** A thousand scalar operations one after the other, half of them with two operands. */
  @Benchmark
  public Trace.Recording chain(Nodes count) {
    return count.counting(() -> Trace.record(Mode.EVALUATION, 0, 0, false, () -> {
      Tensor x = images;
      for (int i = 0; i < CHAIN; i += 2) {
        x = x.add(images).tanh();
      }
      return List.of(x);
    }));
  }
}
