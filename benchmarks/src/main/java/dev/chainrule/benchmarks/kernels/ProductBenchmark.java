package dev.chainrule.benchmarks.kernels;

import dev.chainrule.tensor.Tensor;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;

/** Products as a Step has them. */
public class ProductBenchmark extends ProductSizes {

  private Placed product = new Placed(in -> in);

  @Setup
  public void prepare() {
    long[] sizes = sizes();
    product = new Placed(in -> List.of(in.getFirst().matmul(in.getLast())), Operands.uniform(sizes[0], sizes[1]),
        Operands.uniform(sizes[1], sizes[2]));
  }

  @Benchmark
  public List<Tensor> product() {
    return product.run();
  }
}
