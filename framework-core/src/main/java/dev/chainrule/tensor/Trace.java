package dev.chainrule.tensor;

import dev.chainrule.ChainruleException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.Stability;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Philox;
import dev.chainrule.graph.Scope;
import dev.chainrule.plan.StateSlot;
import dev.chainrule.plan.StepGraph;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The surroundings of one tracing of a Step's function: the module path, what variables hold so far in program order, the random
 * calls made under each path, and the values that must turn out finite.
 */
@Stability(Stability.Level.INTERNAL)
public final class Trace extends Scope {

  private final long seed;
  private final Tensor seedTensor;
  private final Tensor runTensor;
  private final Tensor zero;
  private final Map<String, Integer> randomCalls = new HashMap<>();
  private final Map<StateSlot, Held> variables = new HashMap<>();
  private final List<Held> assigned = new ArrayList<>();
  private final List<StepGraph.Check> checks = new ArrayList<>();
  private final List<String> hostReads = new ArrayList<>();

  private Trace(long seed, long run, boolean recordsLines) {
    super(recordsLines);
    this.seed = seed;
    this.seedTensor = Tensor.of(Ops.scalar(DType.I64, seed));
    this.runTensor = Tensor.of(Ops.scalar(DType.I64, run));
    this.zero = Tensor.of(Ops.scalar(DType.I64, 0));
  }

  /**
   * A finished trace.
   *
   * @param hostReads what the host has read meanwhile, and at which line
   */
  public record Recording(StepGraph graph, List<String> hostReads) {}

  /**
   * Runs {@code function} and records what it computes, assigns and demands to be finite.
   *
   * @param seed of all random bits and of variables filled at this first use
   * @param run number of this run, the other half of the random bits' address
   * @param recordsLines whether nodes remember the caller's line: slow, for explaining faults
   */
  public static Recording record(Mode mode, long seed, long run, boolean recordsLines, Supplier<List<Tensor>> function) {
    if (Scope.current() instanceof Trace || Scope.current().isBody()) {
      throw new InvalidArgumentException("step", "a Step was run inside another one", "Call it after the outer Step has returned.");
    }
    var trace = new Trace(seed, run, recordsLines);
    List<Tensor> outputs = mode.call(() -> trace.enter(function));
    List<StepGraph.Assignment> assignments = trace.assigned.stream()
        .map(held -> new StepGraph.Assignment(held.version, held.value().node())).toList();
    return new Recording(new StepGraph(outputs.stream().map(Tensor::node).toList(), assignments, trace.checks), List.copyOf(trace.hostReads));
  }

  /** The trace around the caller, if there is one; loops and the like within it count. */
  public static Optional<Trace> surrounding() {
    Scope scope = Scope.current();
    while (scope instanceof Region region) {
      scope = region.around();
    }
    return scope instanceof Trace trace ? Optional.of(trace) : Optional.empty();
  }

  /**
   * A new stream of random bits, addressed by the seed, the number of the run, the module path and the number of random calls made under
   * it before. <b>Two Steps with one seed draw the same bits at the same place of the same path</b>: give them different seeds
   * ({@link dev.chainrule.train.Step#withSeed}) where that must not be.
   */
  public RandomStream random() {
    String path = Scope.current().path();
    int call = randomCalls.merge(path, 1, Integer::sum) - 1;
    return new RandomStream(seedTensor, runTensor, zero, Philox.stream(path, call));
  }

  /** Demands that the tensor is finite: else the run faults, commits nothing, and the error calls it {@code what}. */
  public void mustBeFinite(Tensor tensor, String what) {
    if (Scope.current().isBody()) {
      throw new InvalidArgumentException(what, "was to be checked inside a loop or another body", "Check a result of it.");
    }
    checks.add(new StepGraph.Check(tensor.node(), what));
  }

  long seed() {
    return seed;
  }

  Tensor read(StateSlot slot) {
    return held(slot).value();
  }

  void assign(StateSlot slot, Tensor value) {
    Held held = held(slot);
    if (!held.assigned) {
      held.assigned = true;
      assigned.add(held);
    }
    held.value = value;
  }

  private Held held(StateSlot slot) {
    Held known = variables.get(slot);
    if (known == null) {
      known = new Held(slot.current());
      variables.put(slot, known);
    }
    return known;
  }

  /** What a variable holds so far; the version is the one that the trace met first. */
  private static final class Held {
    private final StateSlot.Version version;
    private @Nullable Tensor value;
    private boolean assigned;

    Held(StateSlot.Version version) {
      this.version = version;
    }

    Tensor value() {
      Tensor known = value;
      if (known == null) {
        known = Tensor.of(Ops.state(version));
        value = known;
      }
      return known;
    }
  }

  /** Called when the host asks for a value while the trace is being made. */
  void noteHostRead(Tensor tensor) {
    hostReads.add(tensor.type() + " at " + ChainruleException.callerLine());
  }
}
