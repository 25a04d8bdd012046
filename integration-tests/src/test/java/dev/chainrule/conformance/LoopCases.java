package dev.chainrule.conformance;

import dev.chainrule.autograd.Checkpoint;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Cond;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Loops, choices and recomputed segments as users write them, in each other, and their gradients. */
final class LoopCases {

  private static final int WIDTH = 9;

  private final List<Case> cases = new ArrayList<>();

  private LoopCases() {}

  static List<Case> all() {
    var all = new LoopCases();
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      for (int length : new int[] {0, 1, 2, 5, 12, 30}) {
        all.recurrences(dtype, length);
      }
      all.choices(dtype);
      all.checkpoints(dtype);
    }
    for (DType dtype : Samples.ALL) {
      all.movedSlices(dtype);
    }
    all.carriesThatChangePlaces();
    all.randomBits();
    return all.cases;
  }

  /** tanh(x w + state u): each step adds the roundings of two sums; tanh and weights of norm below 1 amplify nothing. */
  private void recurrences(DType dtype, int length) {
    List<HostArray> inputs = List.of(Samples.between(dtype, -1, 1, 90, length, 3, 4), Samples.between(dtype, -0.2, 0.2, 91, 4, WIDTH),
        Samples.between(dtype, -0.1, 0.1, 92, WIDTH, WIDTH), Samples.between(dtype, -1, 1, 93, 3, WIDTH));
    double roundings = 4.0 * (length + 1) * (4 + 2 * WIDTH + 20) + 3.0 * length;
    cases.add(new Case(Op.Loop.class, dtype + " recurrence of " + length, inputs, in -> {
      Loop.Results results = recurrence(length, in);
      return List.of(results.carries().getFirst(), results.outputs().getFirst());
    }, Case.Oracle.IN_F64, Bound.normwise(roundings)));
    cases.add(new Case(Op.Loop.class, dtype + " gradient of a recurrence of " + length, inputs, in -> {
      Loop.Results results = recurrence(length, in);
      Tensor loss = results.carries().getFirst().square().sum().add(results.outputs().getFirst().sum().mul(0.1));
      List<Tensor> all = new ArrayList<>(List.of(loss));
      all.addAll(Gradients.of(loss, in));
      return all;
    }, Case.Oracle.IN_F64, Bound.normwise(2 * roundings)));
    if (length == 5) {
      cases.add(new Case(Op.Loop.class, dtype + " gradient of the gradient of a recurrence", inputs, in -> {
        Tensor loss = recurrence(length, in).carries().getFirst().square().sum();
        Tensor slope = Gradients.of(loss, in.subList(2, 3)).getFirst().square().sum();
        return Gradients.of(slope, in.subList(1, 3));
      }, Case.Oracle.IN_F64, Bound.normwise(8 * roundings)));
    }
  }

  private static Loop.Results recurrence(int length, List<Tensor> in) {
    return Loop.scan(length, List.of(in.get(3)), List.of(in.get(0)), (_, carries, slices) -> {
      Tensor next = slices.getFirst().matmul(in.get(1)).add(carries.getFirst().matmul(in.get(2))).tanh();
      return new Loop.Results(List.of(next), List.of(next));
    });
  }

  private void choices(DType dtype) {
    HostArray x = Samples.between(dtype, 1, 2, 94, 7);
    for (double limit : new double[] {0, 100}) {
      cases.add(Case.of(Op.Cond.class, dtype + " in a loop, by its sum and " + limit, Bound.relative(40), in ->
          Loop.scan(6, List.of(in), List.of(), (_, carries, _) -> {
            Tensor c = carries.getFirst();
            return new Loop.Results(Cond.of(c.sum().greater(limit), () -> List.of(c.mul(0.5)), () -> List.of(c.mul(1.5).add(in))), List.of());
          }).carries().getFirst(), x));
      cases.add(new Case(Op.Cond.class, dtype + " gradient, by the sum and " + limit, List.of(x), in -> {
        Tensor y = Cond.of(in.getFirst().sum().greater(limit), () -> List.of(in.getFirst().square()), () -> List.of(in.getFirst().sqrt()))
            .getFirst();
        return Gradients.of(y.sum(), in);
      }, Case.Oracle.IN_F64, Bound.relative(8)));
    }
  }

  private void checkpoints(DType dtype) {
    HostArray x = Samples.between(dtype, 0.5, 1, 95, 5, 4);
    cases.add(new Case(Op.Composite.class, dtype + " gradient through checkpoints", List.of(x), in -> {
      Tensor y = Checkpoint.of(z -> z.square().add(in.getFirst()), Checkpoint.of(Tensor::sqrt, in.getFirst()));
      return List.of(y, Gradients.of(y.sum(), in).getFirst());
    }, Case.Oracle.IN_F64, Bound.relative(24)));
  }

  /** Slices of what is flipped, transposed, stepped or repeated are read where they lie. */
  private void movedSlices(DType dtype) {
    for (View view : View.all()) {
      HostArray x = Samples.anyBits(dtype, 96, view.source().dims());
      Shape moved = view.move().apply(Tensor.of(x)).shape();
      if (moved.rank() > 0 && moved.dim(0) <= 40 && moved.elements() < 5_000) {
        cases.add(Case.of(Op.Loop.class, dtype + " slices of " + view, Bound.SAME_BITS, in -> {
          Tensor whole = view.move().apply(in);
          return Loop.scan(whole.dim(0), List.of(), List.of(whole.flip(0)), (_, _, slices) ->
              new Loop.Results(List.of(), List.of(slices.getFirst()))).outputs().getFirst();
        }, x).onSameTypes());
      }
    }
  }

  private void carriesThatChangePlaces() {
    List<HostArray> three = List.of(Samples.plain(DType.I32, 97, 4, 3), Samples.plain(DType.I32, 98, 4, 3), Samples.plain(DType.I32, 99, 3, 4));
    cases.add(new Case(Op.Loop.class, "i32 carries that change places", three, in -> Loop.scan(7, in, List.of(), (_, c, _) ->
        new Loop.Results(List.of(c.get(1), c.get(2).transpose(), c.get(0).transpose().add(1)), List.of(c.get(1)))).carries(),
        Case.Oracle.IN_F64, Bound.EXACT));
  }

  private void randomBits() {
    HostArray seed = HostArray.ofLongs(TensorType.scalar(DType.I64), 5);
    cases.add(new Case(Op.PhiloxBits.class, "in a loop of loops", List.of(seed), in -> {
      RandomStream stream = RandomStream.of(5);
      return Loop.scan(4, List.of(in.getFirst()), List.of(), (_, outer, _) -> {
        Loop.Results inner = Loop.scan(3, outer, List.of(), (_, c, _) -> new Loop.Results(c, List.of(stream.bits(Shape.of(5)))));
        return new Loop.Results(inner.carries(), inner.outputs());
      }).outputs();
    }, Case.Oracle.SAME_TYPES, Bound.EXACT));
  }
}
