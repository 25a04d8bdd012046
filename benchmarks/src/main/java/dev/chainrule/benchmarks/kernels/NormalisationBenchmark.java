package dev.chainrule.benchmarks.kernels;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
 * Normalisations and softmax over the last axis, forward, and layer norm with its gradients.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class NormalisationBenchmark {

  /** Rows x width. */
  @Param({"2048x128", "1024x1024", "64x10"})
  private String shape = "";

  private Tensor x = Tensor.scalar(0);
  private Tensor scale = Tensor.scalar(0);
  private Tensor shift = Tensor.scalar(0);
  private final Step layerNorm = Step.evaluation(in -> List.of(norm(in)));
  private final Step gradients = Step.evaluation(in -> Gradients.of(norm(in).square().mean(), in));
  private final Step softmax = Step.evaluation(in -> List.of(in.getFirst().softmax(-1)));

  private static Tensor norm(List<Tensor> in) {
    return Normalisation.layerNorm(in.get(0), in.get(1), in.get(2), 1e-5);
  }

  @Setup
  public void prepare() {
    String[] sizes = shape.split("x");
    long width = Long.parseLong(sizes[1]);
    x = Operands.uniform(Long.parseLong(sizes[0]), width);
    scale = Operands.uniform(width);
    shift = Operands.uniform(width);
  }

  @Benchmark
  public List<Tensor> layerNorm() {
    return layerNorm.run(x, scale, shift);
  }

  @Benchmark
  public List<Tensor> layerNormGradients() {
    return gradients.run(x, scale, shift);
  }

  @Benchmark
  public List<Tensor> softmax() {
    return softmax.run(x);
  }
}
