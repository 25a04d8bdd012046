package dev.chainrule.tensor;

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
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ReductionsTest {

  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;

  private static Tensor f64(double... values) {
    return Tensor.of(values);
  }

  private static Tensor bool(long... values) {
    return Tensor.of(HostArray.ofLongs(TensorType.of(DType.BOOL, values.length), values));
  }

  private static Tensor of(DType dtype, double... values) {
    return Tensor.of(HostArray.ofDoubles(TensorType.of(dtype, values.length), values));
  }

  @Test
  void runningTotalsIncludeTheElement() {
    Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
    assertArrayEquals(new double[] {1, 3, 6, 4, 9, 15}, read(x.cumsum(1)));
    assertArrayEquals(new double[] {1, 2, 3, 5, 7, 9}, read(x.cumsum(0)));
    assertArrayEquals(new double[] {1, 2, 6, 4, 20, 120}, read(x.cumprod(-1)));
    assertArrayEquals(new double[] {1, 2, 3, 4, 10, 18}, read(x.cumprod(-2)));
    assertEquals(TensorType.of(DType.F64, 0), f64().cumsum(0).type());
  }

  @Test
  @Tag("S7.9")
  void runningTotalsHaveTheTypesOfTotals() {
    for (DType dtype : DType.values()) {
      Tensor x = Tensor.zeros(TensorType.of(dtype, 3));
      assertEquals(x.sum().dtype(), x.cumsum(0).dtype());
      assertEquals(x.prod().dtype(), x.cumprod(0).dtype());
    }
    Tensor bytes = Tensor.of(HostArray.ofLongs(TensorType.of(DType.U8, 3), 200, 200, 200));
    assertArrayEquals(new long[] {200, 400, 600}, readLongs(bytes.cumsum(0)));
    assertArrayEquals(new long[] {1, 1, 2}, readLongs(bool(1, 0, 1).cumsum(0)));
  }

  @Test
  void runningTotalsHaveAnAxis() {
    assertThrows(InvalidArgumentException.class, () -> Tensor.scalar(1).cumsum(0));
    assertThrows(InvalidArgumentException.class, () -> f64(1).cumprod(1));
  }

  @Test
  @Tag("S12.28")
  void stdIsTheRootOfTheMeanSquaredDistance() {
    assertArrayEquals(new double[] {2}, read(f64(2, 4, 4, 4, 5, 5, 7, 9).std()));
    assertArrayEquals(new double[] {1, 3}, read(Tensor.of(new double[] {1, 3, 2, 8}, 2, 2).std(1)));
    assertArrayEquals(new double[] {0}, read(f64(5).std()));
    assertArrayEquals(new double[] {NAN}, read(f64().std()));
    assertArrayEquals(new double[] {NAN}, read(f64(1, INFINITY).std()));
  }

  @Test
  @Tag("S12.29")
  void normIsTheRootOfTheSumOfSquares() {
    assertArrayEquals(new double[] {13}, read(Tensor.of(new double[] {3, -4, 12, 0}, 2, 2).norm()));
    assertArrayEquals(new double[] {5, 12}, read(Tensor.of(new double[] {3, -4, 12, 0}, 2, 2).norm(1)));
    assertArrayEquals(new double[] {0}, read(f64().norm()));
    assertArrayEquals(new double[] {0}, read(f64(-0.0).norm()));
    assertArrayEquals(new double[] {INFINITY}, read(f64(-INFINITY, 1).norm()));
    assertArrayEquals(new double[] {NAN}, read(f64(INFINITY, NAN).norm()));
  }

  @Test
  @Tag("S12.30")
  void logsumexpDefinesItsLimits() {
    assertArrayEquals(new double[] {-INFINITY}, read(f64(-INFINITY, -INFINITY).logsumexp()));
    assertArrayEquals(new double[] {INFINITY}, read(f64(-INFINITY, INFINITY, 2).logsumexp()));
    assertArrayEquals(new double[] {INFINITY}, read(f64(INFINITY, INFINITY, 1e300).logsumexp()));
    assertArrayEquals(new double[] {NAN}, read(f64(NAN, 1).logsumexp()));
    assertArrayEquals(new double[] {NAN}, read(f64(NAN, INFINITY).logsumexp()));
    assertArrayEquals(new double[] {NAN}, read(f64(-INFINITY, NAN).logsumexp()));
    assertArrayEquals(new double[] {-INFINITY}, read(f64().logsumexp()));
    assertArrayEquals(new double[] {-INFINITY, -INFINITY}, read(Tensor.of(new double[0], 2, 0).logsumexp(1)));
    assertArrayEquals(new double[] {1000 + Math.log(2)}, read(f64(1000, 1000).logsumexp()));
    assertArrayEquals(new double[] {-1000 + Math.log(2)}, read(f64(-1000, -1000, -INFINITY).logsumexp()));
    assertArrayEquals(new double[] {3}, read(f64(3).logsumexp()));
    assertArrayEquals(new double[] {-INFINITY, 0}, read(Tensor.of(new double[] {-INFINITY, -INFINITY, 0, -INFINITY}, 2, 2).logsumexp(1)),
        "each line by itself");
  }

  @Test
  void logsumexpGoesOverAnyAxes() {
    Tensor x = Tensor.arange(DType.F64, 24).reshape(2, 3, 4).mul(0.1);
    double[] rows = read(x.logsumexp(0, -1));
    assertEquals(Shape.of(3), x.logsumexp(0, -1).shape());
    for (int j = 0; j < 3; j++) {
      double sum = 0;
      for (int i = 0; i < 24; i++) {
        sum += i / 4 % 3 == j ? Math.exp(0.1 * i) : 0;
      }
      assertEquals(Math.log(sum), rows[j], 1e-14);
    }
  }

  @Test
  void of16BitFloatsOnlyTheResultNeedsToFit() {
    Tensor x = of(DType.F16, 300, 400);
    assertArrayEquals(new double[] {500}, read(x.norm()), "250,000 is beyond f16");
    assertArrayEquals(new double[] {300}, read(of(DType.F16, 100, 700).std()), "90,000 is beyond f16");
    assertArrayEquals(new double[] {11.0625}, read(Tensor.zeros(TensorType.of(DType.F16, 64_000)).logsumexp()), 0.0079);
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      for (UnaryOperator<Tensor> f : List.<UnaryOperator<Tensor>>of(t -> t.norm(), t -> t.std(), t -> t.logsumexp())) {
        assertEquals(dtype, f.apply(of(dtype, 1, 2)).dtype());
      }
    }
  }

  @Test
  void statisticsAreOfFloatingTensors() {
    Tensor integers = Tensor.of(new int[] {1, 2});
    assertMessage("[std] not defined for i32[2]", "cast(DType.F32).std()", assertThrows(DTypeMismatchException.class, integers::std));
    assertMessage("[norm] not defined for i32[2]", "cast(DType.F32).norm()", assertThrows(DTypeMismatchException.class, integers::norm));
    assertMessage("[logsumexp] not defined for i32[2]", "cast(DType.F32).logsumexp()",
        assertThrows(DTypeMismatchException.class, integers::logsumexp));
  }

  @Test
  @Tag("S7.10")
  void anyAndAllOfNothingAreTheNeutralOnes() {
    Tensor x = bool(1, 0, 0, 0).reshape(2, 2);
    assertArrayEquals(new long[] {1}, readLongs(x.any()));
    assertArrayEquals(new long[] {1, 0}, readLongs(x.any(1)));
    assertArrayEquals(new long[] {0}, readLongs(x.all()));
    assertArrayEquals(new long[] {1, 0}, readLongs(bool(1, 1, 1, 0).reshape(2, 2).all(-1)));
    assertArrayEquals(new long[] {0}, readLongs(bool().any()));
    assertArrayEquals(new long[] {1}, readLongs(bool().all()));
    assertEquals(DType.BOOL, x.any().dtype());
  }

  @Test
  void anyAndAllAreOfBoolTensorsOnly() {
    assertMessage("[any] of f64[1], expected bool", "notEqual(0).any()", assertThrows(DTypeMismatchException.class, f64(1)::any));
    assertMessage("[all] of i32[1], expected bool", "notEqual(0).all()",
        assertThrows(DTypeMismatchException.class, Tensor.of(new int[1])::all));
  }

  private static void assertMessage(String problem, String remedy, ChainruleException e) {
    assertTrue(e.getMessage().startsWith(problem), e.getMessage());
    assertTrue(e.getMessage().contains(remedy), e.getMessage());
  }
}
