package dev.chainrule.autograd;

import static dev.chainrule.autograd.GradientCases.apply;
import static dev.chainrule.autograd.GradientCases.result;
import static dev.chainrule.autograd.GradientCases.scalar;
import static dev.chainrule.autograd.GradientCases.values;
import static dev.chainrule.autograd.GradientCases.vector;

import dev.chainrule.autograd.GradientCases.Case;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.List;

/** The part of {@link GradientCases} on reductions, running totals and sorting. */
final class ReductionGradientCases {

  private final GradientCases cases;

  private ReductionGradientCases(GradientCases cases) {
    this.cases = cases;
  }

  static void addTo(GradientCases cases) {
    new ReductionGradientCases(cases).all();
  }

  private void all() {
    for (Op.Fold fold : Op.Fold.values()) {
      reduction(fold, "all axes", values(0.5, 2, 2, 3), 0, 1);
      reduction(fold, "the last of three", values(-2, 2, 2, 2, 3), 2);
      reduction(fold, "two apart, in descending order", values(-2, 2, 2, 3, 2), 2, 0);
      reduction(fold, "the middle one", values(-2, 2, 2, 3, 2), 1);
      reduction(fold, "one element", values(-2, 2, 1), 0);
      reduction(fold, "no axis", values(-2, 2, 2, 2));
      reduction(fold, "a scalar", scalar(1.5));
      reduction(fold, "nothing to keep", values(-2, 2, 0, 3), 1);
      reduction(fold, "nothing to add", values(-2, 2, 3, 0), 1);
    }
    HostArray zeroInARow = HostArray.ofDoubles(TensorType.of(DType.F64, 2, 3), 2, 0, 3, 4, 5, 6);
    reduction(Op.Fold.PROD, "one zero", vector(2, 0, 3, -4), 0);
    reduction(Op.Fold.PROD, "two zeros", vector(2, 0, 3, 0), 0);
    reduction(Op.Fold.PROD, "a zero in some rows", zeroInARow, 1);
    for (Op.Fold fold : List.of(Op.Fold.SUM, Op.Fold.PROD)) {
      for (boolean reverse : new boolean[] {false, true}) {
        for (int axis : new int[] {0, 1}) {
          cumulation(fold, axis, reverse, "any", values(-2, 2, 3, 2));
          cumulation(fold, axis, reverse, "a zero among", zeroInARow);
        }
        cumulation(fold, 0, reverse, "two zeros among", vector(2, 0, 3, -1.5, 0, 2, -1));
        cumulation(fold, 1, reverse, "the middle axis of", values(-2, 2, 2, 5, 2));
        cumulation(fold, 0, reverse, "one element of", values(-2, 2, 1));
        cumulation(fold, 1, reverse, "one element of", values(-2, 2, 2, 1));
        cumulation(fold, 0, reverse, "nothing of", values(0, 1, 0));
        cumulation(fold, 0, reverse, "no lines of", values(0, 1, 3, 0));
        cumulation(fold, 1, reverse, "empty lines of", values(0, 1, 3, 0));
      }
    }
    for (boolean descending : new boolean[] {false, true}) {
      for (int axis : new int[] {0, 1, 2}) {
        Case sorted = new Case("axis " + axis + (descending ? " descending" : ""),
            in -> result(0, new Op.Sort(axis, descending), in).square(), List.of(values(-2, 2, 2, 3, 2)), true);
        cases.op(Op.Sort.class, sorted);
        cases.op(Op.Result.class, sorted);
      }
    }
    cases.op(Op.Sort.class, new Case("nothing", in -> result(0, new Op.Sort(0, false), in), List.of(values(0, 1, 0, 2)), true));
    cases.op(Op.Sort.class, new Case("one element", in -> result(0, new Op.Sort(0, false), in), List.of(values(0, 1, 1)), true));
  }

  private void cumulation(Op.Fold fold, int axis, boolean reverse, String name, HostArray x) {
    String title = "running " + fold + (reverse ? " back over " : " over ") + name + " " + x.type() + ", axis " + axis;
    cases.op(Op.Cumulate.class, new Case(title, in -> apply(new Op.Cumulate(fold, axis, reverse), in).square(), List.of(x), true));
  }

  private void reduction(Op.Fold fold, String name, HostArray x, int... axes) {
    cases.op(Op.Reduce.class, new Case(fold + " over " + name, in -> {
      Tensor reduced = apply(new Op.Reduce(fold, Axes.of(axes)), in);
      // Over nothing the largest element is -infinity, whose square is of no use here.
      return x.type().elements() == 0 ? reduced.mul(0).exp() : reduced.square();
    }, List.of(x), true));
  }
}
