package dev.chainrule.plan;

import dev.chainrule.device.Queue;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A small result of a run that nobody has waited for yet: it comes to the host by itself, and who reads it waits for it. */
final class RunResult implements Value {

  private final TensorType type;
  private final Engine engine;
  private final PendingRun run;
  private final Queue.Fetched coming;
  private volatile @Nullable HostArray content;

  RunResult(TensorType type, Engine engine, PendingRun run, Queue.Fetched coming) {
    this.type = type;
    this.engine = engine;
    this.run = run;
    this.coming = coming;
    run.bringing(this);
  }

  @Override
  public TensorType type() {
    return type;
  }

  /** The run has ended; called once, under the engine's lock. What a run that committed nothing leaves is taken and let go. */
  void arrive(boolean good) {
    try (Arena host = Arena.ofConfined()) {
      MemorySegment copy = host.allocate(Math.max(type.bytes(), 1), Schedule.ALIGNMENT);
      coming.into(copy);
      content = good ? HostArray.copyOf(type, copy) : null;
    }
  }

  /**
   * The data; waits for the run if need be.
   *
   * @throws RuntimeException if the run, or one before it, went wrong
   */
  HostArray read() {
    HostArray there = content;
    if (there == null) {
      engine.settle(run);
      there = content;
    }
    if (there == null) {
      throw new IllegalStateException("a run has ended without its results");
    }
    return there;
  }
}
