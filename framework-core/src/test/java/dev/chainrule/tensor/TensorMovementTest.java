package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class TensorMovementTest {

  /** 0 ... 5 as [2, 3]. */
  private static final Tensor X = Tensor.of(new double[] {0, 1, 2, 3, 4, 5}, 2, 3);

  @Test
  @Tag("S10.1")
  void oneSizeOfAReshapeIsWorkedOut() {
    assertEquals(Shape.of(3, 2), X.reshape(3, -1).shape());
    assertEquals(Shape.of(6), X.reshape(-1).shape());
    assertEquals(Shape.of(1, 6, 1), X.reshape(1, -1, 1).shape());
    assertEquals(Shape.of(0), Tensor.of(new double[0], 0, 3).reshape(-1).shape());
    assertSame(X, X.reshape(2, 3));
    assertThrows(ShapeMismatchException.class, () -> X.reshape(4, -1));
    assertThrows(ShapeMismatchException.class, () -> X.reshape(-1, 0));
    assertThrows(ShapeMismatchException.class, () -> X.reshape(7));
    assertThrows(InvalidArgumentException.class, () -> X.reshape(-1, -1, 6));
    assertThrows(InvalidArgumentException.class, () -> X.reshape(-2, 3));
  }

  @Test
  @Tag("S4.6")
  void axesCountFromBothEnds() {
    assertArrayEquals(read(X.sum(1)), read(X.sum(-1)));
    assertArrayEquals(read(X.sum(0)), read(X.sum(-2)));
    assertEquals(3, X.dim(-1));
    assertThrows(InvalidArgumentException.class, () -> X.sum(2));
    assertThrows(InvalidArgumentException.class, () -> X.sum(-3));
    assertThrows(InvalidArgumentException.class, () -> X.sum(0, -2));
    assertThrows(InvalidArgumentException.class, () -> X.dim(2));
  }

  @Test
  @Tag("S4.6")
  void slicesCountFromBothEnds() {
    assertArrayEquals(new double[] {1, 4}, read(X.slice(1, 1, 2)));
    assertArrayEquals(new double[] {1, 2, 4, 5}, read(X.slice(-1, -2, 3)));
    assertArrayEquals(new double[] {0, 1, 3, 4}, read(X.slice(1, 0, -1)));
    assertEquals(Shape.of(2, 0), X.slice(1, 3, 3).shape());
    assertThrows(ShapeMismatchException.class, () -> X.slice(1, 0, 4));
    assertThrows(ShapeMismatchException.class, () -> X.slice(1, 2, 1));
    assertThrows(ShapeMismatchException.class, () -> X.slice(1, -4, 2));
  }

  @Test
  void selectTakesOneAndDropsTheAxis() {
    assertArrayEquals(new double[] {2, 5}, read(X.select(1, -1)));
    assertArrayEquals(new double[] {0, 3}, read(X.select(1, -3)));
    assertArrayEquals(new double[] {3, 4, 5}, read(X.select(0, 1)));
    assertThrows(ShapeMismatchException.class, () -> X.select(1, 3));
    assertThrows(ShapeMismatchException.class, () -> X.select(1, -4));
  }

  @Test
  void flipReversesAlongItsAxisOnly() {
    assertArrayEquals(new double[] {2, 1, 0, 5, 4, 3}, read(X.flip(1)));
    assertArrayEquals(new double[] {3, 4, 5, 0, 1, 2}, read(X.flip(-2)));
    assertEquals(Shape.of(0, 3), Tensor.of(new double[0], 0, 3).flip(0).shape());
  }

  @Test
  void transposeAndPermuteMoveAxes() {
    assertArrayEquals(new double[] {0, 3, 1, 4, 2, 5}, read(X.transpose()));
    assertArrayEquals(new double[] {0, 3, 1, 4, 2, 5}, read(X.permute(-1, 0)));
    assertEquals(Shape.of(4, 3, 2), Tensor.zeros(TensorType.of(DType.F32, 4, 2, 3)).transpose().shape());
    assertThrows(ShapeMismatchException.class, () -> Tensor.of(new double[2]).transpose());
    assertThrows(InvalidArgumentException.class, () -> X.permute(0, 0));
  }

  @Test
  void axesOfSizeOneComeAndGo() {
    assertEquals(Shape.of(1, 2, 3), X.unsqueeze(0).shape());
    assertEquals(Shape.of(2, 3, 1), X.unsqueeze(-1).shape());
    assertEquals(Shape.of(2, 1, 3), X.unsqueeze(1).shape());
    assertEquals(Shape.of(2, 3), X.unsqueeze(-2).squeeze(1).shape());
    assertThrows(ShapeMismatchException.class, () -> X.squeeze(0));
    assertThrows(InvalidArgumentException.class, () -> X.unsqueeze(3));
    assertThrows(InvalidArgumentException.class, () -> X.unsqueeze(-4));
  }

  @Test
  @Tag("S10.4")
  void padPutsItsValueAround() {
    assertArrayEquals(new double[] {9, 0, 1, 2, 9, 9, 3, 4, 5, 9}, read(X.pad(1, 1, 1, 9)));
    assertArrayEquals(new double[] {0, 1, 2, 3, 4, 5, 7, 7, 7}, read(X.pad(-2, 0, 1, 7)));
    assertThrows(InvalidArgumentException.class, () -> X.pad(0, -1, 0, 0));
  }

  @Test
  void concatAndStackJoin() {
    Tensor y = X.add(10);
    assertArrayEquals(new double[] {0, 1, 2, 10, 11, 12, 3, 4, 5, 13, 14, 15}, read(Tensor.concat(-1, X, y)));
    assertEquals(Shape.of(2, 2, 3), Tensor.stack(0, X, y).shape());
    Tensor last = Tensor.stack(-1, X, y);
    assertEquals(Shape.of(2, 3, 2), last.shape());
    assertArrayEquals(new double[] {0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15}, read(last));
    assertThrows(ShapeMismatchException.class, () -> Tensor.concat(0, X, X.transpose()));
    assertThrows(InvalidArgumentException.class, () -> Tensor.concat(0));
    assertThrows(InvalidArgumentException.class, () -> Tensor.stack(0));
  }

  @Test
  void flattenKeepsTheAxesBefore() {
    Tensor cube = Tensor.zeros(TensorType.of(DType.F32, 2, 3, 4));
    assertEquals(Shape.of(2, 12), cube.flatten(1).shape());
    assertEquals(Shape.of(24), cube.flatten(0).shape());
    assertEquals(Shape.of(2, 3, 4), cube.flatten(-1).shape());
  }

  @Test
  void indicesPickAndAdd() {
    assertArrayEquals(new double[] {2, 0, 5, 3}, read(X.take(1, Tensor.of(new int[] {2, 0}))));
    assertEquals(Shape.of(2, 2, 2), X.take(1, Tensor.of(new int[] {2, 0, 1, 1}, 2, 2)).shape());
    assertArrayEquals(new double[] {10, 1, 32, 13, 4, 35},
        read(X.scatterAdd(-1, Tensor.of(new int[] {0, 2, 2}), Tensor.of(new double[] {10, 10, 20, 10, 10, 20}, 2, 3))));
    assertArrayEquals(new long[] {0, 1, 0, 0, 0, 0, 1, 0, 0}, readLongs(Tensor.of(new int[] {1, 5, 0}).oneHot(3)));
    assertArrayEquals(new long[] {2, 2}, readLongs(X.argmax(-1)));
    assertArrayEquals(new long[] {0, 0, 0}, readLongs(X.argmin(0)));
  }
}
