package dev.chainrule.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Lifetime;
import dev.chainrule.device.Memory;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.device.Queue;
import dev.chainrule.device.Tuner;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tiles are measured on a device that takes as long as a test says, and is wrong where it says so. */
class ProductTunerTest {

  private static final ProductTile FAST = new ProductTile(32, 32, 16, 2, 2);
  private static final ProductTile WRONG = new ProductTile(16, 64, 32, 1, 4);
  private static final long MILLISECOND = 1_000_000;

  @TempDir
  private Path folder;

  private final List<Tuner.Outcome> outcomes = new ArrayList<>();

  private record Segment(MemorySegment segment) implements Memory {
    @Override
    public long bytes() {
      return segment.byteSize();
    }

    @Override
    public void free() {}
  }

  /** Takes its time, then fills the results with one byte. */
  private record Timed(long nanoseconds, byte content) implements Executable {
    @Override
    public long bytes() {
      return 0;
    }

    @Override
    public void close() {}
  }

  private record TimedDevice() implements Device, Queue {
    @Override
    public DeviceInfo info() {
      return new DeviceInfo("timed", 0, "", 1 << 20);
    }

    @Override
    public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
      return Optional.empty();
    }

    @Override
    public boolean generates(GeneratedKernel kernel) {
      return false;
    }

    @Override
    public Memory allocate(long bytes) {
      return new Segment(Arena.ofAuto().allocate(bytes));
    }

    @Override
    public Executable link(Schedule schedule) {
      throw new IllegalStateException("the tuner links with tiles of its own");
    }

    @Override
    public Queue queue() {
      return this;
    }

    @Override
    public Lifetime lifetime() {
      return new Lifetime("timed:0");
    }

    @Override
    public void upload(MemorySegment source, Memory target) {
      ((Segment) target).segment.copyFrom(source);
    }

    @Override
    public void download(Memory source, MemorySegment target) {
      target.copyFrom(((Segment) source).segment);
    }

    @Override
    public Completion run(Executable executable, Bindings bindings) {
      Timed timed = (Timed) executable;
      LockSupport.parkNanos(timed.nanoseconds);
      ((Segment) bindings.outputs().getFirst()).segment.fill(timed.content);
      return () -> Fault.NONE;
    }
  }

  private TuningFile tune(BiFunction<Schedule, ProductTiles, Executable> linking) {
    var file = new TuningFile(folder.resolve("timed.txt"), "timed");
    new ProductTuner(new TimedDevice(), file, linking).tune(List.of(16L), outcomes::add);
    return file;
  }

  private static ProductTile tile(ProductTiles tiles) {
    return tiles.choices().get(new ProductShape(16, 16, 16));
  }

  @Test
  void theFastestThatIsRightIsKept() {
    TuningFile file = tune((_, tiles) -> new Timed(tile(tiles).equals(WRONG) ? 0 : tile(tiles).equals(FAST) ? MILLISECOND : 20 * MILLISECOND,
        (byte) (tile(tiles).equals(WRONG) ? 2 : 1)));
    assertEquals(new ProductTiles(Map.of(new ProductShape(16, 16, 16), FAST)), file.read());
    assertEquals(FAST.toString(), outcomes.getFirst().choice());
  }

  /** Noise is no reason to leave the usual tile. */
  @Test
  void theUsualTileStaysUnlessAnotherIsClearlyFaster() {
    assertEquals(ProductTile.DEFAULT, tile(tune((_, tiles) -> new Timed((tile(tiles).equals(FAST) ? 98 : 100) * MILLISECOND, (byte) 1)).read()));
  }

  @Test
  void choicesForOtherShapesStay() {
    var file = new TuningFile(folder.resolve("timed.txt"), "timed");
    var other = new ProductShape(1024, 1024, 64);
    file.write(new ProductTiles(Map.of(other, FAST)));
    assertEquals(FAST, tune((_, _) -> new Timed(0, (byte) 1)).read().choices().get(other));
  }
}
