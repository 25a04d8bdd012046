package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What works on lines along an axis: positions of extrema, running totals, sorting. */
class LineTest {

  private static final long[][] SHAPES = {{7, 10, 33}, {3, 1, 1500}, {2, 2500, 1}, {1, 1, 1}, {40, 5, 2}};

  @ParameterizedTest
  @EnumSource
  void positionsOfExtremaAgree(DType dtype) {
    for (Op.Fold fold : new Op.Fold[] {Op.Fold.MAX, Op.Fold.MIN}) {
      for (long[] shape : SHAPES) {
        for (int axis = 0; axis < 3; axis++) {
          Agreement.exact(Ops.node(new Op.ArgReduce(fold, axis), Samples.node(dtype, axis, shape)));
          // Few different values: the first of equals wins.
          Agreement.exact(Ops.node(new Op.ArgReduce(fold, axis), Samples.plain(DType.I32, axis, shape)));
        }
      }
      Agreement.exact(Ops.node(new Op.ArgReduce(fold, 0), LayoutTest.permute(Samples.plain(dtype, 3, 40, 70), 1, 0)));
      Agreement.exact(Ops.node(new Op.ArgReduce(fold, 0), Samples.plain(dtype, 4, 5, 0)));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BOOL")
  void runningTotalsAgree(DType dtype) {
    for (Op.Fold fold : new Op.Fold[] {Op.Fold.SUM, Op.Fold.PROD}) {
      for (boolean reverse : new boolean[] {false, true}) {
        for (long[] shape : SHAPES) {
          for (int axis = 0; axis < 3; axis++) {
            // Both sides add in double and in the same order.
            Agreement.exact(Ops.node(new Op.Cumulate(fold, axis, reverse), Samples.plain(dtype, axis, shape)));
          }
        }
        Agreement.exact(Ops.node(new Op.Cumulate(fold, 1, reverse), LayoutTest.permute(Samples.plain(dtype, 3, 40, 70), 1, 0)));
        Agreement.exact(Ops.node(new Op.Cumulate(fold, 0, reverse), Samples.plain(dtype, 4, 0, 5)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void sortingAgrees(DType dtype) {
    for (boolean descending : new boolean[] {false, true}) {
      for (long[] shape : SHAPES) {
        for (int axis = 0; axis < 3; axis++) {
          sorted(Samples.node(dtype, axis, shape), axis, descending);
          sorted(Samples.plain(dtype, axis, shape), axis, descending);
        }
      }
      sorted(LayoutTest.permute(Samples.node(dtype, 3, 40, 70), 1, 0), 1, descending);
      sorted(LayoutTest.permute(Samples.node(dtype, 3, 40, 70), 1, 0), 0, descending);
      sorted(Samples.node(dtype, 4, 0, 5), 0, descending);
    }
  }

  private static void sorted(Node x, int axis, boolean descending) {
    Node sorted = Ops.node(new Op.Sort(axis, descending), x);
    Agreement.exact(Ops.node(new Op.Result(0), sorted));
    Agreement.exact(Ops.node(new Op.Result(1), sorted));
  }
}
