package dev.chainrule.plan;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Device;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Memory of somebody else's that a device reads in place, as a value of the graph, until it is given back. What is computed from the
 * value is computed from what the memory holds then.
 */
public final class Loan implements AutoCloseable {

  private final Engine engine;
  private final TensorType type;
  private final Runnable guard;
  private volatile boolean over;

  private Loan(Engine engine, TensorType type, Runnable guard) {
    this.engine = engine;
    this.type = type;
    this.guard = guard;
  }

  /** A value and the loan by which it lasts. */
  public record Lent(Loan loan, Value value) {}

  /**
   * A dense row-major tensor that lies in {@code memory}; empty where the device cannot read there.
   *
   * @param memory native, of {@code type.bytes()} bytes, each bool 0 or 1
   * @param guard called before each use, in any thread; throws once the memory is not to be touched any more. The value keeps it, and so
   *     what it refers to, reachable
   */
  public static Optional<Lent> of(Device device, TensorType type, MemorySegment memory, Runnable guard) {
    var loan = new Loan(Engine.of(device), type, guard);
    return device.borrow(memory).map(m -> new Lent(loan, new DeviceValue(type, loan.engine, m, loan::requireUsable)));
  }

  private void requireUsable() {
    if (over) {
      throw new InvalidArgumentException("read", type + " lies in memory that has been given back",
          "Copy what is needed longer before that: t.copy().eval().");
    }
    guard.run();
  }

  /** Waits for the present run; a use of the value after this is an {@link InvalidArgumentException}. */
  @Override
  public void close() {
    Engine.locked(List.of(engine), () -> over = true);
  }
}
