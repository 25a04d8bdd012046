package dev.chainrule.plan;

import dev.chainrule.device.Memory;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What runs need only while they run, kept from one to the next: the arena, inputs that came from the host, small results. Of large
 * inputs only those of the last run are kept. Guarded by the engine's lock.
 */
final class RunMemory {

  /** Inputs up to this size are kept whether or not the last run used them. */
  private static final long SMALL = 4L << 20;

  private final MemoryPool pool;
  private final Map<Place, Memory> kept = new HashMap<>();

  /** In use by the present run. */
  private final Set<Place> used = new HashSet<>();

  RunMemory(MemoryPool pool) {
    this.pool = pool;
  }

  private enum Use {
    ARENA("the arena"),
    INPUT("staging"),
    ARRIVAL("staging"),
    RESULT("staging");

    /** How messages call it. */
    private final String what;

    Use(String what) {
      this.what = what;
    }
  }

  private record Place(Use use, int slot) {}

  /** The arena that all plans share; it only grows. */
  Memory arena(long bytes) {
    return grown(new Place(Use.ARENA, 0), bytes);
  }

  /** Where a run reads an input that came from the host. */
  Memory input(int slot, long bytes) {
    return fitting(new Place(Use.INPUT, slot), bytes);
  }

  /** Where host data for an input arrives while the run before still reads the last one, if the device stages inputs. */
  Memory arrival(int slot, long bytes) {
    return fitting(new Place(Use.ARRIVAL, slot), bytes);
  }

  private Memory fitting(Place place, long bytes) {
    Memory present = kept.get(place);
    if (present != null && present.bytes() > SMALL && present.bytes() / 2 > bytes) {
      release(place);
    }
    return grown(place, bytes);
  }

  /** Where a small result lies until it is read. */
  Memory result(int slot, long bytes) {
    return grown(new Place(Use.RESULT, slot), bytes);
  }

  private Memory grown(Place place, long bytes) {
    long needed = Math.max(bytes, 1);
    Memory present = kept.get(place);
    if (present != null && present.bytes() < needed) {
      release(place);
      present = null;
    }
    used.add(place);
    if (present == null) {
      present = pool.reserve(needed, place.use.what);
      kept.put(place, present);
    }
    return present;
  }

  /** The run is over; large inputs that it has not used are released. */
  void runEnded() {
    releaseUnused(Use.INPUT, SMALL);
    releaseUnused(Use.ARRIVAL, SMALL);
    used.clear();
  }

  /** Releases whatever no run uses now. */
  void giveBackIdle() {
    for (Use use : Use.values()) {
      releaseUnused(use, 0);
    }
  }

  private void releaseUnused(Use use, long atMost) {
    kept.entrySet().stream()
        .filter(e -> e.getKey().use == use && e.getValue().bytes() > atMost && !used.contains(e.getKey()))
        .map(Map.Entry::getKey)
        .toList()
        .forEach(this::release);
  }

  private void release(Place place) {
    Memory memory = kept.remove(place);
    if (memory != null) {
      pool.release(memory, place.use.what);
    }
  }
}
