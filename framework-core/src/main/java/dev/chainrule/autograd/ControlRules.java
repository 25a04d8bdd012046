package dev.chainrule.autograd;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Rules of operations with bodies: the gradient of a choice is a choice, that of a loop a loop backwards. */
final class ControlRules {

  private ControlRules() {}

  // --- choices -----------------------------------------------------------------------------------------------------------------------

  /** (predicate, operands, cotangents): the part that was chosen, run again, and back through it. */
  static List<@Nullable Tensor> cond(Op.Cond op, List<Node> in, List<@Nullable Tensor> arrived) {
    List<@Nullable Node> unknown = Collections.nCopies(in.size() - 1, null);
    List<@Nullable TensorType> seeds = types(arrived);
    return Scope.current().tracingBody(() -> {
      Pullback then = Pullback.of(op.then(), unknown, seeds);
      Pullback otherwise = Pullback.of(op.otherwise(), unknown, seeds);
      return new Choice(then, otherwise);
    }).cotangents(in, arrived);
  }

  private record Choice(Pullback then, Pullback otherwise) {

    List<@Nullable Tensor> cotangents(List<Node> in, List<@Nullable Tensor> arrived) {
      int[] reached = IntStream.range(0, in.size() - 1).filter(i -> then.reaches(i) || otherwise.reaches(i)).toArray();
      List<@Nullable Tensor> cotangents = new ArrayList<>(Collections.nCopies(in.size(), null));
      if (reached.length > 0) {
        Node cond = Ops.node(new Op.Cond(body(then, reached), body(otherwise, reached)),
            Stream.concat(in.stream(), present(arrived)).toArray(Node[]::new));
        for (int i = 0; i < reached.length; i++) {
          cotangents.set(reached[i] + 1, Tensor.of(Ops.node(new Op.Result(i), cond)));
        }
      }
      return cotangents;
    }

    private static Body body(Pullback pullback, int... reached) {
      List<Node> parameters = new ArrayList<>(pullback.operands());
      pullback.seeds().stream().filter(Objects::nonNull).forEach(parameters::add);
      return Scope.current().tracingBody(() ->
          new Body(parameters, IntStream.of(reached).mapToObj(i -> pullback.orZeros(i).node()).toList()));
    }
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
    List<Node> starts = starts(op, node, in);
    List<@Nullable TensorType> seeds = seedTypes(op, arrived);
    Optional<Backward> found = Scope.current().tracingBody(() -> Backward.of(op, seeds));
    if (found.isEmpty()) {
      return Collections.nCopies(in.size(), null);
    }
    Backward backward = found.get();
    List<Tensor> initial = new ArrayList<>();
    for (int i : backward.carries) {
      Tensor known = arrived.get(i);
      initial.add(known != null ? known : Tensor.zeros(in.get(i).type()));
    }
    for (int i : backward.invariants) {
      initial.add(Tensor.zeros(in.get(i).type()));
    }
    List<Tensor> slices = new ArrayList<>();
    Stream.of(starts.stream(), in.subList(carries, slicesEnd).stream(), present(arrived.subList(carries, arrived.size())))
        .flatMap(s -> s).forEach(stacked -> slices.add(Tensor.of(stacked).flip(0)));
    Stream<Node> inputs = Stream.concat(Stream.concat(initial.stream(), slices.stream()).map(Tensor::node),
        in.subList(slicesEnd, in.size()).stream());
    Node loop = Ops.node(new Op.Loop(op.length(), initial.size(), slices.size(), backward.body), inputs.toArray(Node[]::new));

    List<@Nullable Tensor> cotangents = new ArrayList<>(Collections.nCopies(in.size(), null));
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

  /** A floating carry has a cotangent at every repetition but perhaps the last; an output if one has arrived. */
  private static List<@Nullable TensorType> seedTypes(Op.Loop op, List<@Nullable Tensor> arrived) {
    List<TensorType> results = op.body().resultTypes();
    List<@Nullable TensorType> types = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      boolean carried = i < op.carries() && results.get(i).dtype().isFloating();
      types.add(carried || arrived.get(i) != null ? results.get(i) : null);
    }
    return types;
  }

  /**
   * The body of the loop backwards, and which of the forward loop's inputs receive something.
   *
   * @param body (number, cotangents of carries, sums for invariants, starts, slices, cotangents of outputs, invariants) to
   *     (cotangents of carries, sums for invariants, cotangents of slices)
   */
  private record Backward(Body body, int[] carries, int[] slices, int[] invariants) {

    /** Empty when nothing receives anything: what arrived depends on none of the inputs. */
    static Optional<Backward> of(Op.Loop op, List<@Nullable TensorType> seeds) {
      Node number = Ops.parameter(0, TensorType.scalar(DType.I64));
      Tensor at = Tensor.full(number.type(), op.length() - 1).sub(Tensor.of(number));
      List<@Nullable Node> given = new ArrayList<>(Collections.nCopies(op.body().parameters().size(), null));
      given.set(0, at.node());
      Pullback pullback = Pullback.of(op.body(), given, seeds);

      // The forward loop's input i is the body's parameter i + 1.
      int slicesEnd = op.carries() + op.sliced();
      int inputs = pullback.operands().size() - 1;
      int[] carries = IntStream.range(0, op.carries()).filter(i -> seeds.get(i) != null).toArray();
      int[] slices = IntStream.range(op.carries(), slicesEnd).filter(i -> pullback.reaches(i + 1)).toArray();
      int[] invariants = IntStream.range(slicesEnd, inputs).filter(i -> pullback.reaches(i + 1)).toArray();

      List<Node> parameters = new ArrayList<>(List.of(number));
      List<Node> results = new ArrayList<>();
      for (int i : carries) {
        parameters.add(Objects.requireNonNull(pullback.seeds().get(i)));
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
      pullback.seeds().subList(op.carries(), seeds.size()).stream().filter(Objects::nonNull).forEach(parameters::add);
      parameters.addAll(pullback.operands().subList(1 + slicesEnd, pullback.operands().size()));
      return results.isEmpty() ? Optional.empty() : Optional.of(new Backward(new Body(parameters, results), carries, slices, invariants));
    }
  }
}
