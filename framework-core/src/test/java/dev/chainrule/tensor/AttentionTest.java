package dev.chainrule.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class AttentionTest {

  private static Tensor random(DType dtype, long seed, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    return Tensor.of(HostArray.ofDoubles(type, new Random(seed).doubles(type.elements(), -2, 2).toArray()));
  }

  private static Tensor mask(long[] shape, long... allowed) {
    return Tensor.of(HostArray.ofLongs(TensorType.of(DType.BOOL, shape), allowed));
  }

  private interface Allowed {
    boolean test(int query, int key);
  }

  /** One example: q [t, d], k [s, d], v [s, e]. */
  private static double[] expected(double[] q, double[] k, double[] v, int t, int s, double scale, Allowed allowed) {
    int d = q.length / t;
    int e = v.length / s;
    double[] y = new double[t * e];
    for (int i = 0; i < t; i++) {
      double[] weights = new double[s];
      double sum = 0;
      for (int j = 0; j < s; j++) {
        double score = 0;
        for (int c = 0; c < d; c++) {
          score += q[i * d + c] * k[j * d + c];
        }
        weights[j] = allowed.test(i, j) ? Math.exp(score * scale) : 0;
        sum += weights[j];
      }
      for (int j = 0; j < s && sum > 0; j++) {
        for (int c = 0; c < e; c++) {
          y[i * e + c] += weights[j] / sum * v[j * e + c];
        }
      }
    }
    return y;
  }

  private static void assertAttention(Attention attention, int t, int s, double scale, Allowed allowed) {
    Tensor q = random(DType.F64, 1, t, 4);
    Tensor k = random(DType.F64, 2, s, 4);
    Tensor v = random(DType.F64, 3, s, 3);
    double[] y = Values.read(attention.apply(q, k, v));
    assertArrayEquals(expected(Values.read(q), Values.read(k), Values.read(v), t, s, scale, allowed), y, 1e-12);
  }

  @Test
  @Tag("S12.25")
  void isItsDefinition() {
    assertAttention(Attention.FULL, 3, 5, 0.5, (_, _) -> true);
    assertAttention(Attention.FULL.withScale(2), 3, 5, 2, (_, _) -> true);
  }

  @Test
  @Tag("S12.25")
  void causalQueriesSeeNoLaterKeyCountedFromTheFirst() {
    for (int s : new int[] {2, 4, 6}) {
      assertAttention(Attention.CAUSAL, 4, s, 0.5, (i, j) -> j <= i);
    }
  }

  @Test
  @Tag("S12.25")
  void aMaskAllowsWhereItIsTrue() {
    Tensor mask = mask(new long[] {2, 3}, 1, 0, 1, 0, 1, 1);
    Allowed allowed = (i, j) -> i == 0 ? j != 1 : j != 0;
    assertAttention(Attention.FULL.withMask(mask), 2, 3, 0.5, allowed);
    assertAttention(Attention.CAUSAL.withMask(mask), 2, 3, 0.5, (i, j) -> allowed.test(i, j) && j <= i);
    assertAttention(Attention.FULL.withMask(mask(new long[] {3}, 1, 0, 1)), 2, 3, 0.5, (_, j) -> j != 1);
    assertAttention(Attention.FULL.withMask(mask(new long[] {2, 1}, 1, 0)), 2, 3, 0.5, (i, _) -> i == 0);
    assertAttention(Attention.FULL.withMask(mask(new long[] {}, 1)), 2, 3, 0.5, (_, _) -> true);
  }

  @Test
  void leadingAxesBroadcast() {
    Tensor q = random(DType.F64, 1, 2, 3, 4, 5);
    Tensor k = random(DType.F64, 2, 2, 1, 6, 5);
    Tensor v = random(DType.F64, 3, 3, 6, 2);
    Tensor y = Attention.FULL.apply(q, k, v);
    assertEquals(Shape.of(2, 3, 4, 2), y.shape());
    for (int b = 0; b < 2; b++) {
      for (int h = 0; h < 3; h++) {
        double[] one = expected(Values.read(q.select(0, b).select(0, h)), Values.read(k.select(0, b)), Values.read(v.select(0, h)),
            4, 6, 1 / Math.sqrt(5), (_, _) -> true);
        assertArrayEquals(one, Values.read(y.select(0, b).select(0, h)), 1e-12);
      }
    }
  }

  @Test
  @Tag("S12.25")
  void aQueryThatMayAttendToNothingGetsZerosAndPassesNoGradientOn() {
    Tensor q = random(DType.F32, 1, 2, 4);
    Tensor k = random(DType.F32, 2, 3, 4);
    Tensor v = random(DType.F32, 3, 3, 2);
    Tensor y = Attention.FULL.withMask(mask(new long[] {2, 3}, 0, 0, 0, 0, 1, 1)).apply(q, k, v);
    double[] values = Values.read(y);
    assertArrayEquals(new double[2], Arrays.copyOf(values, 2));
    assertTrue(Math.abs(values[2]) > 0.01);
    List<Tensor> gradients = Gradients.of(y.square().sum(), List.of(q, k, v));
    assertArrayEquals(new double[4], Arrays.copyOf(Values.read(gradients.getFirst()), 4));
    gradients.forEach(g -> assertTrue(Arrays.stream(Values.read(g)).allMatch(Double::isFinite)));
    Tensor nothing = Attention.FULL.withMask(mask(new long[] {}, 0)).apply(q, k, v);
    assertArrayEquals(new double[4], Values.read(nothing));
  }

  @Test
  void withoutKeysTheResultIsZero() {
    for (Attention attention : List.of(Attention.FULL, Attention.CAUSAL, Attention.FULL.withMask(mask(new long[] {2, 0})))) {
      Tensor y = attention.apply(random(DType.F32, 1, 2, 3), random(DType.F32, 1, 0, 3), random(DType.F32, 1, 0, 4));
      assertArrayEquals(new double[8], Values.read(y));
    }
  }

  @Test
  void withoutComponentsAllScoresAreEqual() {
    Tensor v = Tensor.of(new double[] {1, 2, 6}, 3, 1);
    Tensor y = Attention.FULL.apply(random(DType.F64, 1, 1, 0), random(DType.F64, 1, 3, 0), v);
    assertArrayEquals(new double[] {3}, Values.read(y), 1e-12);
  }

  @Test
  void whatIsMaskedDoesNotMatterIfItsValueIsFinite() {
    Tensor q = Tensor.of(new double[] {1, 1}, 1, 2);
    Tensor k = Tensor.of(new double[] {1, 2, Double.NaN, 1, 3, 4, Double.POSITIVE_INFINITY, 0}, 4, 2);
    Tensor v = Tensor.of(new double[] {1, 2, 3, 4}, 4, 1);
    Attention masked = Attention.FULL.withMask(mask(new long[] {4}, 1, 0, 0, 0));
    assertArrayEquals(new double[] {1}, Values.read(masked.apply(q, k, v)));
    Tensor infinite = Tensor.of(new double[] {1, Double.POSITIVE_INFINITY, 3, 4}, 4, 1);
    assertArrayEquals(new double[] {Double.NaN}, Values.read(masked.apply(q, k, infinite)));
    assertArrayEquals(new double[] {Double.NaN}, Values.read(Attention.FULL.apply(q, k, v)));
  }

  @Test
  void largeScoresChooseTheLargest() {
    Tensor q = Tensor.of(new float[] {1e15f}, 1, 1);
    Tensor k = Tensor.of(new float[] {1e15f, -1e15f, 2e15f}, 3, 1);
    Tensor v = Tensor.of(new float[] {1, 2, 3}, 3, 1);
    assertArrayEquals(new double[] {3}, Values.read(Attention.FULL.apply(q, k, v)));
  }

  /** What would be multiplied with the values: attention to the rows of the identity. */
  @Test
  @Tag("S12.33")
  void weightsAreWhatTheValuesAreMultipliedWith() {
    Tensor q = random(DType.F64, 1, 3, 4);
    Tensor k = random(DType.F64, 2, 5, 4);
    double[] identity = Values.read(Tensor.eye(DType.F64, 5, 5));
    Tensor mask = mask(new long[] {5}, 1, 0, 1, 1, 0);
    Allowed causal = (i, j) -> j <= i && j != 1 && j != 4;
    assertArrayEquals(expected(Values.read(q), Values.read(k), identity, 3, 5, 0.5, (_, _) -> true),
        Values.read(Attention.FULL.weights(q, k)), 1e-12);
    assertArrayEquals(expected(Values.read(q), Values.read(k), identity, 3, 5, 2, causal),
        Values.read(Attention.CAUSAL.withMask(mask).withScale(2).weights(q, k)), 1e-12);
    assertArrayEquals(new double[15], Values.read(Attention.FULL.withMask(mask(new long[] {}, 0)).weights(q, k)));
    assertEquals(DType.BF16, Attention.FULL.weights(q.cast(DType.BF16), k.cast(DType.BF16)).dtype());
    assertRefused("[attention] expected q", () -> Attention.FULL.weights(q, k.transpose()));
  }

  /** Scores of 64 times 40 times 40 overflow f16. */
  @Test
  @Tag("S12.27")
  void sixteenBitFloatsAreComputedInF32AndRoundedOnce() {
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      Tensor q = Tensor.full(TensorType.of(dtype, 2, 64), 40L);
      Tensor v = random(DType.F64, 3, 3, 2).cast(dtype);
      Tensor y = Attention.FULL.apply(q, Tensor.full(TensorType.of(dtype, 3, 64), 40L), v);
      assertEquals(dtype, y.dtype());
      double[] mean = Values.read(v.cast(DType.F64).mean(0).cast(dtype));
      double half = dtype == DType.F16 ? 0x1p-11 : 0x1p-8;
      for (int i = 0; i < 4; i++) {
        assertEquals(mean[i % 2], Values.read(y)[i], 2.1 * half * Math.abs(mean[i % 2]));
      }
    }
  }

  // --- errors ------------------------------------------------------------------------------------------------------------------------

  private static void assertRefused(String message, Executable call) {
    String found = assertThrows(ChainruleException.class, call).getMessage();
    assertTrue(found.startsWith(message), found);
  }

  @Test
  void whatDoesNotFitIsNamed() {
    Tensor x = random(DType.F32, 1, 2, 3);
    assertRefused("[attention] expected q [..., t, d], k [..., s, d], v [..., s, e], got f32[2,3], f32[3,2], f32[2,3]",
        () -> Attention.FULL.apply(x, x.transpose(), x));
    assertRefused("[attention] expected q [..., t, d], k [..., s, d], v [..., s, e], got f32[2,3], f32[2,3], f32[3]",
        () -> Attention.FULL.apply(x, x, x.select(0, 0)));
    assertRefused("[attention] expected q, k and v of one floating type, got f32[2,3], f64[2,3], f32[2,3]",
        () -> Attention.FULL.apply(x, x.cast(DType.F64), x));
    assertRefused("[attention] shapes do not broadcast",
        () -> Attention.FULL.apply(random(DType.F32, 1, 2, 2, 3), random(DType.F32, 1, 3, 2, 3), x));
    assertRefused("[attention] the mask is f32[2,3], expected bool", () -> Attention.FULL.withMask(x).apply(x, x, x));
    assertRefused("[attention] the mask is bool[4,1,2], expected what broadcasts to [2,2]",
        () -> Attention.FULL.withMask(mask(new long[] {4, 1, 2}, new long[8])).apply(x, x, x));
    assertRefused("[attention] shapes do not broadcast", () -> Attention.FULL.withMask(mask(new long[] {3}, new long[3])).apply(x, x, x));
    assertRefused("[attention] scale is NaN", () -> Attention.FULL.withScale(Double.NaN));
  }
}
