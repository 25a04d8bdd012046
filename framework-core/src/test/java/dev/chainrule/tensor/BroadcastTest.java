package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class BroadcastTest {

  /** The common shape, worked out from the front on shapes padded with ones; null where there is none. */
  private static long[] common(long[] a, long[] b) {
    int rank = Math.max(a.length, b.length);
    long[] p = padded(a, rank);
    long[] q = padded(b, rank);
    long[] result = new long[rank];
    for (int i = 0; i < rank; i++) {
      if (p[i] == q[i]) {
        result[i] = p[i];
      } else if (p[i] == 1) {
        result[i] = q[i];
      } else if (q[i] == 1) {
        result[i] = p[i];
      } else {
        return null;
      }
    }
    return result;
  }

  private static long[] padded(long[] dims, int rank) {
    long[] padded = new long[rank];
    Arrays.fill(padded, 1);
    System.arraycopy(dims, 0, padded, rank - dims.length, dims.length);
    return padded;
  }

  /** The element of a row-major array at coordinates of the common shape. */
  private static double at(double[] values, long[] dims, long[] coordinates) {
    long[] p = padded(dims, coordinates.length);
    long index = 0;
    for (int i = 0; i < p.length; i++) {
      index = index * p[i] + (p[i] == 1 ? 0 : coordinates[i]);
    }
    return values[(int) index];
  }

  private static long[] shape(SplittableRandom random) {
    long[] dims = new long[random.nextInt(4)];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = random.nextInt(12) == 0 ? 0 : random.nextInt(3) == 0 ? 1 : 1 + random.nextInt(3);
    }
    return dims;
  }

  private static Tensor tensor(double[] values, long[] dims) {
    return Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F64, dims), values));
  }

  private static double[] values(SplittableRandom random, long[] dims) {
    double[] values = new double[Math.toIntExact(Shape.of(dims).elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(100);
    }
    return values;
  }

  @Test
  @Tag("S4.1") @Tag("S4.2")
  void operandsBroadcastAsInNumPy() {
    var random = new SplittableRandom(5);
    int fitting = 0;
    int refused = 0;
    for (int round = 0; round < 3_000; round++) {
      long[] a = shape(random);
      long[] b = shape(random);
      double[] x = values(random, a);
      double[] y = values(random, b);
      long[] expected = common(a, b);
      if (expected == null) {
        refused++;
        assertThrows(ShapeMismatchException.class, () -> tensor(x, a).sub(tensor(y, b)));
        continue;
      }
      fitting++;
      Tensor difference = tensor(x, a).sub(tensor(y, b));
      assertEquals(Shape.of(expected), difference.shape());
      double[] result = new double[Math.toIntExact(Shape.of(expected).elements())];
      for (int i = 0; i < result.length; i++) {
        long[] coordinates = coordinates(i, expected);
        result[i] = at(x, a, coordinates) - at(y, b, coordinates);
      }
      assertArrayEquals(result, read(difference));
    }
    assertTrue(fitting > 500 && refused > 300, fitting + " fit, " + refused + " do not");
  }

  private static long[] coordinates(int index, long[] dims) {
    long[] coordinates = new long[dims.length];
    long rest = index;
    for (int i = dims.length - 1; i >= 0; i--) {
      coordinates[i] = rest % dims[i];
      rest /= dims[i];
    }
    return coordinates;
  }

  @Test
  @Tag("S4.4")
  void whereBroadcastsAllThree() {
    Tensor condition = Tensor.of(HostArray.ofLongs(TensorType.of(DType.BOOL, 2, 1, 1), 1, 0));
    Tensor x = tensor(new double[] {1, 2}, new long[] {2, 1});
    Tensor y = tensor(new double[] {10, 20, 30}, new long[] {3});
    Tensor chosen = condition.where(x, y);
    assertEquals(Shape.of(2, 2, 3), chosen.shape());
    assertArrayEquals(new double[] {1, 1, 1, 2, 2, 2, 10, 20, 30, 10, 20, 30}, read(chosen));
  }

  @Test
  @Tag("S4.5")
  void matrixProductsBroadcastTheirBatches() {
    var random = new SplittableRandom(6);
    for (int round = 0; round < 300; round++) {
      long[] batchA = shape(random);
      long[] batchB = round % 4 == 0 ? new long[0] : shape(random);
      int m = random.nextInt(4);
      int k = random.nextInt(4);
      int n = random.nextInt(4);
      long[] a = join(batchA, m, k);
      long[] b = join(batchB, k, n);
      double[] x = values(random, a);
      double[] y = values(random, b);
      long[] batch = common(batchA, batchB);
      if (batch == null) {
        var e = assertThrows(ShapeMismatchException.class, () -> tensor(x, a).matmul(tensor(y, b)));
        assertTrue(e.getMessage().startsWith("[matmul] shapes do not broadcast: "), e.getMessage());
        continue;
      }
      Tensor product = tensor(x, a).matmul(tensor(y, b));
      long[] shape = join(batch, m, n);
      assertEquals(Shape.of(shape), product.shape());
      double[] expected = new double[Math.toIntExact(Shape.of(shape).elements())];
      for (int i = 0; i < expected.length; i++) {
        long[] at = coordinates(i, shape);
        for (int j = 0; j < k; j++) {
          long[] left = at.clone();
          left[left.length - 1] = j;
          long[] right = at.clone();
          right[right.length - 2] = j;
          expected[i] += at(x, a, left) * at(y, b, right);
        }
      }
      assertArrayEquals(expected, read(product));
    }
  }

  @Test
  @Tag("S8.7")
  void vectorsAreRowsOnTheLeftAndColumnsOnTheRight() {
    Tensor v = tensor(new double[] {1, 10}, new long[] {2});
    Tensor w = tensor(new double[] {3, 4, 5}, new long[] {3});
    Tensor x = tensor(new double[] {1, 2, 3, 4, 5, 6}, new long[] {2, 3});
    assertEquals(Shape.SCALAR, v.matmul(v).shape());
    assertArrayEquals(new double[] {101}, read(v.matmul(v)));
    assertArrayEquals(new double[] {41, 52, 63}, read(v.matmul(x)));
    assertArrayEquals(new double[] {26, 62}, read(x.matmul(w)));
    Tensor batch = Tensor.stack(0, x, x.mul(2), x.neg());
    assertEquals(Shape.of(3, 3), v.matmul(batch).shape());
    assertArrayEquals(new double[] {41, 52, 63, 82, 104, 126, -41, -52, -63}, read(v.matmul(batch)));
    assertEquals(Shape.of(3, 2), batch.matmul(w).shape());
    assertArrayEquals(new double[] {26, 62, 52, 124, -26, -62}, read(batch.matmul(w)));
    Tensor nothing = tensor(new double[0], new long[] {0});
    assertArrayEquals(new double[] {0}, read(nothing.matmul(nothing)));
    assertArrayEquals(new double[] {0, 0}, read(nothing.matmul(tensor(new double[0], new long[] {0, 2}))));
  }

  @Test
  void vectorsThatDoNotFitAreRefusedInTheirOwnShapes() {
    Tensor v = tensor(new double[] {1, 10}, new long[] {2});
    Tensor x = tensor(new double[6], new long[] {2, 3});
    var right = assertThrows(ShapeMismatchException.class, () -> x.matmul(v));
    assertTrue(right.getMessage().startsWith("[matmul] inner dimensions differ: f64[2,3] x f64[2] (3 vs 2)"), right.getMessage());
    var left = assertThrows(ShapeMismatchException.class, () -> v.matmul(x.transpose()));
    assertTrue(left.getMessage().startsWith("[matmul] inner dimensions differ: f64[2] x f64[3,2] (2 vs 3)"), left.getMessage());
    var scalar = assertThrows(ShapeMismatchException.class, () -> v.matmul(v.sum()));
    assertTrue(scalar.getMessage().startsWith("[matmul] expected matrices or vectors, got f64[2] x f64[]"), scalar.getMessage());
  }

  private static long[] join(long[] batch, long rows, long columns) {
    long[] joined = Arrays.copyOf(batch, batch.length + 2);
    joined[batch.length] = rows;
    joined[batch.length + 1] = columns;
    return joined;
  }

  @Test
  @Tag("S4.3")
  void broadcastingIsWrittenIntoTheGraph() {
    Tensor sum = tensor(new double[6], new long[] {2, 3}).add(tensor(new double[3], new long[] {3}));
    assertEquals(List.of(Shape.of(2, 3), Shape.of(2, 3)), sum.node().inputs().stream().map(n -> n.type().shape()).toList());
    assertEquals(new Op.Expand(Shape.of(2, 3)), sum.node().input(1).op());
  }
}
