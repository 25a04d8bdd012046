package dev.chainrule.benchmarks.floor;

import dev.chainrule.benchmarks.kernels.ProductSizes;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;

/** Products by oneDNN alone, in one call of {@code dnnl_sgemm}. */
public class SgemmBenchmark extends ProductSizes {

  private Runnable product = () -> {};

  @Setup
  public void prepare() {
    long[] sizes = sizes();
    Library library = Dnnl.find().orElseThrow(() -> new IllegalStateException(
        "oneDNN is not on the class path as files: scripts/benchmark-training --smoke leaves them in benchmarks/peers/dnnl/target/natives"));
    product = library.prepare().apply(new Call.Product(1, sizes[0], sizes[1], sizes[2]));
  }

  @Benchmark
  public void sgemm() {
    product.run();
  }
}
