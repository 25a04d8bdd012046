package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProductTest {

  private static final int[] SIZES = {0, 1, 3, 17, 64, 130};

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BOOL")
  void productsOfAllSizesAgree(DType dtype) {
    for (int m : SIZES) {
      for (int n : SIZES) {
        for (int k : SIZES) {
          check(Samples.plain(dtype, 1, m, k), Samples.plain(dtype, 2, k, n));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BOOL")
  void transposedBroadcastAndSlicedOperandsAgree(DType dtype) {
    Node x = Samples.plain(dtype, 3, 33, 40);
    Node y = Samples.plain(dtype, 4, 21, 40);
    check(x, LayoutTest.permute(y, 1, 0));
    check(LayoutTest.permute(x, 1, 0), LayoutTest.permute(Samples.plain(dtype, 5, 7, 33), 1, 0));
    check(LayoutTest.slice(x, new Op.Range(32, 11, -3), new Op.Range(1, 10, 2)),
        LayoutTest.slice(y, new Op.Range(5, 10, 1), new Op.Range(39, 20, -2)));
    check(LayoutTest.expand(Samples.plain(dtype, 6, 1, 40), 50, 40), LayoutTest.expand(Samples.plain(dtype, 7, 40, 1), 40, 9));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BOOL")
  void batchesAgree(DType dtype) {
    check(Samples.plain(dtype, 8, 2, 3, 5, 6), Samples.plain(dtype, 9, 2, 3, 6, 4));
    check(Samples.plain(dtype, 10, 30, 20, 16), Samples.plain(dtype, 11, 30, 16, 24));
    check(LayoutTest.permute(Samples.plain(dtype, 12, 6, 4, 5, 8), 0, 2, 1, 3),
        LayoutTest.permute(Samples.plain(dtype, 13, 6, 9, 5, 8), 0, 2, 3, 1));
    check(LayoutTest.expand(Samples.plain(dtype, 14, 1, 5, 6), 7, 5, 6), Samples.plain(dtype, 15, 7, 6, 4));
    check(Samples.plain(dtype, 16, 0, 5, 6), Samples.plain(dtype, 17, 0, 6, 4));
  }

  /** The classical bound: k roundings of a sum whose terms are at most 4. */
  private static void check(Node x, Node y) {
    Node product = Ops.node(new Op.Dot(), x, y);
    double unit = x.type().dtype() == DType.F64 ? 0x1p-53 : 0x1p-24;
    long k = x.type().shape().dim(-1);
    Agreement.within(product, 1, x.type().dtype().isFloating() ? unit * k * k * 4 : 0);
  }
}
