package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Operands that are broadcast, transposed, sliced, flipped and windowed, copied and as operands of a kernel. */
class LayoutTest {

  @ParameterizedTest
  @EnumSource
  void movedOperandsAgree(DType dtype) {
    for (Node view : views(dtype)) {
      Agreement.exact(Ops.node(new Op.Copy(), view));
      Node other = Ops.node(new Op.Reshape(view.type().shape()), Samples.node(dtype, 3, view.type().elements()));
      Agreement.exact(Ops.node(new Op.Max(), view, other));
      Agreement.exact(Ops.node(new Op.Less(), other, view));
    }
  }

  static List<Node> views(DType dtype) {
    List<Node> views = new ArrayList<>();
    Node matrix = Samples.node(dtype, 1, 67, 130);
    Node cube = Samples.node(dtype, 2, 6, 35, 33);
    views.add(permute(matrix, 1, 0));
    for (int[] order : new int[][] {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
      views.add(permute(cube, order));
    }
    views.add(slice(matrix, new Op.Range(66, 67, -1), new Op.Range(129, 130, -1)));
    views.add(slice(matrix, new Op.Range(1, 30, 2), new Op.Range(127, 40, -3)));
    views.add(slice(matrix, new Op.Range(3, 1, 1), new Op.Range(5, 100, 1)));
    views.add(slice(matrix, new Op.Range(3, 20, 1), new Op.Range(5, 1, 1)));
    views.add(slice(matrix, new Op.Range(3, 0, 1), new Op.Range(5, 4, 1)));
    views.add(permute(slice(cube, new Op.Range(5, 3, -2), new Op.Range(0, 35, 1), new Op.Range(32, 16, -2)), 2, 0, 1));
    views.add(expand(Samples.node(dtype, 4, 1, 513), 9, 513));
    views.add(expand(Samples.node(dtype, 5, 700, 1), 700, 10));
    views.add(expand(Samples.node(dtype, 6, 1, 1), 300, 10));
    views.add(expand(Samples.node(dtype, 7, 8, 1, 9), 8, 31, 9));
    views.add(permute(expand(Samples.node(dtype, 8, 1, 40), 50, 40), 1, 0));
    views.add(Ops.node(new Op.Window(1, 5, 3, 2), matrix));
    views.add(permute(Ops.node(new Op.Window(0, 3, 1, 1), matrix), 2, 1, 0));
    // A reshape that no strides express is copied first.
    views.add(Ops.node(new Op.Reshape(Shape.of(130 * 67)), permute(matrix, 1, 0)));
    return views;
  }

  static Node permute(Node x, int... order) {
    return Ops.node(new Op.Permute(Axes.of(order)), x);
  }

  static Node slice(Node x, Op.Range... ranges) {
    return Ops.node(new Op.Slice(List.of(ranges)), x);
  }

  static Node expand(Node x, long... dims) {
    return Ops.node(new Op.Expand(Shape.of(dims)), x);
  }
}
