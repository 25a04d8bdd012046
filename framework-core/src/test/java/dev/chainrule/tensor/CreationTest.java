package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.array;
import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class CreationTest {

  private static final List<DType> FLOATING = Arrays.stream(DType.values()).filter(DType::isFloating).toList();

  private static void assertRefused(Class<? extends ChainruleException> kind, String start, Executable mistake) {
    String message = assertThrows(kind, mistake).getMessage();
    assertTrue(message.startsWith(start), message);
  }

  /** The nearest number of the type. */
  private static double rounded(DType dtype, double number) {
    return HostArray.ofDoubles(TensorType.scalar(dtype), number).doubleAt(0);
  }

  // --- arange ------------------------------------------------------------------------------------------------------------------------

  @Test
  @Tag("S6.8")
  void arangeOfIntegersWalksWithoutEverWrapping() {
    var random = new SplittableRandom(5);
    for (int round = 0; round < 500; round++) {
      DType dtype = List.of(DType.I32, DType.I64, DType.U8).get(round % 3);
      BigInteger least = BigInteger.valueOf(dtype == DType.U8 ? 0 : dtype == DType.I32 ? Integer.MIN_VALUE : Long.MIN_VALUE);
      BigInteger most = BigInteger.valueOf(dtype == DType.U8 ? 255 : dtype == DType.I32 ? Integer.MAX_VALUE : Long.MAX_VALUE);
      long from = random.nextBoolean() ? least.longValue() + random.nextInt(9) : most.longValue() - random.nextInt(9);
      long to = random.nextBoolean() ? least.longValue() + random.nextInt(9) : most.longValue() - random.nextInt(9);
      // At most some dozen elements, and steps that reach across.
      BigInteger distance = BigInteger.valueOf(to).subtract(BigInteger.valueOf(from));
      long step = distance.abs().bitLength() < 6
          ? random.nextLong(1, 4) : distance.abs().divide(BigInteger.valueOf(random.nextLong(3, 12))).longValue();
      step = random.nextInt(4) == 0 ? -step : distance.signum() < 0 ? -step : step;
      List<Long> expected = new ArrayList<>();
      for (BigInteger i = BigInteger.valueOf(from);
          step > 0 ? i.compareTo(BigInteger.valueOf(to)) < 0 : i.compareTo(BigInteger.valueOf(to)) > 0;
          i = i.add(BigInteger.valueOf(step))) {
        expected.add(i.longValueExact());
      }
      Tensor actual = Tensor.arange(dtype, from, to, step);
      assertEquals(dtype, actual.dtype());
      assertEquals(expected, LongStream.of(readLongs(actual)).boxed().toList());
    }
  }

  @Test
  @Tag("S6.8")
  void arangeReachesTheEndsOfItsType() {
    assertArrayEquals(new long[] {200, 150, 100, 50, 0}, readLongs(Tensor.arange(DType.U8, 200, -1, -50)));
    assertArrayEquals(new long[] {Long.MIN_VALUE, -(1L << 62), 0, 1L << 62},
        readLongs(Tensor.arange(DType.I64, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 62)));
    assertArrayEquals(new long[] {Long.MAX_VALUE, -1}, readLongs(Tensor.arange(DType.I64, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE)));
    assertEquals(0, readLongs(Tensor.arange(DType.I32, 5, 5, 1)).length);
    assertEquals(0, readLongs(Tensor.arange(DType.I32, 5, 6, -1)).length);
    assertEquals(0, readLongs(Tensor.arange(DType.U8, 300, 300, 1)).length);
    assertRefused(DTypeMismatchException.class, "[scalar] 256 is outside the range of u8", () -> Tensor.arange(DType.U8, 0, 257, 1));
    assertRefused(DTypeMismatchException.class, "[scalar] -1 is outside the range of u8", () -> Tensor.arange(DType.U8, -1, 5, 1));
    assertRefused(DTypeMismatchException.class, "[arange] not defined for bool", () -> Tensor.arange(DType.BOOL, 0, 2, 1));
    assertRefused(InvalidArgumentException.class, "[arange] step 0 from 0 to 5", () -> Tensor.arange(DType.I32, 0, 5, 0));
  }

  /** Product and sum are rounded one after the other, in f32 for the types below. */
  @Test
  @Tag("S6.8")
  void arangeOfFloatsRoundsAsItSays() {
    for (DType dtype : FLOATING) {
      DType working = dtype == DType.F64 ? DType.F64 : DType.F32;
      for (double[] walk : new double[][] {{0, 1, 0.1}, {-3, 4.05, 0.7}, {5, -5, -1.3}, {0.1, 0.1, 1}, {2, 1, 0.5}, {1, 3000, 1}}) {
        double[] actual = read(Tensor.arange(dtype, walk[0], walk[1], walk[2]));
        assertEquals(Math.max(0, (int) Math.ceil((walk[1] - walk[0]) / walk[2])), actual.length);
        double step = rounded(working, walk[2]);
        double from = rounded(working, walk[0]);
        for (int i = 0; i < actual.length; i++) {
          assertEquals(rounded(dtype, rounded(working, rounded(working, i * step) + from)), actual[i]);
        }
      }
      assertEquals(array(Tensor.arange(dtype, 3.0, 11.0, 2.0)), array(Tensor.arange(dtype, 3, 11, 2)));
    }
    assertRefused(DTypeMismatchException.class, "[arange] floating numbers as i32", () -> Tensor.arange(DType.I32, 0, 1, 0.5));
    for (double wrong : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      assertRefused(InvalidArgumentException.class, "[arange]", () -> Tensor.arange(DType.F32, wrong, 1, 1));
      assertRefused(InvalidArgumentException.class, "[arange]", () -> Tensor.arange(DType.F32, 0, wrong, 1));
      assertRefused(InvalidArgumentException.class, "[arange]", () -> Tensor.arange(DType.F32, 0, 1, wrong));
    }
    assertRefused(InvalidArgumentException.class, "[arange]", () -> Tensor.arange(DType.F32, 0.0, 1, 0));
    assertRefused(InvalidArgumentException.class, "[arange]", () -> Tensor.arange(DType.F64, 0, 1, 1e-30));
  }

  // --- linspace ----------------------------------------------------------------------------------------------------------------------

  @Test
  @Tag("S6.9")
  void linspaceMeetsBothEndsExactly() {
    var random = new SplittableRandom(6);
    for (int round = 0; round < 400; round++) {
      DType dtype = FLOATING.get(round % FLOATING.size());
      double from = random.nextDouble(-100, 100);
      double to = round % 7 == 0 ? from : random.nextDouble(-100, 100);
      int count = 1 + random.nextInt(40);
      double[] actual = read(Tensor.linspace(dtype, from, to, count));
      assertEquals(count, actual.length);
      assertEquals(rounded(dtype, from), actual[0]);
      if (count > 1) {
        assertEquals(rounded(dtype, to), actual[count - 1]);
      }
      double h = count == 1 ? 0 : (to - from) / (count - 1);
      // The ends, the step with up to half of count's factor, the product, the sum and the result are rounded.
      double size = Math.max(Math.abs(from), Math.abs(to));
      double u = dtype == DType.F64 ? 0x1p-53 : dtype == DType.BF16 ? 0x1p-8 : dtype == DType.F16 ? 0x1p-11 : 0x1p-24;
      for (int i = 0; i < count; i++) {
        assertEquals(from + i * h, actual[i], 6 * u * size);
      }
    }
  }

  @Test
  @Tag("S6.9")
  void linspaceIsTheSameFromBothEnds() {
    for (int count : new int[] {2, 5, 8, 1001}) {
      double[] upwards = read(Tensor.linspace(DType.F32, -0.3, 0.3, count));
      float h = (float) (0.6 / (count - 1));
      for (int i = 0; i < count; i++) {
        assertEquals(i < count / 2 || i == count - 1 - i ? (float) (i * h) + -0.3f : 0.3f - (float) ((count - 1 - i) * h), upwards[i]);
      }
    }
    assertArrayEquals(new double[] {1, 2, 3, 4}, read(Tensor.linspace(DType.F32, 1, 4, 4)));
    assertArrayEquals(new double[] {4, 2.5, 1}, read(Tensor.linspace(DType.BF16, 4, 1, 3)));
    assertArrayEquals(new double[] {7}, read(Tensor.linspace(DType.F64, 7, 9, 1)));
    assertArrayEquals(new double[0], read(Tensor.linspace(DType.F64, 7, 9, 0)));
    assertArrayEquals(new double[] {-65504, 65504}, read(Tensor.linspace(DType.F16, -65504, 65504, 2)));
    // Above the middle between 1 and the next bf16; as f32 it would be the middle, and go down to 1.
    double above = 1 + 0x1p-8 + 0x1p-30;
    assertArrayEquals(new double[] {1 + 0x1p-7, 1 + 0x1p-7}, read(Tensor.linspace(DType.BF16, above, above, 2)));
    assertRefused(DTypeMismatchException.class, "[linspace] floating numbers as i64", () -> Tensor.linspace(DType.I64, 0, 10, 5));
    assertRefused(InvalidArgumentException.class, "[linspace] count is -1", () -> Tensor.linspace(DType.F32, 0, 1, -1));
    assertRefused(InvalidArgumentException.class, "[linspace] from 0.0 to 70000.0 is beyond the range of f16",
        () -> Tensor.linspace(DType.F16, 0, 70_000, 3));
    assertRefused(InvalidArgumentException.class, "[linspace]", () -> Tensor.linspace(DType.F64, -1.7e308, 1.7e308, 3));
    assertRefused(InvalidArgumentException.class, "[linspace]", () -> Tensor.linspace(DType.F32, -3e38, 3e38, 2));
    assertRefused(InvalidArgumentException.class, "[linspace]", () -> Tensor.linspace(DType.F32, Double.NaN, 1, 2));
  }

  // --- matrices and alikes -------------------------------------------------------------------------------------------------------------

  @Test
  @Tag("S6.10")
  void eyeHasOnesWhereRowAndColumnAreEqual() {
    for (DType dtype : DType.values()) {
      for (long[] size : new long[][] {{3, 3}, {2, 5}, {5, 2}, {1, 1}, {0, 0}, {0, 4}, {300, 257}}) {
        Tensor eye = Tensor.eye(dtype, size[0], size[1]);
        assertEquals(TensorType.of(dtype, size), eye.type());
        assertArrayEquals(Naive.of(size, i -> i[0] == i[1] ? 1 : 0).values(), read(eye));
      }
      assertEquals(array(Tensor.eye(dtype, 4, 4)), array(Tensor.eye(dtype, 4)));
    }
    assertRefused(InvalidArgumentException.class, "[eye] rows is -1", () -> Tensor.eye(DType.F32, -1));
  }

  @Test
  @Tag("S6.10")
  void likenessIsInTypeAndShape() {
    for (DType dtype : DType.values()) {
      Tensor x = Tensor.ones(TensorType.of(dtype, 2, 3));
      for (Tensor like : new Tensor[] {x.zerosLike(), x.onesLike(), x.fullLike(1)}) {
        assertEquals(x.type(), like.type());
      }
      assertArrayEquals(new double[6], read(x.zerosLike()));
      assertArrayEquals(read(x), read(x.onesLike()));
      assertArrayEquals(read(x), read(x.fullLike(1)));
    }
    assertArrayEquals(new double[] {2.5, 2.5}, read(Tensor.of(new double[2]).fullLike(2.5)));
    assertEquals(Shape.SCALAR, Tensor.scalar(3).zerosLike().shape());
    assertRefused(DTypeMismatchException.class, "[scalar]", () -> Tensor.of(new int[2]).fullLike(2.5));
  }
}
