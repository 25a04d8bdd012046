package dev.chainrule.autograd;

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

/** Rules of operations with bodies: the gradient of a choice is a choice, that of a loop a loop backwards ({@link LoopRule}). */
final class ControlRules {

  private ControlRules() {}

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
}
