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
 * Chains of scalar operations, each of which should be one pass over memory.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ChainBenchmark {

  /** In a core's cache, in all cores' cache, in memory. */
  @Param({"16384", "1048576", "16777216"})
  private long elements;

  private Placed gate = new Placed(in -> in);
  private Placed sum = new Placed(in -> in);

  @Setup
  public void prepare() {
    Tensor x = Operands.uniform(elements);
    Tensor y = Operands.uniform(elements);
    gate = new Placed(in -> List.of(in.getFirst().mul(in.getLast()).add(0.5).tanh().mul(in.getLast().sigmoid())), x, y);
    sum = new Placed(in -> List.of(in.getFirst().add(in.getLast())), x, y);
  }

  /** tanh(x y + 0.5) sigmoid(y): mostly computing. */
  @Benchmark
  public List<Tensor> gate() {
    return gate.run();
  }

  /** x + y: moving alone. */
  @Benchmark
  public List<Tensor> sum() {
    return sum.run();
  }
}
