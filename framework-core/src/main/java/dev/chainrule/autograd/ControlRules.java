package dev.chainrule.autograd;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Region;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Rules of operations with bodies: the gradient of a choice is a choice, that of a loop a loop backwards. */
final class ControlRules {

  private ControlRules() {}

  // --- choices -----------------------------------------------------------------------------------------------------------------------

  /** (predicate, operands, cotangents): the part that was chosen, run again, and back through it. */
  static List<@Nullable Tensor> cond(Op.Cond op, List<Node> in, List<@Nullable Tensor> arrived) {
    Choice choice = Region.trace(Region.Assignments.REFUSED, begin -> Choice.of(op, types(arrived), begin));
    List<@Nullable Tensor> cotangents = nothing(in);
    if (choice.reached.length > 0) {
      List<Node> captured = Region.Traced.captured(choice.then, choice.otherwise);
      Node cond = Ops.node(new Op.Cond(choice.then.body(captured), choice.otherwise.body(captured)),
          Stream.of(in.stream(), present(arrived), captured.stream()).flatMap(s -> s).toArray(Node[]::new));
      for (int i = 0; i < choice.reached.length; i++) {
        cotangents.set(choice.reached[i] + 1, Tensor.of(Ops.node(new Op.Result(i), cond)));
      }
    }
    return cotangents;
  }

  /**
   * Both parts backwards, each from (operands, cotangents) to the cotangents of the operands that either reaches.
   *
   * @param reached the numbers of those operands
   */
  private record Choice(Region.Traced then, Region.Traced otherwise, int... reached) {

    static Choice of(Op.Cond op, List<@Nullable TensorType> seeds, long begin) {
      List<@Nullable Node> unknown = Collections.nCopies(op.then().parameters().size(), null);
      Pullback then = Pullback.of(op.then(), unknown, seeds);
      Pullback otherwise = Pullback.of(op.otherwise(), unknown, seeds);
      int[] reached = IntStream.range(0, unknown.size()).filter(i -> then.reaches(i) || otherwise.reaches(i)).toArray();
      return new Choice(traced(then, begin, reached), traced(otherwise, begin, reached), reached);
    }

    private static Region.Traced traced(Pullback pullback, long begin, int... reached) {
      List<Node> parameters = new ArrayList<>(pullback.operands());
      pullback.seeds().stream().filter(Objects::nonNull).forEach(parameters::add);
      return new Region.Traced(parameters, IntStream.of(reached).mapToObj(i -> pullback.orZeros(i).node()).toList(), List.of(), begin);
    }
  }

  private static List<@Nullable Tensor> nothing(List<Node> in) {
    return new ArrayList<>(Collections.nCopies(in.size(), null));
  }

  private static Stream<Node> present(List<@Nullable Tensor> tensors) {
    return tensors.stream().filter(Objects::nonNull).map(Tensor::node);
  }

  private static List<@Nullable TensorType> types(List<@Nullable Tensor> tensors) {
    List<@Nullable TensorType> types = new ArrayList<>();
    for (Tensor tensor : tensors) {
      types.add(tensor == null ? null : tensor.type());
    }
    return types;
  }

  // --- loops -------------------------------------------------------------------------------------------------------------------------

  /**
   * A loop from the last repetition to the first. Each runs the body again from the carries it began with, and goes back through it. It
   * carries the cotangents of the carries, and what the invariants have received so far; the cotangents of the slices are its outputs.
   */
  static List<@Nullable Tensor> loop(Op.Loop op, Node node, List<Node> in, List<@Nullable Tensor> arrived) {
    int carries = op.carries();
    int slicesEnd = carries + op.sliced();
    Backward backward = Region.trace(Region.Assignments.REFUSED, begin -> Backward.of(op, arrived, begin));
    List<@Nullable Tensor> cotangents = nothing(in);
    if (backward.traced.results().isEmpty()) {
      return cotangents;
    }
    List<Tensor> initial = new ArrayList<>();
    for (int i : backward.carries) {
      Tensor known = arrived.get(i);
      initial.add(known != null ? known : Tensor.zeros(in.get(i).type()));
    }
    for (int i : backward.invariants) {
      initial.add(Tensor.zeros(in.get(i).type()));
    }
    List<Node> stacked = new ArrayList<>(starts(op, node, in));
    stacked.addAll(in.subList(carries, slicesEnd));
    present(arrived.subList(carries, arrived.size())).forEach(stacked::add);
    List<Node> captured = Region.Traced.captured(backward.traced);

    List<Node> inputs = new ArrayList<>(initial.stream().map(Tensor::node).toList());
    stacked.forEach(whole -> inputs.add(Tensor.of(whole).flip(0).node()));
    inputs.addAll(in.subList(slicesEnd, in.size()));
    inputs.addAll(captured);
    var reversed = new Op.Loop(op.length(), initial.size(), stacked.size(), backward.traced.body(captured));
    Node loop = Ops.node(reversed, inputs.toArray(Node[]::new));

    int result = 0;
    for (int i : backward.carries) {
      cotangents.set(i, Tensor.of(Ops.node(new Op.Result(result++), loop)));
    }
    for (int i : backward.invariants) {
      cotangents.set(i, Tensor.of(Ops.node(new Op.Result(result++), loop)));
    }
    for (int i : backward.slices) {
      cotangents.set(i, Tensor.of(Ops.node(new Op.Result(result++), loop)).flip(0));
    }
    return cotangents;
  }

  /** For each carry what each repetition began with, stacked: among the loop's outputs, or those of the loop run again. */
  private static List<Node> starts(Op.Loop op, Node node, List<Node> in) {
    Body body = op.body();
    List<Node> carries = body.parameters().subList(1, 1 + op.carries());
    List<Node> outputs = body.results().subList(op.carries(), body.results().size());
    List<Node> missing = carries.stream().filter(c -> !outputs.contains(c)).toList();
    Node complete = missing.isEmpty() ? node : Ops.node(
        new Op.Loop(op.length(), op.carries(), op.sliced(),
            new Body(body.parameters(), Stream.concat(body.results().stream(), missing.stream()).toList())),
        in.toArray(Node[]::new));
    List<Node> all = Stream.concat(outputs.stream(), missing.stream()).toList();
    return carries.stream().map(c -> Ops.node(new Op.Result(op.carries() + all.indexOf(c)), complete)).toList();
  }

  /**
   * The body of the loop backwards, and which of the forward loop's inputs receive something.
   *
   * @param traced (number, cotangents of carries, sums for invariants, starts, slices, cotangents of outputs, invariants) to
   *     (cotangents of carries, sums for invariants, cotangents of slices)
   */
  private record Backward(Region.Traced traced, int[] carries, int[] slices, int[] invariants) {

    static Backward of(Op.Loop op, List<@Nullable Tensor> arrived, long begin) {
      Node number = Ops.parameter(0, TensorType.scalar(DType.I64));
      Tensor at = Tensor.full(number.type(), op.length() - 1).sub(Tensor.of(number));
      List<@Nullable Node> given = new ArrayList<>(Collections.nCopies(op.body().parameters().size(), null));
      given.set(0, at.node());

      // A carry has a cotangent if one has arrived, or if it goes into a carry that has one. Zeros for the others would not be the same:
      // zero times an infinite slope is NaN.
      List<@Nullable TensorType> seeds = new ArrayList<>();
      for (int i = 0; i < arrived.size(); i++) {
        seeds.add(arrived.get(i) == null ? null : op.body().resultTypes().get(i));
      }
      Pullback pullback = Pullback.of(op.body(), given, seeds);
      while (alsoReached(op, pullback, seeds)) {
        pullback = Pullback.of(op.body(), given, seeds);
      }
      return of(op, number, pullback, begin);
    }

    /** Adds the carries that the pullback reaches to those with a cotangent, and tells whether there are new ones. */
    private static boolean alsoReached(Op.Loop op, Pullback pullback, List<@Nullable TensorType> seeds) {
      boolean grown = false;
      for (int i = 0; i < op.carries(); i++) {
        if (seeds.get(i) == null && pullback.reaches(i + 1)) {
          seeds.set(i, pullback.operands().get(i + 1).type());
          grown = true;
        }
      }
      return grown;
    }

    /** The forward loop's input i is its body's parameter i + 1. */
    private static Backward of(Op.Loop op, Node number, Pullback pullback, long begin) {
      int slicesEnd = op.carries() + op.sliced();
      int inputs = pullback.operands().size() - 1;
      List<@Nullable Node> seeds = pullback.seeds();
      int[] carries = IntStream.range(0, op.carries()).filter(i -> seeds.get(i) != null).toArray();
      int[] slices = IntStream.range(op.carries(), slicesEnd).filter(i -> pullback.reaches(i + 1)).toArray();
      int[] invariants = IntStream.range(slicesEnd, inputs).filter(i -> pullback.reaches(i + 1)).toArray();

      List<Node> parameters = new ArrayList<>(List.of(number));
      List<Node> results = new ArrayList<>();
      for (int i : carries) {
        parameters.add(Objects.requireNonNull(seeds.get(i)));
        results.add(pullback.orZeros(i + 1).node());
      }
      for (int i : invariants) {
        Node sum = Ops.parameter(parameters.size(), pullback.operands().get(i + 1).type());
        parameters.add(sum);
        results.add(Tensor.of(sum).add(pullback.orZeros(i + 1)).node());
      }
      for (int i : slices) {
        results.add(pullback.orZeros(i + 1).node());
      }
      parameters.addAll(pullback.operands().subList(1, 1 + slicesEnd));
      seeds.subList(op.carries(), seeds.size()).stream().filter(Objects::nonNull).forEach(parameters::add);
      parameters.addAll(pullback.operands().subList(1 + slicesEnd, pullback.operands().size()));
      return new Backward(new Region.Traced(parameters, results, List.of(), begin), carries, slices, invariants);
    }
  }
}
