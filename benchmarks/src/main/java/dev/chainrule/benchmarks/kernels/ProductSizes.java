package dev.chainrule.benchmarks.kernels;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The matrix products of the sizes that the trainings have, 2 m k n operations each, for all who multiply to be measured alike. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public abstract class ProductSizes {

  /** m x k x n: a layer forward, its gradient for the weight, that for the input; then those of larger batches and narrower layers. */
  @Param({"64x784x512", "784x64x512", "64x512x784", "1024x784x512", "2048x128x384", "2048x128x512", "32x128x512", "512x512x512"})
  private String size = "";

  /** m, k and n. */
  protected final long[] sizes() {
    return Arrays.stream(size.split("x")).mapToLong(Long::parseLong).toArray();
  }
}
