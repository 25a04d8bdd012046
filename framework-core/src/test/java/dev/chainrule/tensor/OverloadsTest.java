package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Shorter ways to say what other calls say too. */
class OverloadsTest {

  private static final Tensor INTEGERS = Tensor.of(new int[] {7, -7, 0});
  private static final Tensor FLOATS = Tensor.of(new double[] {7.5, -7.5, 0});
  private static final Tensor MASK = Tensor.of(new boolean[] {true, false, true});

  @Test
  @Tag("S3.1")
  void quotientsAndRemaindersByNumbers() {
    assertArrayEquals(new long[] {3, -4, 0}, readLongs(INTEGERS.floorDiv(2)));
    assertArrayEquals(new long[] {1, -1, 0}, readLongs(INTEGERS.mod(2)));
    assertArrayEquals(new double[] {3, -4, 0}, read(FLOATS.floorDiv(2)));
    assertArrayEquals(new double[] {5, -5, 0}, read(FLOATS.floorDiv(1.5)));
    assertArrayEquals(new double[] {0.5, -0.5, 0}, read(FLOATS.mod(1.75)));
    assertEquals(DType.I32, INTEGERS.mod(2).dtype());
    assertThrows(DTypeMismatchException.class, () -> INTEGERS.mod(1.5));
    assertThrows(DTypeMismatchException.class, () -> INTEGERS.floorDiv(1.5));
  }

  @Test
  void logicWithBooleans() {
    assertArrayEquals(new long[] {1, 0, 1}, readLongs(MASK.and(true)));
    assertArrayEquals(new long[] {0, 0, 0}, readLongs(MASK.and(false)));
    assertArrayEquals(new long[] {1, 1, 1}, readLongs(MASK.or(true)));
    assertArrayEquals(new long[] {1, 0, 1}, readLongs(MASK.or(false)));
    assertArrayEquals(new long[] {0, 1, 0}, readLongs(MASK.xor(true)));
    assertArrayEquals(new long[] {1, 0, 1}, readLongs(MASK.xor(false)));
    var e = assertThrows(DTypeMismatchException.class, () -> INTEGERS.xor(true));
    assertTrue(e.getMessage().startsWith("[xor] a boolean with i32[3], expected bool"), e.getMessage());
  }

  @Test
  void boolTensorsFromJava() {
    assertEquals(TensorType.of(DType.BOOL, 3), MASK.type());
    assertArrayEquals(new long[] {1, 0, 1}, readLongs(MASK));
    assertEquals(TensorType.of(DType.BOOL, 3, 1), Tensor.of(new boolean[3], 3, 1).type());
    assertEquals(TensorType.of(DType.BOOL, 0), Tensor.of(new boolean[0]).type());
  }

  @Test
  @Tag("S6.8")
  void arangeInStepsOfOne() {
    assertArrayEquals(new long[] {-1, 0, 1}, readLongs(Tensor.arange(DType.I64, -1, 2)));
    assertArrayEquals(new double[] {2, 3}, read(Tensor.arange(DType.F32, 2, 4)));
    assertEquals(0, Tensor.arange(DType.I32, 2, -1).dim(0));
  }

  @Test
  @Tag("S7.5")
  void positionsAmongAllElementsAreRowMajor() {
    Tensor x = Tensor.of(new float[] {1, 5, -2, 5, 0, -2}, 2, 3);
    assertEquals(TensorType.scalar(DType.I32), x.argmax().type());
    assertEquals(1, readLongs(x.argmax())[0]);
    assertEquals(2, readLongs(x.argmin())[0]);
    assertEquals(1, readLongs(x.transpose().argmax())[0]); // of [1 5] [5 0] [-2 -2]
    assertEquals(0, readLongs(Tensor.scalar(3).argmax())[0]);
    var e = assertThrows(ShapeMismatchException.class, () -> x.slice(0, 0, 0).argmax());
    assertTrue(e.getMessage().startsWith("[argmax] axis 0 of f32[0] is empty"), e.getMessage());
  }

  @Test
  void flattenGivesOneAxis() {
    Tensor x = Tensor.of(new int[] {1, 2, 3, 4, 5, 6}, 2, 3);
    assertArrayEquals(new long[] {1, 4, 2, 5, 3, 6}, readLongs(x.transpose().flatten()));
    assertEquals(Shape.of(6), x.flatten().shape());
    assertEquals(Shape.of(1), Tensor.scalar(1).flatten().shape());
    assertEquals(Shape.of(0), x.slice(0, 0, 0).flatten().shape());
  }

  @Test
  @Tag("S5.22")
  void choicesWithNumbersTakeTheOthersType() {
    assertArrayEquals(new long[] {7, 9, 0}, readLongs(MASK.where(INTEGERS, 9)));
    assertArrayEquals(new long[] {9, -7, 9}, readLongs(MASK.where(9, INTEGERS)));
    assertArrayEquals(new double[] {7.5, 0.25, 0}, read(MASK.where(FLOATS, 0.25)));
    assertArrayEquals(new double[] {0.25, -7.5, 0.25}, read(MASK.where(0.25, FLOATS)));
    assertEquals(DType.I32, MASK.where(9, INTEGERS).dtype());
    assertEquals(TensorType.of(DType.F64, 3), MASK.where(FLOATS, 1).type());
    assertThrows(DTypeMismatchException.class, () -> MASK.where(INTEGERS, 0.5));
  }

  @Test
  @Tag("S5.28")
  void whatIsNoNumberAndWhatHasNoSize() {
    double[] values = {Double.NaN, -Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0, -0.0, 1, -65504, 1e-7};
    for (DType dtype : List.of(DType.F32, DType.F64, DType.F16, DType.BF16)) {
      Tensor x = Tensor.of(HostArray.ofDoubles(TensorType.of(dtype, values.length), values));
      assertArrayEquals(Arrays.stream(values).mapToLong(v -> Double.isNaN(v) ? 1 : 0).toArray(), readLongs(x.isNaN()));
      assertArrayEquals(Arrays.stream(values).mapToLong(v -> Double.isInfinite(v) ? 1 : 0).toArray(), readLongs(x.isInfinite()));
      assertArrayEquals(Arrays.stream(values).mapToLong(v -> Double.isFinite(v) ? 1 : 0).toArray(), readLongs(x.isFinite()));
      assertEquals(TensorType.of(DType.BOOL, values.length), x.isFinite().type());
    }
  }
}
