package dev.chainrule.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Functions of f16 and bf16 numbers where a rounding on the way would lose the result: they are computed in f32 and rounded once. */
class NarrowFloatsTest {

  /** 1 - sigmoid(8), and the softmax's share of 0 beside 8. */
  private static final double REST = 1 / (1 + Math.exp(8));

  private static Tensor of(DType dtype, double... values) {
    return Tensor.of(HostArray.ofDoubles(TensorType.of(dtype, 1, values.length), values));
  }

  /** Half a unit of the last place, and what f32 is off; denormal f16 numbers are 2^-24 apart. */
  private static void assertRoundedOnce(double exact, Tensor y) {
    double u = y.dtype() == DType.F16 ? 0x1p-11 : 0x1p-8;
    assertEquals(exact, Values.read(y)[0], 1.01 * Math.max(u * Math.abs(exact), y.dtype() == DType.F16 ? 0x1p-25 : 0));
  }

  private static Tensor slope(UnaryOperator<Tensor> function, Tensor x) {
    return Gradients.of(function.apply(x).slice(1, 0, 1).sum(), List.of(x)).getFirst();
  }

  @Test
  @Tag("S12.4") @Tag("S12.5") @Tag("S12.6") @Tag("S12.27")
  void theSharesOfManyClassesAreNotLost() {
    int n = 70_000;
    Tensor x = Tensor.zeros(TensorType.of(DType.F16, 1, n));
    assertRoundedOnce(1.0 / n, x.softmax(1));
    assertRoundedOnce(-Math.log(n), x.logSoftmax(1));
    assertRoundedOnce(Math.log(n), Composites.softmaxCrossEntropy(x, Tensor.of(new int[] {5})));
  }

  @Test
  @Tag("S12.2") @Tag("S12.3") @Tag("S12.27")
  void tailsAreNotLost() {
    assertRoundedOnce(1 / (1 + Math.exp(13)), of(DType.F16, -13).sigmoid());
    // -3 times the normal distribution's share below -3, 0.00134989803.
    assertRoundedOnce(-3 * 0.00134989803163, of(DType.BF16, -3).gelu());
    assertRoundedOnce(-3 * 0.00134989803163, of(DType.F16, -3).gelu());
  }

  @Test
  @Tag("S12.4") @Tag("S12.5")
  void differencesBeyondTheRangeAreComputed() {
    Tensor x = of(DType.F16, -40_000, 60_000);
    assertEquals(0, Values.read(x.softmax(1))[0]);
    assertEquals(1, Values.read(x.softmax(1))[1]);
    assertEquals(Double.NEGATIVE_INFINITY, Values.read(x.logSoftmax(1))[0]);
    assertEquals(0, Values.read(x.logSoftmax(1))[1]);
  }

  @Test
  @Tag("S12.27")
  void slopesAreNotTakenOfRoundedResults() {
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      assertRoundedOnce(REST * (1 - REST), slope(Tensor::sigmoid, of(dtype, 8)));
      assertRoundedOnce(REST * (1 - REST), slope(x -> x.softmax(1), of(dtype, 8, 0)));
      assertRoundedOnce(REST, slope(x -> x.logSoftmax(1), of(dtype, 8, 0)));
      Tensor label = Tensor.of(new int[] {0});
      assertRoundedOnce(-REST, slope(x -> Composites.softmaxCrossEntropy(x, label).unsqueeze(1), of(dtype, 8, 0)));
      // The share below -3, and -3 times the density there.
      assertRoundedOnce(0.00134989803163 - 3 * 0.00443184841194, slope(Tensor::gelu, of(dtype, -3)));
    }
  }
}
