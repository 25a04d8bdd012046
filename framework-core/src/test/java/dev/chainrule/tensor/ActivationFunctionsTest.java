package dev.chainrule.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ActivationFunctionsTest {

  private static final double[] GRID = IntStream.rangeClosed(-60, 60).mapToDouble(i -> i / 7.5).toArray();
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private static double[] gradient(UnaryOperator<Tensor> function, double... at) {
    Tensor x = Tensor.of(at);
    return Values.read(Gradients.of(function.apply(x).sum(), List.of(x)).getFirst());
  }

  private static void assertDefinition(UnaryOperator<Tensor> function, DoubleUnaryOperator definition) {
    assertArrayEquals(Arrays.stream(GRID).map(definition).toArray(), Values.read(function.apply(Tensor.of(GRID))), 1e-14);
    // Rounded once, from f32: half a unit, and what f32 is off.
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      double half = dtype == DType.F16 ? 0x1p-11 : 0x1p-8;
      Tensor x = Tensor.of(HostArray.ofDoubles(TensorType.of(dtype, GRID.length), GRID));
      Tensor y = function.apply(x);
      assertEquals(dtype, y.dtype());
      double[] exact = Arrays.stream(Values.read(x)).map(definition).toArray();
      for (int i = 0; i < exact.length; i++) {
        assertEquals(exact[i], Values.read(y)[i], 1.01 * half * Math.abs(exact[i]) + 1e-6, dtype + " at " + GRID[i]);
      }
    }
  }

  @Test
  @Tag("S12.18")
  void siluIsItsDefinition() {
    assertDefinition(Tensor::silu, x -> x / (1 + Math.exp(-x)));
    assertArrayEquals(new double[] {-0.0, 1000, 0, INFINITY}, Values.read(Tensor.of(new double[] {-1000, 1000, 0, INFINITY}).silu()));
    assertTrue(Double.isNaN(Values.read(Tensor.of(new double[] {Double.NaN}).silu())[0]));
  }

  @Test
  @Tag("S12.19")
  void softplusIsItsDefinition() {
    assertDefinition(Tensor::softplus, x -> Math.log(1 + Math.exp(x)));
  }

  @Test
  @Tag("S12.19")
  void softplusIsLinearFarAboveZeroAndVanishesFarBelow() {
    double[] far = {1000, -1000, INFINITY, -INFINITY, 1e300, -1e300};
    assertArrayEquals(new double[] {1000, 0, INFINITY, 0, 1e300, 0}, Values.read(Tensor.of(far).softplus()));
    assertEquals(Math.exp(-40), Values.read(Tensor.of(new double[] {-40}).softplus())[0], 1e-15 * Math.exp(-40));
    assertTrue(Double.isNaN(Values.read(Tensor.of(new double[] {Double.NaN}).softplus())[0]));
    double[] f32 = Values.read(Tensor.of(new float[] {1000, -1000, 3e38f, 0}).softplus());
    assertArrayEquals(new double[] {1000, 0, 3e38f, (float) Math.log(2)}, f32);
  }

  @Test
  @Tag("S12.2") @Tag("S12.27")
  void sigmoidIsItsDefinition() {
    assertDefinition(Tensor::sigmoid, x -> 1 / (1 + Math.exp(-x)));
  }

  @Test
  @Tag("S12.3") @Tag("S12.27")
  void geluIsItsDefinition() {
    assertDefinition(Tensor::gelu, x -> 0.5 * x * (1 + erf(x * Math.sqrt(0.5))));
  }

  /** The series of positive terms (Abramowitz and Stegun, 7.1.6). */
  private static double erf(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  @Test
  @Tag("S12.17")
  void geluTanhIsItsDefinitionAndNearGelu() {
    assertDefinition(Tensor::geluTanh, x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
    double[] exact = Values.read(Tensor.of(GRID).gelu());
    assertArrayEquals(exact, Values.read(Tensor.of(GRID).geluTanh()), 5e-4);
    assertArrayEquals(new double[] {1e200, -0.0, INFINITY}, Values.read(Tensor.of(new double[] {1e200, -1e200, INFINITY}).geluTanh()));
  }

  @Test
  void slopesAreFiniteFarOut() {
    double[] far = {-1e200, -1000, 1000, 1e200};
    double[] slopes = {0, 0, 1, 1};
    assertArrayEquals(slopes, positiveZeros(gradient(Tensor::silu, far)));
    assertArrayEquals(slopes, positiveZeros(gradient(Tensor::softplus, far)));
    assertArrayEquals(slopes, positiveZeros(gradient(Tensor::geluTanh, far)));
  }

  private static double[] positiveZeros(double[] values) {
    return Arrays.stream(values).map(v -> v + 0.0).toArray();
  }

  @Test
  void slopesAtZeroAreHalf() {
    assertArrayEquals(new double[] {0.5, 0.5}, gradient(Tensor::silu, 0, -0.0));
    assertArrayEquals(new double[] {0.5, 0.5}, gradient(Tensor::softplus, 0, -0.0));
    assertArrayEquals(new double[] {0.5, 0.5}, gradient(Tensor::geluTanh, 0, -0.0));
  }
}
