package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Convolution and its two gradients against the reference's plain sums. */
class ConvolutionTest {

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64", "F16", "BF16"})
  void oneTwoAndThreeDimensionsAgree(DType dtype) {
    check(dtype, new long[] {3, 4, 20}, new long[] {6, 4, 5}, 1, new Op.Spatial(1, 1, 2, 2));
    check(dtype, new long[] {2, 3, 9, 11}, new long[] {4, 3, 3, 2}, 1, new Op.Spatial(1, 1, 1, 1), new Op.Spatial(1, 1, 0, 1));
    check(dtype, new long[] {2, 2, 4, 5, 6}, new long[] {3, 2, 2, 2, 3}, 1,
        new Op.Spatial(1, 1, 0, 0), new Op.Spatial(2, 1, 1, 0), new Op.Spatial(1, 2, 2, 2));
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64", "F16", "BF16"})
  void stridesDilationsBordersAndGroupsAgree(DType dtype) {
    check(dtype, new long[] {2, 4, 13, 10}, new long[] {6, 2, 3, 3}, 2, new Op.Spatial(2, 1, 1, 1), new Op.Spatial(3, 1, 0, 2));
    check(dtype, new long[] {19, 4, 8, 8}, new long[] {4, 1, 3, 3}, 4, new Op.Spatial(1, 2, 2, 2), new Op.Spatial(1, 2, 2, 2));
    check(dtype, new long[] {1, 1, 1, 1}, new long[] {1, 1, 1, 1}, 1, new Op.Spatial(1, 1, 0, 0), new Op.Spatial(1, 1, 0, 0));
    // Borders wider than the kernel: whole rows of the result see zeros only.
    check(dtype, new long[] {2, 2, 3, 3}, new long[] {2, 2, 2, 2}, 1, new Op.Spatial(1, 1, 4, 3), new Op.Spatial(2, 1, 3, 5));
    // A row outside along one axis, and positions before its start along the next.
    check(dtype, new long[] {1, 1, 1, 1}, new long[] {1, 1, 1, 3}, 1, new Op.Spatial(1, 1, 1, 0), new Op.Spatial(1, 1, 2, 0));
    check(dtype, new long[] {0, 2, 5}, new long[] {3, 2, 2}, 1, new Op.Spatial(1, 1, 0, 0));
  }

  private static void check(DType dtype, long[] input, long[] weights, int groups, Op.Spatial... axes) {
    var geometry = new Op.Geometry(List.of(axes), groups);
    Node x = Samples.plain(dtype, 1, input);
    Node w = Samples.plain(dtype, 2, weights);
    Node y = Ops.node(new Op.Conv(geometry), x, w);
    Node g = Samples.plain(dtype, 3, y.type().shape().dims());
    double unit = dtype == DType.F64 ? 0x1p-53 : 0x1p-24;
    near(y, (double) w.type().shape().elements(), unit);
    near(Ops.node(new Op.ConvInputGradient(geometry, x.type().shape()), g, w), (double) w.type().shape().elements(), unit);
    near(Ops.node(new Op.ConvWeightGradient(geometry, w.type().shape()), g, x), Math.max(1.0, (double) g.type().shape().elements()), unit);
  }

  /** Errors of n roundings of sums of n terms up to 4 grow with the root of n for each, when they are independent; 4 times that. */
  private static void near(Node node, double terms, double unit) {
    Agreement.within(node, 1, 16 * terms * unit);
  }
}
