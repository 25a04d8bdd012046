package dev.chainrule.plan;

import dev.chainrule.device.Device;
import dev.chainrule.graph.Value;

/** Moves data between devices, by way of the host. */
public final class Placement {

  private Placement() {}

  /** The same data in the device's memory; the value itself if it lies there already. */
  public static Value on(Device device, Value value) {
    Engine engine = Engine.of(device);
    return value instanceof DeviceValue there && there.engine() == engine ? there : engine.upload(Engine.read(value));
  }
}
