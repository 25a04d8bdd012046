package dev.chainrule.plan;

import dev.chainrule.device.Memory;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;
import org.jspecify.annotations.Nullable;

/**
 * A dense tensor in device memory; the memory is given back some time after the last reference is gone, unless it is a {@link Loan}'s.
 */
final class DeviceValue implements Value {

  private final TensorType type;
  private final Engine engine;
  private final Memory memory;
  private final Runnable guard;
  private @Nullable PendingRun run;

  DeviceValue(TensorType type, Engine engine, Memory memory) {
    this(type, engine, memory, () -> { });
  }

  /** {@code guard} is called before each use, and throws once the memory is not to be touched any more. */
  DeviceValue(TensorType type, Engine engine, Memory memory, Runnable guard) {
    this.type = type;
    this.engine = engine;
    this.memory = memory;
    this.guard = guard;
  }

  @Override
  public TensorType type() {
    return type;
  }

  Engine engine() {
    return engine;
  }

  /** A run that may not have ended yet writes it. */
  void writtenBy(PendingRun writer) {
    run = writer;
  }

  /** Waits for the run that writes it; under the engine's lock. */
  void settle(RunsInFlight runs) {
    if (run != null) {
      runs.settle(run);
    }
  }

  Memory memory() {
    guard.run();
    if (run != null) {
      run.requireGood();
    }
    return memory;
  }
}
