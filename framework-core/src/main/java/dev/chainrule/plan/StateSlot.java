package dev.chainrule.plan;

import dev.chainrule.DeviceMismatchException;
import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.StaleTensorException;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The storage of one variable. Its place on the device is fixed; a commit overwrites it and raises the version, so that whoever still
 * refers to an older version is told so instead of reading the new one.
 *
 * <p>While the content lies on a device it changes under that engine's lock only, so a run has its variables to itself. Content on the
 * host changes under {@link #CHANGES}, which is taken after engines' locks and never before.
 */
public final class StateSlot {

  private static final Object CHANGES = new Object();

  private final TensorType type;
  private volatile String name;
  private volatile Content content = new Content(null, 0, 0, null);

  /**
   * One field, so that nobody sees half of a change. The latest version that there has ever been is ahead of the present one after commits
   * were taken back; {@code broken} is why the storage may hold anything.
   */
  private record Content(@Nullable Value storage, long version, long latest, @Nullable Throwable broken) {

    Content next(@Nullable Value value, @Nullable Throwable cause) {
      return new Content(value, latest + 1, latest + 1, cause);
    }
  }

  /** A slot without content. */
  public StateSlot(String name, TensorType type) {
    this.name = name;
    this.type = type;
  }

  /** The type of all its versions. */
  public TensorType type() {
    return type;
  }

  /** How messages call it. */
  public String name() {
    return name;
  }

  /** Changes what messages call it. */
  public void rename(String name) {
    this.name = name;
  }

  /** Whether it has a value. */
  public boolean isFilled() {
    return content.storage != null;
  }

  /** This slot at its present version. */
  public Version current() {
    return new Version(this, content.version);
  }

  /** New content from outside a Step; waits for a run that uses the old one. */
  public void replace(HostArray value) {
    replaceAll(Map.of(this, value));
  }

  /**
   * New content that was computed from an earlier version.
   *
   * @throws StaleTensorException when that has been overwritten since; nothing is changed, so no update is lost
   */
  public void replace(HostArray value, Version read) {
    requireType(value);
    change(List.of(this), () -> {
      content(read.number);
      put(value);
    });
  }

  /** New content for several slots at once: a run sees all of it or none. */
  public static void replaceAll(Map<StateSlot, HostArray> values) {
    values.forEach(StateSlot::requireType);
    change(values.keySet(), () -> values.forEach(StateSlot::put));
  }

  /** Gives the slot its first content, unless another thread has done so. */
  public void fill(Supplier<HostArray> first) {
    if (isFilled()) {
      return;
    }
    // Whoever makes the content may wait for devices and other slots, so no lock is held.
    HostArray value = first.get();
    requireType(value);
    change(List.of(this), () -> {
      if (!isFilled()) {
        put(value);
      }
    });
  }

  private void requireType(HostArray value) {
    if (!value.type().equals(type)) {
      throw new InvalidArgumentException(name, "the variable is " + type + ", the new value " + value.type(), "");
    }
  }

  private void put(HostArray value) {
    content = content.next(value, null);
  }

  /** Makes a change while no run uses the slots. A slot may have moved to a device before its lock was held; then all begins again. */
  private static void change(Collection<StateSlot> slots, Runnable change) {
    boolean done = false;
    while (!done) {
      Set<Engine> engines = engines(slots);
      done = Engine.locked(engines, () -> {
        synchronized (CHANGES) {
          boolean settled = engines.containsAll(engines(slots));
          if (settled) {
            change.run();
          }
          return settled;
        }
      });
    }
  }

  private static Set<Engine> engines(Collection<StateSlot> slots) {
    return slots.stream().map(slot -> slot.content.storage).filter(DeviceValue.class::isInstance)
        .map(value -> ((DeviceValue) value).engine()).collect(Collectors.toSet());
  }

  /** The content, if {@code wanted} is still its version. */
  Value content(long wanted) {
    Content now = content;
    if (now.storage == null) {
      throw new InvalidArgumentException(name, "the variable has no value yet", "Call initialise(seed) on the module, or assign it.");
    }
    if (now.broken != null) {
      var unusable = new DeviceUnavailableException(name,
          "the variable may hold anything since a run that writes it broke off: " + now.broken, "Load a checkpoint, or assign it anew.");
      unusable.initCause(now.broken);
      throw unusable;
    }
    if (wanted != now.version) {
      throw new StaleTensorException(name,
          "a tensor refers to version " + wanted + " of the variable, which is now at " + now.version,
          "eval() or copy() it before the step that overwrites the variable. Two Steps must not write one variable at the same time.");
    }
    return now.storage;
  }

  /** The content in the memory of {@code engine}, whose lock the caller holds; moved there if it came from the host. */
  DeviceValue on(Engine engine, long wanted) {
    if (content(wanted) instanceof DeviceValue there) {
      return on(engine, there);
    }
    synchronized (CHANGES) {
      Value now = content(wanted);
      if (now instanceof DeviceValue there) {
        return on(engine, there);
      }
      DeviceValue uploaded = engine.upload(Engine.read(now));
      content = new Content(uploaded, wanted, content.latest, null);
      return uploaded;
    }
  }

  private DeviceValue on(Engine engine, DeviceValue there) {
    if (there.engine() == engine) {
      return there;
    }
    there.engine().requireOpen();
    throw new DeviceMismatchException(name,
        "the variable lives on " + there.engine().device().info().id() + ", the plan runs on " + engine.device().info().id(),
        "Run on that device, or take the value through the host: v.assign(Tensor.of(v.toHostArray())).");
  }

  /** The device has overwritten the content in place, or will have before it does anything else; under its engine's lock. */
  void committed() {
    content = content.next(content.storage, null);
  }

  /** The device has not overwritten the content after all: it is this version again, and no later one ever was; under its engine's lock. */
  void takenBack(long version) {
    content = new Content(content.storage, version, content.latest, content.broken);
  }

  /** The device may have overwritten a part of the content; under its engine's lock. The first cause stays. */
  void broken(Throwable cause) {
    Content now = content;
    content = new Content(now.storage, now.version, now.latest, now.broken == null ? cause : now.broken);
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
