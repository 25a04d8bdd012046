package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReductionTest {

  @ParameterizedTest
  @EnumSource
  void allAxesAgree(DType dtype) {
    for (Op.Fold fold : Op.Fold.values()) {
      for (long[] shape : new long[][] {{4, 70, 33}, {3, 1, 5}, {2, 5, 1100}, {1, 1, 1}, {2, 0, 3}, {0, 2, 3}, {1500, 2, 3}}) {
        for (int mask = 0; mask < 8; mask++) {
          check(fold, Samples.plain(dtype, 5, shape), axes(mask));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void largeReductionsAgree(DType dtype) {
    for (Op.Fold fold : Op.Fold.values()) {
      check(fold, Samples.plain(dtype, 5, 300_007), Axes.of(0));
      check(fold, Samples.plain(dtype, 5, 30_011, 10), Axes.of(0));
      check(fold, Samples.plain(dtype, 5, 130, 2100), Axes.of(0));
      check(fold, Samples.plain(dtype, 5, 10, 20_011), Axes.of(1));
    }
  }

  @ParameterizedTest
  @EnumSource
  void specialValuesPropagate(DType dtype) {
    for (Op.Fold fold : new Op.Fold[] {Op.Fold.MAX, Op.Fold.MIN}) {
      Agreement.exact(Ops.node(new Op.Reduce(fold, Axes.of(1)), Samples.node(dtype, 1, 400, 40)));
      Agreement.exact(Ops.node(new Op.Reduce(fold, Axes.of(0)), Samples.node(dtype, 2, 3, 4000)));
    }
    Agreement.within(Ops.node(new Op.Reduce(Op.Fold.SUM, Axes.of(1)), Samples.node(dtype, 3, 3000, 1)), 0, 0);
  }

  @ParameterizedTest
  @EnumSource
  void viewsAreReducedInPlace(DType dtype) {
    for (Node view : LayoutTest.views(dtype)) {
      for (Op.Fold fold : new Op.Fold[] {Op.Fold.MAX, Op.Fold.MIN}) {
        Agreement.exact(Ops.node(new Op.Reduce(fold, Axes.of(0)), view));
        Agreement.exact(Ops.node(new Op.Reduce(fold, Axes.of(view.type().rank() - 1)), view));
      }
    }
  }

  /** In any order of f32, some order of the tree included, one of these six meets infinity times 0. */
  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16"})
  void productsMayLeaveTheRangeOfF32OnTheWay(DType dtype) {
    double[] factors = {1e-25, 1e25, 1e-25, 1e25, 1e25, 1e-25};
    for (int copies : new int[] {1, 3, 500, 5_000}) {
      double[] column = new double[6 * copies];
      Arrays.setAll(column, i -> i < 6 ? factors[i] : 1);
      for (long[] shape : new long[][] {{1, column.length}, {column.length, 1}}) {
        Node x = Ops.input(HostArray.ofDoubles(TensorType.of(dtype, shape), column));
        Agreement.exact(Ops.node(new Op.Reduce(Op.Fold.PROD, Axes.of(0, 1)), x));
        Agreement.exact(Ops.node(new Op.Reduce(Op.Fold.PROD, Axes.of(shape[0] == 1 ? 1 : 0)), x));
      }
    }
  }

  private static Axes axes(int mask) {
    return Axes.of(java.util.stream.IntStream.range(0, 3).filter(a -> (mask >> a & 1) == 1).toArray());
  }


  /**
   * The tree of a sum has at most 15 + 6 + 10 levels and errs by so many roundings of the sum of absolute values, at most 2 n here; hardly
   * ever by 22. Products err relatively, and their long ones vanish; 300 roundings cover what has not vanished.
   */
  private static void check(Op.Fold fold, Node x, Axes axes) {
    Node node = Ops.node(new Op.Reduce(fold, axes), x);
    if (fold == Op.Fold.MAX || fold == Op.Fold.MIN || !x.type().dtype().isFloating()) {
      Agreement.exact(node);
    } else if (fold == Op.Fold.SUM) {
      double terms = (double) x.type().elements() / Math.max(1, node.type().elements());
      double unit = x.type().dtype() == DType.F64 ? 0x1p-53 : 0x1p-24;
      Agreement.within(node, 1, 22 * unit * 2 * terms);
    } else {
      double terms = Math.min(300, (double) x.type().elements() / Math.max(1, node.type().elements()));
      Agreement.within(node, x.type().dtype().accumulator() == x.type().dtype() ? terms + 1 : 2, 1e-36);
    }
  }
}
