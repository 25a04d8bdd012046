package dev.chainrule.plan;

import dev.chainrule.device.events.PlanMissEvent;
import dev.chainrule.device.events.Recorder;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The plans of one Step, bounded, least recently used out first. A miss is logged with the first difference from the nearest plan; a
 * build that fails leaves nothing behind. The plans are closed some time after the cache has become unreachable. Belongs to one engine,
 * guarded by its lock.
 */
public final class PlanCache {

  /** Plans kept; beyond {@link #WARN} a loader that pads or drops its last batch would serve better. */
  private static final int CAPACITY = 64;

  private static final int WARN = 16;
  private static final System.Logger LOG = System.getLogger(PlanCache.class.getName());

  private final SequencedMap<PlanKey, Plan> plans = new LinkedHashMap<>(16, 0.75f, true);
  private long misses;
  private @Nullable MemoryPool owner;

  /** Called before each use. */
  void ownedBy(MemoryPool pool) {
    if (owner == null) {
      owner = pool;
      pool.whenUnreachable(this, closingAll(plans));
    } else if (owner != pool) {
      throw new IllegalStateException("a plan cache of one device was used on another");
    }
  }

  /** Knows the plans and not the cache, so that it does not keep it alive. */
  private static Runnable closingAll(Map<PlanKey, Plan> plans) {
    return () -> {
      plans.values().forEach(Plan::close);
      plans.clear();
    };
  }

  /** The key of the plan used last. */
  Optional<PlanKey> latest() {
    return Optional.ofNullable(plans.lastEntry()).map(Map.Entry::getKey);
  }

  Plan get(PlanKey key, Supplier<Plan> build) {
    Plan known = plans.get(key);
    if (known != null) {
      return known;
    }
    Plan built = build.get();
    misses++;
    logMiss(key);
    plans.put(key, built);
    if (plans.size() > CAPACITY) {
      Iterator<Plan> oldest = plans.values().iterator();
      oldest.next().close();
      oldest.remove();
    }
    return built;
  }

  private static void record(Supplier<String> difference) {
    if (Recorder.isOn()) {
      PlanMissEvent.emit(difference);
    }
  }

  private void logMiss(PlanKey key) {
    if (plans.isEmpty()) {
      record(() -> "the first plan");
      return;
    }
    // Of two that differ as much, the one used later.
    PlanKey nearest = plans.keySet().stream().reduce((a, b) -> a.distance(key) < b.distance(key) ? a : b).orElseThrow();
    record(() -> nearest.firstDifference(key));
    LOG.log(System.Logger.Level.DEBUG, () -> "new plan: " + nearest.firstDifference(key));
    if (misses == WARN + 1) {
      LOG.log(System.Logger.Level.WARNING,
          "more than {0} plans for one Step ({1}): pad, bucket or drop odd batches", WARN, nearest.firstDifference(key));
    }
  }

  /** How many plans have been built so far. */
  public long misses() {
    return misses;
  }

  /** How many plans are kept. */
  public int size() {
    return plans.size();
  }
}
