package dev.chainrule.benchmarks.kernels;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.nn.Losses;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
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
 * Normalisations and softmax over the last axis, forward, layer norm with its gradients, and the gradient of a cross-entropy.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class NormalisationBenchmark {

  /** Rows x width. */
  @Param({"2048x128", "1024x1024", "64x10", "16384x1024"})
  private String shape = "";

  private Placed layerNorm = new Placed(in -> in);
  private Placed gradients = new Placed(in -> in);
  private Placed softmax = new Placed(in -> in);
  private Placed crossEntropy = new Placed(in -> in);

  private static Tensor norm(List<Tensor> in) {
    return Normalisation.layerNorm(in.get(0), in.get(1), in.get(2), 1e-5);
  }

  @Setup
  public void prepare() {
    String[] sizes = shape.split("x");
    long rows = Long.parseLong(sizes[0]);
    long width = Long.parseLong(sizes[1]);
    Tensor x = Operands.uniform(rows, width);
    Tensor scale = Operands.uniform(width);
    Tensor shift = Operands.uniform(width);
    Tensor labels = Tensor.of(LongStream.range(0, rows).mapToInt(row -> (int) (row % width)).toArray(), rows);
    layerNorm = new Placed(in -> List.of(norm(in)), x, scale, shift);
    gradients = new Placed(in -> Gradients.of(norm(in).square().mean(), in), x, scale, shift);
    softmax = new Placed(in -> List.of(in.getFirst().softmax(-1)), x);
    crossEntropy = new Placed(in -> Gradients.of(Losses.crossEntropy(in.getFirst(), in.getLast()), in.subList(0, 1)), x, labels);
  }

  @Benchmark
  public List<Tensor> layerNorm() {
    return layerNorm.run();
  }

  @Benchmark
  public List<Tensor> layerNormGradients() {
    return gradients.run();
  }

  /** The loss and the logits' gradient. */
  @Benchmark
  public List<Tensor> crossEntropyGradient() {
    return crossEntropy.run();
  }

  @Benchmark
  public List<Tensor> softmax() {
    return softmax.run();
  }
}
