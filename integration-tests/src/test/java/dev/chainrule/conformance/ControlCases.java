package dev.chainrule.conformance;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What steers evaluation rather than computes: copies, barriers, composites and their results, scans, choices of a body. */
final class ControlCases {

  private static final CompositeFunction SUM_AND_PRODUCT = new CompositeFunction("sumAndProduct",
      (in, _) -> List.of(in.get(0).add(in.get(1)), in.get(0).mul(in.get(1))), Optional.empty());

  private static final CompositeFunction NESTED = new CompositeFunction("nested",
      (in, _) -> {
        List<Tensor> both = SUM_AND_PRODUCT.apply(Map.of(), in.get(0), in.get(1));
        return List.of(SUM_AND_PRODUCT.apply(Map.of(), both.get(0), both.get(1)).getFirst());
      }, Optional.empty());

  private final List<Case> cases = new ArrayList<>();

  private ControlCases() {}

  static List<Case> all() {
    var all = new ControlCases();
    for (DType dtype : Samples.ALL) {
      all.copies(dtype);
    }
    for (DType dtype : Samples.NUMERIC) {
      all.composites(dtype);
      all.loops(dtype);
      all.conditions(dtype);
      all.repetitions(dtype);
    }
    return all.cases;
  }

  private void copies(DType dtype) {
    for (View view : View.all()) {
      HostArray x = Samples.anyBits(dtype, 60, view.source().dims());
      cases.add(Case.of(Op.Copy.class, dtype + " " + view, Bound.SAME_BITS, in -> view.move().apply(in).copy(), x).onSameTypes());
      cases.add(Case.of(Op.Barrier.class, dtype + " " + view, Bound.SAME_BITS, in -> view.move().apply(in).barrier(), x).onSameTypes());
    }
    cases.add(Case.of(Op.Barrier.class, dtype + " between operations", Bound.EXACT, x -> x.maximum(x.flip(0)).barrier().minimum(x),
        Samples.specials(dtype)).onSameTypes());
  }

  /** Rounding makes the sum and the product exact to one rounding each; the nested one to three, the parts being of one sign. */
  private void composites(DType dtype) {
    HostArray x = positive(dtype, 61);
    HostArray y = positive(dtype, 62);
    Bound rounded = dtype.isFloating() ? Bound.ulps(2) : Bound.EXACT;
    for (Class<? extends Op> of : List.of(Op.Composite.class, Op.Result.class, Op.Parameter.class)) {
      cases.add(new Case(of, dtype + " two results", List.of(x, y), in -> SUM_AND_PRODUCT.apply(Map.of(), in.get(0), in.get(1)),
          Case.Oracle.IN_F64, rounded));
      cases.add(new Case(of, dtype + " the second result alone", List.of(x, y),
          in -> List.of(SUM_AND_PRODUCT.apply(Map.of(), in.get(0), in.get(1)).getLast()), Case.Oracle.IN_F64, rounded));
      cases.add(new Case(of, dtype + " composite in a composite", List.of(x, y),
          in -> List.of(NESTED.apply(in.get(0), in.get(1)), SUM_AND_PRODUCT.apply(Map.of(), in.get(1), in.get(1)).getLast()),
          Case.Oracle.IN_F64, rounded));
    }
  }

  private static HostArray positive(DType dtype, long seed) {
    return Samples.between(dtype, 1, 4, seed, 5, 7);
  }

  // --- loops and choices -------------------------------------------------------------------------------------------------------------

  /** carry' = carry + slice * factor, output carry: sums of up to {@code length} products of positive numbers. */
  private void loops(DType dtype) {
    for (int length : new int[] {0, 1, 7, 100}) {
      List<HostArray> inputs = List.of(Samples.between(dtype, 1, 2, 63, 5), Samples.between(dtype, 0, 2, 64, length, 5),
          Samples.between(dtype, 0, 2, 65, 5));
      Bound bound = dtype.isFloating() ? Bound.relative(2 * length + 2) : Bound.EXACT;
      cases.add(new Case(Op.Loop.class, dtype + " of " + length, inputs, in -> {
        Tensor loop = PointwiseCases.apply(new Op.Loop(length, 1, 1, scan(in.getFirst().type())), in.toArray(Tensor[]::new));
        return List.of(PointwiseCases.apply(new Op.Result(0), loop), PointwiseCases.apply(new Op.Result(1), loop));
      }, Case.Oracle.IN_F64, bound));
    }
  }

  private static Body scan(TensorType type) {
    Node iteration = Ops.parameter(0, TensorType.scalar(DType.I64));
    Node carry = Ops.parameter(1, type);
    Node slice = Ops.parameter(2, type);
    Node factor = Ops.parameter(3, type);
    Node next = Ops.node(new Op.Add(), carry, Ops.node(new Op.Mul(), slice, factor));
    return new Body(List.of(iteration, carry, slice, factor), List.of(next, carry));
  }

  /** Doubled while the sum is small: exact in every type that can hold it. */
  private void repetitions(DType dtype) {
    for (long limit : new long[] {0, 100}) {
      HostArray x = HostArray.ofLongs(TensorType.of(dtype, 3), 1, 2, 3);
      cases.add(Case.of(Op.While.class, dtype + " while the sum is less than " + limit, Bound.EXACT,
          in -> Loop.whileTrue(List.of(in, in.neg()), c -> c.getFirst().cast(DType.I64).sum().less(limit),
              c -> List.of(c.get(0).add(c.get(0)), c.get(0))).getFirst(), x));
    }
  }

  private void conditions(DType dtype) {
    for (long holds : new long[] {0, 1}) {
      HostArray condition = HostArray.ofLongs(TensorType.scalar(DType.BOOL), holds);
      cases.add(new Case(Op.Cond.class, dtype + (holds == 1 ? " then" : " otherwise"), List.of(condition, positive(dtype, 66)), in -> {
        TensorType type = in.get(1).type();
        return List.of(PointwiseCases.apply(new Op.Cond(function(new Op.Neg(), type), function(new Op.Abs(), type)), in.get(0), in.get(1)));
      }, Case.Oracle.IN_F64, Bound.EXACT));
    }
  }

  private static Body function(Op op, TensorType type) {
    Node x = Ops.parameter(0, type);
    return new Body(List.of(x), List.of(Ops.node(op, x)));
  }
}
