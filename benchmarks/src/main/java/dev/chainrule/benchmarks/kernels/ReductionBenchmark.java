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
 * Sums over all elements, over rows and over columns of a matrix, with a chain before them.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ReductionBenchmark {

  /** Rows x columns. */
  @Param({"64x512", "1024x1024", "16x262144", "262144x16", "16384x1024"})
  private String shape = "";

  private Placed all = new Placed(in -> in);
  private Placed rows = new Placed(in -> in);
  private Placed columns = new Placed(in -> in);

  @Setup
  public void prepare() {
    String[] sizes = shape.split("x");
    Tensor x = Operands.uniform(Long.parseLong(sizes[0]), Long.parseLong(sizes[1]));
    all = new Placed(in -> List.of(in.getFirst().square().sum()), x);
    rows = new Placed(in -> List.of(in.getFirst().square().sum(1)), x);
    columns = new Placed(in -> List.of(in.getFirst().square().sum(0)), x);
  }

  @Benchmark
  public List<Tensor> all() {
    return all.run();
  }

  @Benchmark
  public List<Tensor> rows() {
    return rows.run();
  }

  @Benchmark
  public List<Tensor> columns() {
    return columns.run();
  }
}
