package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AssemblingTest {

  @ParameterizedTest
  @EnumSource
  void paddingAgrees(DType dtype) {
    Node value = Samples.plain(dtype, 1);
    Node x = Samples.node(dtype, 2, 5, 13, 70);
    Agreement.exact(pad(x, value, new Op.Edge(1, 2), new Op.Edge(0, 0), new Op.Edge(3, 0)));
    Agreement.exact(pad(x, value, new Op.Edge(0, 0), new Op.Edge(0, 0), new Op.Edge(0, 0)));
    Agreement.exact(pad(LayoutTest.permute(x, 2, 0, 1), value, new Op.Edge(0, 1), new Op.Edge(2, 2), new Op.Edge(0, 1)));
    Agreement.exact(pad(Samples.node(dtype, 3, 0), value, new Op.Edge(2, 3)));
    Agreement.exact(pad(Samples.node(dtype, 4, 300, 300), value, new Op.Edge(1, 1), new Op.Edge(1, 1)));
  }

  private static Node pad(Node x, Node value, Op.Edge... edges) {
    return Ops.node(new Op.Pad(List.of(edges)), x, value);
  }

  @ParameterizedTest
  @EnumSource
  void concatenationAgrees(DType dtype) {
    Node x = Samples.node(dtype, 1, 5, 13, 7);
    for (int axis = 0; axis < 3; axis++) {
      long[] other = x.type().shape().dims();
      other[axis] = 4;
      long[] none = x.type().shape().dims();
      none[axis] = 0;
      Agreement.exact(Ops.node(new Op.Concat(axis), x, Samples.node(dtype, 2, other), Samples.node(dtype, 3, none), x));
      Agreement.exact(Ops.node(new Op.Concat(axis), x));
    }
    Agreement.exact(Ops.node(new Op.Concat(1), LayoutTest.permute(x, 2, 0, 1), LayoutTest.permute(x, 2, 0, 1)));
    Agreement.exact(Ops.node(new Op.Concat(0), Samples.node(dtype, 4, 40_000), Samples.node(dtype, 5, 50_001)));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BOOL")
  void overlappingWindowsAgree(DType dtype) {
    // Both sides add in double, in different orders; a 16-bit result is rounded once.
    double absolute = dtype == DType.F64 ? 20 * 0x1p-52 : 0;
    Agreement.within(overlap(dtype, 1, 12, 3, 1, 1, 4, 10, 5), 1, absolute);
    Agreement.within(overlap(dtype, 0, 20, 4, 3, 2, 5, 6), 1, absolute);
    Agreement.within(overlap(dtype, 0, 50_000, 2, 2, 1, 25_000), 1, absolute);
    Agreement.within(overlap(dtype, 0, 17, 5, 5, 1, 3, 4), 1, absolute);
    // A few long windows, with and without gaps.
    Agreement.within(overlap(dtype, 0, 60_004, 60_000, 2, 1, 3), 1, absolute);
    Agreement.within(overlap(dtype, 0, 700, 100, 3, 7, 3), 1, absolute);
  }

  private static Node overlap(DType dtype, int axis, long length, long size, long stride, long dilation, long... dims) {
    long[] windows = java.util.Arrays.copyOf(dims, dims.length + 1);
    windows[dims.length] = size;
    return Ops.node(new Op.Overlap(axis, length, size, stride, dilation), Samples.plain(dtype, 6, windows));
  }
}
