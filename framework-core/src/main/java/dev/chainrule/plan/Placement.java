package dev.chainrule.plan;

import dev.chainrule.device.Device;
import dev.chainrule.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Where data lies, and how it comes to lie elsewhere. */
public final class Placement {

  private Placement() {}

  /** The same data, moved by way of the host, in the device's memory; the value itself if it lies there already. */
  public static Value on(Device device, Value value) {
    Engine engine = Engine.of(device);
    return value instanceof DeviceValue there && there.engine() == engine ? there : engine.upload(Engine.read(value));
  }

  /**
   * The memory in which a value lies, in place, where it is on a device whose memory the host sees. It lasts as long as somebody refers
   * to the value, and the device is open.
   */
  public static Optional<MemorySegment> seenByHost(Value value) {
    return value instanceof DeviceValue there ? there.engine().device().seenByHost(there.memory()).map(m -> m.asSlice(0, value.type().bytes()))
        : Optional.empty();
  }
}
