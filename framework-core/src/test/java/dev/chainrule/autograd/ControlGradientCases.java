package dev.chainrule.autograd;

import static dev.chainrule.autograd.GradientCases.scalar;
import static dev.chainrule.autograd.GradientCases.values;

import dev.chainrule.autograd.GradientCases.Case;
import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Cond;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Functions of loops, choices and recomputed segments. */
final class ControlGradientCases {

  private ControlGradientCases() {}

  static List<Case> loops() {
    List<Case> cases = new ArrayList<>();
    for (int length : new int[] {0, 1, 2, 5, 7, 12}) {
      List<HostArray> point = List.of(values(-1, 1, 2), values(-1, 1, length, 2), values(-1, 1, 2, 2));
      cases.add(smooth("a recurrence of " + length, in -> sum(recurrence(length, in).carries()), point));
      cases.add(smooth("the outputs of a recurrence of " + length, in -> sum(recurrence(length, in).outputs()), point));
      cases.add(smooth("both of a recurrence of " + length, in -> {
        Loop.Results results = recurrence(length, in);
        return sum(results.carries()).mul(sum(results.outputs()).cos());
      }, point));
      cases.add(smooth("a recurrence of " + length + " in chunks", in -> {
        Loop.Results results = Loop.scanInChunks(length, List.of(in.get(0)), List.of(in.get(1)), turn(in));
        return sum(results.carries()).mul(sum(results.outputs()).cos());
      }, point));
    }
    cases.add(smooth("a product, its transposed and a sum of the same outer tensors", in -> {
      Tensor w = in.get(1);
      return sum(Loop.scan(4, List.of(in.get(0)), List.of(), (_, carries, _) -> {
        Tensor x = carries.getFirst();
        return new Loop.Results(List.of(x.matmul(w).add(x.mul(2).matmul(w.transpose())).add(in.get(2)).add(in.get(2).mul(x)).tanh()), List.of());
      }).carries());
    }, List.of(values(-1, 1, 3, 2), values(-1, 1, 2, 2), values(-1, 1, 2))));
    cases.add(smooth("a batch of products with an outer tensor", in -> sum(Loop.scan(3, List.of(in.get(0)), List.of(), (_, carries, _) ->
        new Loop.Results(List.of(carries.getFirst().matmul(in.get(1)).sin()), List.of())).carries()),
        List.of(values(-1, 1, 2, 3, 2), values(-1, 1, 2, 2, 2))));
    cases.add(smooth("no carries", in -> sum(Loop.scan(3, List.of(), List.of(in.get(0)), (_, _, slices) ->
        new Loop.Results(List.of(), List.of(slices.getFirst().mul(in.get(1)).sin()))).outputs()), List.of(values(-1, 1, 3, 2), values(-1, 1, 2))));
    cases.add(smooth("the number of the repetition and an integer carry", in -> sum(Loop.scan(5,
        List.of(in.getFirst(), Tensor.of(new int[] {1, 2})), List.of(), (number, carries, _) -> {
          Tensor count = carries.get(1).add(1);
          Tensor next = carries.get(0).add(number.cast(DType.F64)).add(count.cast(DType.F64)).sin();
          return new Loop.Results(List.of(next, count), List.of());
        }).carries().subList(0, 1)), List.of(values(-1, 1, 2))));
    cases.add(smooth("carries that change places", in -> {
      List<Tensor> both = Loop.scan(3, in, List.of(), (_, carries, _) ->
          new Loop.Results(List.of(carries.get(1).sin(), carries.get(0)), List.of(carries.get(0)))).carries();
      return both.get(0).add(both.get(1).square());
    }, List.of(values(-1, 1, 2), values(-1, 1, 2))));
    cases.add(smooth("one tensor as carry, slices and outer tensor", in -> {
      Tensor x = in.getFirst();
      return sum(Loop.scan(3, List.of(x), List.of(x), (_, carries, slices) ->
          new Loop.Results(List.of(carries.getFirst().mul(slices.getFirst()).add(x).sin()), List.of())).carries());
    }, List.of(values(-1, 1, 3))));
    cases.add(smooth("a loop in a loop", in -> sum(Loop.scan(4, List.of(in.get(0)), List.of(), (i, outer, _) ->
        Loop.scan(3, outer, List.of(), (j, inner, _) ->
            new Loop.Results(List.of(inner.getFirst().mul(in.get(1)).add(i.add(j).cast(DType.F64)).sin()), List.of()))).carries()),
        List.of(values(-1, 1, 2), values(-1, 1, 2))));
    cases.add(smooth("a choice in a loop", in -> sum(Loop.scan(4, in, List.of(), (i, carries, _) ->
        new Loop.Results(Cond.of(i.mod(Tensor.full(i.type(), 2)).equal(0),
            () -> List.of(carries.getFirst().sin()), () -> List.of(carries.getFirst().square())), List.of())).carries()),
        List.of(values(-1, 1, 2))));
    cases.add(smooth("a checkpoint in a loop", in -> sum(Loop.scan(3, in, List.of(), (_, carries, _) ->
        new Loop.Results(List.of(Checkpoint.of(c -> c.sin().mul(2), carries.getFirst())), List.of())).carries()),
        List.of(values(-1, 1, 2))));
    cases.add(smooth("nothing in it", in -> sum(Loop.scan(3, in, List.of(), (_, carries, _) ->
        new Loop.Results(List.of(carries.getFirst().sin()), List.of())).carries()), List.of(values(-1, 1, 0, 2))));
    cases.add(smooth("only part of a step's results is used", in -> Loop.scan(3, in, List.of(), (_, carries, _) ->
        new Loop.Results(List.of(carries.get(0).mul(carries.get(1)), carries.get(1).sin()), List.of(carries.get(1).exp()))).carries().getFirst(),
        List.of(values(-1, 1, 2), values(-1, 1, 2))));
    cases.add(new Case("a bare loop, which keeps nothing of its repetitions", in -> Tensor.of(Ops.node(bareLoop(), in.getFirst().node())),
        List.of(values(-1, 1, 2)), true));
    return cases;
  }

  /** carry' = sin(carry w + slice), output carry' times 2. */
  private static Loop.Results recurrence(int length, List<Tensor> in) {
    return Loop.scan(length, List.of(in.get(0)), List.of(in.get(1)), turn(in));
  }

  private static Loop.Turn turn(List<Tensor> in) {
    return (_, carries, slices) -> {
      Tensor next = carries.getFirst().unsqueeze(0).matmul(in.get(2)).squeeze(0).add(slices.getFirst()).sin();
      return new Loop.Results(List.of(next), List.of(next.mul(2)));
    };
  }

  private static Op bareLoop() {
    TensorType type = TensorType.of(DType.F64, 2);
    Node number = Ops.parameter(0, TensorType.scalar(DType.I64));
    Node carry = Ops.parameter(1, type);
    return new Op.Loop(3, 1, 0, new Body(List.of(number, carry), List.of(Ops.node(new Op.Sin(), carry))));
  }

  static List<Case> choices() {
    List<Case> cases = new ArrayList<>();
    for (long holds : new long[] {0, 1}) {
      Tensor predicate = Tensor.of(HostArray.ofLongs(TensorType.scalar(DType.BOOL), holds));
      cases.add(smooth((holds == 1 ? "then" : "otherwise") + " of different tensors", in -> sum(Cond.of(predicate,
          () -> List.of(in.get(0).mul(in.get(1)), in.get(0).sin()), () -> List.of(in.get(2).exp(), in.get(0).mul(3)))),
          List.of(values(-1, 1, 2), values(-1, 1, 2), values(-1, 1, 2))));
      cases.add(smooth((holds == 1 ? "then" : "otherwise") + " within a choice", in -> sum(Cond.of(predicate,
          () -> Cond.of(in.getFirst().sum().greater(-5), () -> List.of(in.getFirst().sin()), () -> List.of(in.getFirst())),
          () -> List.of(in.getFirst().square()))), List.of(values(-1, 1, 2))));
    }
    cases.add(smooth("chosen by the input", in -> Cond.of(in.getFirst().greater(0), () -> List.of(in.getFirst().exp()),
        () -> List.of(in.getFirst().square())).getFirst(), List.of(scalar(0.7))));
    return cases;
  }

  static List<Case> checkpoints() {
    return List.of(
        smooth("a checkpoint", in -> Checkpoint.of(x -> x.sin().mul(in.get(1)).exp(), in.get(0)),
            List.of(values(-1, 1, 2, 3), values(-1, 1, 3))),
        smooth("checkpoints in a checkpoint", in -> Checkpoint.of(x -> Checkpoint.of(y -> y.sin().mul(x), x).exp(), in.getFirst()),
            List.of(values(-1, 1, 2))),
        smooth("two results of a checkpoint, one of them unused",
            in -> Checkpoint.of(both -> List.of(both.get(0).mul(both.get(1)), both.get(0).sin()), List.of(in.get(0), in.get(0))).getFirst(),
            List.of(values(-1, 1, 2))));
  }

  private static Tensor sum(List<Tensor> tensors) {
    Tensor sum = tensors.getFirst().sum();
    for (Tensor t : tensors.subList(1, tensors.size())) {
      sum = sum.add(t.square().sum());
    }
    return sum;
  }

  private static Case smooth(String name, Function<List<Tensor>, Tensor> function, List<HostArray> point) {
    return new Case(name, function, point, true);
  }
}
