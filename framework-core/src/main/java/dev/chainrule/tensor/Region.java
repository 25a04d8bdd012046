package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.Stability;
import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.Stream;

/**
 * A part of a program that is traced by itself to become the body of one operation: a loop's, a branch, a segment to be recomputed. It
 * may read whatever is around it: outer tensors, variables and Java numbers become inputs of the operation. For those who write such
 * operations; users call {@link Loop}, {@link Cond} or a checkpoint.
 */
@Stability(Stability.Level.INTERNAL)
public final class Region extends Scope {

  /** What a region may do with variables. */
  public enum Assignments {
    /** An assignment is an error: the region may run any number of times. */
    REFUSED,
    /** The region counts as run once: new values become further results. */
    COLLECTED
  }

  private final Scope around;
  private final Assignments assignments;
  private final Map<Variable, Tensor> assigned = new LinkedHashMap<>();
  private Optional<Tensor> iteration = Optional.empty();

  private Region(Scope around, Assignments assignments) {
    super(around);
    this.around = around;
    this.assignments = assignments;
  }

  /**
   * A region's graph on stand-ins.
   *
   * @param parameters the stand-ins
   * @param results what the function returned, then the new values of variables
   * @param assigned the variables assigned, in the order of those values
   * @param begin number of a node: nodes of the region have higher ones
   */
  public record Traced(List<Node> parameters, List<Node> results, List<Variable> assigned, long begin) {

    /** The outer nodes that regions read, each once: inputs of the operation behind those that its bodies have parameters for. */
    public static List<Node> captured(Traced... regions) {
      return Stream.of(regions).flatMap(Traced::read).distinct().toList();
    }

    private Stream<Node> read() {
      return Graphs.topological(results, this::isOuter).stream().filter(this::isOuter);
    }

    private boolean isOuter(Node node) {
      return switch (node.op()) {
        case Op.Const _, Op.Iota _ -> false;
        case Op.Parameter _ -> !parameters.contains(node);
        case Op.State _ -> true;
        case Op.Result _ -> node.id() < begin || node.value().isPresent() || isOuter(node.input(0));
        default -> node.id() < begin || node.value().isPresent();
      };
    }

    /** The closed function of (parameters, captured). */
    public Body body(List<Node> captured) {
      List<Node> all = new ArrayList<>(parameters);
      Map<Node, Node> standIns = new HashMap<>();
      for (Node outer : captured) {
        Node standIn = Ops.parameter(all.size(), outer.type());
        standIns.put(outer, standIn);
        all.add(standIn);
      }
      return new Body(all, Graphs.withOwnLiterals(Graphs.replaced(results, standIns, Node::origin), begin));
    }
  }

  /** Traces {@code function} on stand-ins of the given types. */
  public static Traced trace(List<TensorType> types, Assignments assignments, Function<List<Tensor>, List<Tensor>> function) {
    return trace(assignments, begin -> {
      List<Tensor> parameters = new ArrayList<>();
      for (TensorType type : types) {
        parameters.add(Tensor.of(Ops.parameter(parameters.size(), type)));
      }
      List<Tensor> results = new ArrayList<>(function.apply(parameters));
      Map<Variable, Tensor> assigned = ((Region) current()).assigned;
      results.addAll(assigned.values());
      return new Traced(nodes(parameters), nodes(results), List.copyOf(assigned.keySet()), begin);
    });
  }

  /**
   * Runs {@code function} as a region of which the caller knows parameters and results.
   *
   * @param function from the number with which the region begins, {@link Traced#begin}
   */
  public static <T> T trace(Assignments assignments, LongFunction<T> function) {
    long begin = Ops.parameter(0, TensorType.scalar(DType.BOOL)).id();
    return new Region(current(), assignments).enter(() -> function.apply(begin));
  }

  private static List<Node> nodes(List<Tensor> tensors) {
    return tensors.stream().map(Tensor::node).toList();
  }

  Scope around() {
    return around;
  }

  /**
   * Says which repetition is being traced: it becomes part of the address of random bits.
   *
   * @param distance how far apart the numbers of two repetitions of a loop around this one lie
   */
  static void repeats(Tensor number, long distance) {
    if (current() instanceof Region region) {
      region.iteration = Optional.of(enclosingIteration(region.around)
          .map(outer -> outer.mul(Tensor.full(outer.type(), distance)).add(number)).orElse(number));
    }
  }

  /** The repetition at which the caller is; empty outside loops. */
  static Optional<Tensor> iteration() {
    return enclosingIteration(Scope.current());
  }

  private static Optional<Tensor> enclosingIteration(Scope scope) {
    Scope at = scope;
    while (at instanceof Region region) {
      if (region.iteration.isPresent()) {
        return region.iteration;
      }
      at = region.around;
    }
    return Optional.empty();
  }

  /** What the variable has been assigned in this region or one around it. */
  Optional<Tensor> lastAssigned(Variable variable) {
    Tensor value = assigned.get(variable);
    if (value != null) {
      return Optional.of(value);
    }
    return around instanceof Region outer ? outer.lastAssigned(variable) : Optional.empty();
  }

  void assign(Variable variable, Tensor value) {
    if (assignments == Assignments.REFUSED) {
      throw new InvalidArgumentException(variable.name(), "a variable was assigned inside a composite or loop body",
          "Carry it as a result.");
    }
    assigned.put(variable, value);
  }
}
