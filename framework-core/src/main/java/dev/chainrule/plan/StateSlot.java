package dev.chainrule.plan;

import dev.chainrule.DeviceMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.StaleTensorException;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The storage of one variable. Its place on the device is fixed; a commit overwrites it and raises the version, so that whoever still
 * refers to an older version is told so instead of reading the new one.
 */
public final class StateSlot {

  private final TensorType type;
  private volatile String name;
  private @Nullable Value storage;
  private long version;

  /** A slot without content. */
  public StateSlot(String name, TensorType type) {
    this.name = name;
    this.type = type;
  }

  public TensorType type() {
    return type;
  }

  /** How messages call it. */
  public String name() {
    return name;
  }

  public void rename(String name) {
    this.name = name;
  }

  public synchronized boolean isFilled() {
    return storage != null;
  }

  /** This slot at its present version. */
  public synchronized Version current() {
    return new Version(this, version);
  }

  /** New content from outside a Step. */
  public synchronized void replace(Value content) {
    if (!content.type().equals(type)) {
      throw new InvalidArgumentException(name, "the variable is " + type + ", the new value " + content.type(), "");
    }
    storage = content;
    version++;
  }

  /** Gives the slot its first content, unless another thread has done so. */
  public synchronized void fill(Supplier<? extends Value> content) {
    if (storage == null) {
      replace(content.get());
    }
  }

  /** The content, if {@code wanted} is still its version. */
  synchronized Value content(long wanted) {
    if (storage == null) {
      throw new InvalidArgumentException(name, "the variable has no value yet", "Call initialise(seed) on the module, or assign it.");
    }
    if (wanted != version) {
      throw new StaleTensorException(name,
          "a tensor refers to version " + wanted + " of the variable, which is now at " + version,
          "eval() or copy() it before the step that overwrites the variable. Two Steps must not write one variable at the same time.");
    }
    return storage;
  }

  /** The content in device memory, moved there if it came from the host. */
  synchronized DeviceValue on(Engine engine, long wanted) {
    Value content = content(wanted);
    if (content instanceof DeviceValue there && there.engine() == engine) {
      return there;
    }
    if (content instanceof DeviceValue elsewhere) {
      throw new DeviceMismatchException(name,
          "the variable lives on " + elsewhere.engine().device().info().id() + ", the plan runs on " + engine.device().info().id(),
          "Move it with to(device), or open the model on one device.");
    }
    DeviceValue uploaded = engine.upload(Engine.read(content));
    storage = uploaded;
    return uploaded;
  }

  /** The device has overwritten the content in place. */
  synchronized void committed() {
    version++;
  }

  /** A slot at a version: what a graph's leaf refers to. */
  public record Version(StateSlot slot, long number) implements Value {

    @Override
    public TensorType type() {
      return slot.type;
    }

    /** The content, while the slot is still at this version. */
    Value content() {
      return slot.content(number);
    }
  }
}
