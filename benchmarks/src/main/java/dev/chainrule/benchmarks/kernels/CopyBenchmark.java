package dev.chainrule.benchmarks.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What moving alone takes on one thread, to compare the other benchmarks of the package with: half of the bytes copied to the other. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CopyBenchmark {

  /** Read and written together: what fits a core's own cache, all cores' and neither. */
  @Param({"524288", "8388608", "201326592"})
  private long bytes;

  private final Arena arena = Arena.ofShared();
  private MemorySegment from = MemorySegment.NULL;
  private MemorySegment to = MemorySegment.NULL;

  @Setup
  public void prepare() {
    from = arena.allocate(bytes / 2, 64);
    to = arena.allocate(bytes / 2, 64).fill((byte) 1);
  }

  @TearDown
  public void giveBack() {
    arena.close();
  }

  @Benchmark
  public void copy() {
    MemorySegment.copy(from, 0, to, 0, from.byteSize());
  }
}
