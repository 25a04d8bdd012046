package dev.chainrule.benchmarks.kernels;

import dev.chainrule.tensor.Tensor;
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
 * Matrix products of the sizes that the trainings have; 2 m k n operations each.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ProductBenchmark {

  /** m x k x n: a layer forward, its gradient for the weight, that for the input; then those of larger batches and narrower layers. */
  @Param({"64x784x512", "784x64x512", "64x512x784", "1024x784x512", "2048x128x384", "2048x128x512", "32x128x512", "512x512x512"})
  private String size = "";

  private Placed product = new Placed(in -> in);

  @Setup
  public void prepare() {
    String[] sizes = size.split("x");
    long k = Long.parseLong(sizes[1]);
    product = new Placed(in -> List.of(in.getFirst().matmul(in.getLast())), Operands.uniform(Long.parseLong(sizes[0]), k),
        Operands.uniform(k, Long.parseLong(sizes[2])));
  }

  @Benchmark
  public List<Tensor> product() {
    return product.run();
  }
}
