package dev.chainrule.plan;

import dev.chainrule.device.Memory;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;

/** A dense tensor in device memory; the memory is given back some time after the last reference is gone. */
public final class DeviceValue implements Value {

  private final TensorType type;
  private final Engine engine;
  private final Memory memory;

  DeviceValue(TensorType type, Engine engine, Memory memory) {
    this.type = type;
    this.engine = engine;
    this.memory = memory;
  }

  @Override
  public TensorType type() {
    return type;
  }

  Engine engine() {
    return engine;
  }

  Memory memory() {
    return memory;
  }
}
