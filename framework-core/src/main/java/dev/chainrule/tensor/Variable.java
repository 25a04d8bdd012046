package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.Evaluator;
import dev.chainrule.plan.StateSlot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The only mutable thing: a tensor with an identity that keeps its last assigned value from step to step. Inside a Step assignments
 * take effect in program order and are committed together at its end; outside, at once.
 */
public final class Variable {

  private final StateSlot slot;
  private final boolean trainable;
  private final LongFunction<HostArray> initial;
  private @Nullable Tensor shared;
  private StateSlot.@Nullable Version sharedVersion;

  private Variable(String name, TensorType type, boolean trainable, LongFunction<HostArray> initial) {
    this.slot = new StateSlot(name, type);
    this.trainable = trainable;
    this.initial = initial;
  }

  /** A variable with a value. */
  public static Variable of(String name, HostArray value, boolean trainable) {
    Objects.requireNonNull(name, "name");
    var variable = new Variable(name, value.type(), trainable, _ -> value);
    variable.slot.replace(value);
    return variable;
  }

  /**
   * A variable whose value is made from a seed, at {@link #initialise} or where a trace first reads it.
   *
   * @param initial from a seed to the value; must be the same on every machine
   */
  public static Variable declared(String name, TensorType type, boolean trainable, LongFunction<HostArray> initial) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(initial, "initial");
    return new Variable(name, type, trainable, initial);
  }

  /** How messages and weight files call it: in a model its path. */
  public String name() {
    return slot.name();
  }

  /** Changes how messages and weight files call it; modules give their path. */
  public void rename(String name) {
    Objects.requireNonNull(name, "name");
    slot.rename(name);
  }

  /** Element type and shape, which never change. */
  public TensorType type() {
    return slot.type();
  }

  /** Whether optimizers change it. */
  public boolean isTrainable() {
    return trainable;
  }

  /** Whether it has a value yet. */
  public boolean isInitialised() {
    return slot.isFilled();
  }

  /** Fills the variable from the seed, whatever it held. */
  public void initialise(long seed) {
    slot.replace(initial.apply(seed));
  }

  /**
   * The value: in a trace that of the last assignment in program order, elsewhere the one last committed.
   *
   * @throws InvalidArgumentException in a composite's body, and outside Steps when it has no value yet
   */
  public Tensor value() {
    Scope scope = Scope.current();
    if (scope.isClosedBody()) {
      throw new InvalidArgumentException(name(), "a variable was read inside a composite's body", "Pass its value as an input.");
    }
    if (scope instanceof Region region) {
      Optional<Tensor> inRegion = region.lastAssigned(this);
      if (inRegion.isPresent()) {
        return inRegion.get();
      }
    }
    Optional<Trace> trace = Trace.surrounding();
    if (trace.isEmpty()) {
      return committed();
    }
    fill(trace.get());
    return trace.get().read(slot);
  }

  /**
   * The value last committed, on the host; whether or not a Step surrounds the caller.
   *
   * @throws InvalidArgumentException when it has no value yet
   */
  public HostArray toHostArray() {
    return Engine.read(slot.current());
  }

  /** One tensor for each version, so that gradients can be asked for what {@link #value} gave before. */
  private synchronized Tensor committed() {
    StateSlot.Version now = slot.current();
    Tensor known = shared;
    if (known == null || !now.equals(sharedVersion)) {
      known = Tensor.of(Ops.state(now));
      shared = known;
      sharedVersion = now;
    }
    return known;
  }

  /**
   * Gives the variable a new value of the same type.
   *
   * @throws InvalidArgumentException when the type differs
   * @throws dev.chainrule.StaleTensorException outside a Step, when the value is computed from this variable's own and a Step in another
   *     thread has changed that meanwhile
   */
  public void assign(Tensor value) {
    if (!value.type().equals(type())) {
      throw new InvalidArgumentException(name(), "the variable is " + type() + ", the new value " + value.type(), "");
    }
    if (Scope.current().isClosedBody()) {
      throw new InvalidArgumentException(name(), "a variable was assigned inside a composite or loop body", "Carry it as a result.");
    }
    if (Scope.current() instanceof Region region) {
      region.assign(this, value);
      return;
    }
    Trace.surrounding().ifPresentOrElse(
        trace -> {
          fill(trace);
          trace.assign(slot, value);
        },
        () -> assignNow(value.node()));
  }

  /**
   * Gives several variables new values of the same types as one change: a Step that runs meanwhile sees all of it or none.
   *
   * @throws InvalidArgumentException when a type differs; nothing is changed
   */
  public static void assignAll(Map<Variable, HostArray> values) {
    if (Trace.surrounding().isPresent() || Scope.current().isBody()) {
      values.forEach((variable, value) -> variable.assign(Tensor.of(value)));
      return;
    }
    Map<StateSlot, HostArray> contents = new LinkedHashMap<>();
    values.forEach((variable, value) -> contents.put(variable.slot, value));
    StateSlot.replaceAll(contents);
  }

  /** An update computed from this variable holds only while nothing else has changed it: {@code w.assign(w.value().add(1))}. */
  private void assignNow(Node node) {
    Optional<StateSlot.Version> read = versionRead(node);
    HostArray copy = hostCopy(node);
    read.ifPresentOrElse(version -> slot.replace(copy, version), () -> slot.replace(copy));
  }

  /** The version of this variable that a pending node will read; what has been evaluated is data. */
  private Optional<StateSlot.Version> versionRead(Node node) {
    if (!node.readsState()) {
      return Optional.empty();
    }
    return Graphs.topological(List.of(node)).stream()
        .filter(n -> n.value().isEmpty())
        .flatMap(n -> n.op() instanceof Op.State(StateSlot.Version version) ? Stream.of(version) : Stream.empty())
        .filter(version -> version.slot() == slot)
        .findFirst();
  }

  /** A device's memory would be overwritten by the next commit, under the feet of other tensors that share it. */
  private static HostArray hostCopy(Node node) {
    return Engine.read(node.value().orElseGet(() -> Evaluator.compute(List.of(node)).getFirst()));
  }

  /** A commit needs storage to go to, so this holds for a variable that is only assigned too. */
  private void fill(Trace trace) {
    slot.fill(() -> Scope.outside(() -> initial.apply(trace.seed()))); // it is no part of what is being traced
  }

  /** {@code hidden/weight f32[784,512]}. */
  @Override
  public String toString() {
    return name() + " " + type();
  }
}
