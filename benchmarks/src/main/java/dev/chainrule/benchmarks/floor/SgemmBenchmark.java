package dev.chainrule.benchmarks.floor;

import java.util.Arrays;
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

/** The products of {@code ProductBenchmark} by oneDNN alone, in one call of {@code dnnl_sgemm}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SgemmBenchmark {

  /** m x k x n. */
  @Param({"64x784x512", "784x64x512", "64x512x784", "1024x784x512", "2048x128x384", "2048x128x512", "32x128x512", "512x512x512"})
  private String size = "";

  private Runnable product = () -> {};

  @Setup
  public void prepare() {
    long[] sizes = Arrays.stream(size.split("x")).mapToLong(Long::parseLong).toArray();
    Library library = Dnnl.find().orElseThrow(() -> new IllegalStateException(
        "oneDNN is not on the class path as files: scripts/benchmark-training --smoke leaves them in benchmarks/peers/dnnl/target/natives"));
    product = library.prepare().apply(new Call.Product(1, sizes[0], sizes[1], sizes[2]));
  }

  @Benchmark
  public void sgemm() {
    product.run();
  }
}
