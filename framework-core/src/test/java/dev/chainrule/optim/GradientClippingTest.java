package dev.chainrule.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class GradientClippingTest {

  /** The clipped gradients, then the norm. */
  private static List<HostArray> clip(double maxNorm, Tensor... gradients) {
    var clipped = GradientClipping.byGlobalNorm(maxNorm).clip(List.of(gradients));
    var all = new ArrayList<>(clipped.gradients());
    all.add(clipped.norm());
    return Interpreter.evaluate(all.stream().map(Tensor::node).toList(), _ -> {
      throw new AssertionError("there is nothing to read");
    });
  }

  /** |(2, 3, 6)| = 7, over two tensors; at most 3.5 halves them. */
  @Test
  @Tag("S12.15")
  void theNormIsThatOfAllGradientsTogether() {
    List<HostArray> clipped = clip(3.5, Tensor.of(new float[] {2, 3}, 2, 1), Tensor.scalar(6));
    assertArrayEquals(new float[] {1, 1.5f}, clipped.get(0).toFloatArray());
    assertArrayEquals(new float[] {3}, clipped.get(1).toFloatArray());
    assertEquals(7, clipped.get(2).doubleAt(0));
  }

  @Test
  void gradientsWithinTheBoundKeepTheirBits() {
    float[] gradient = {0.1f, -0.7f, 1e-20f};
    assertArrayEquals(gradient, clip(0.8, Tensor.of(gradient)).getFirst().toFloatArray());
    assertArrayEquals(gradient, clip(1e30, Tensor.of(gradient)).getFirst().toFloatArray());
  }

  @Test
  void gradientsOfZeroStayZero() {
    List<HostArray> clipped = clip(1, Tensor.of(new float[] {0, 0}));
    assertArrayEquals(new float[] {0, 0}, clipped.get(0).toFloatArray());
    assertEquals(0, clipped.get(1).doubleAt(0));
  }

  @Test
  @Tag("S12.15")
  void typesAreKept() {
    List<HostArray> clipped = clip(2.5, Tensor.of(new double[] {3}), Tensor.of(new float[] {4}));
    assertEquals(List.of(DType.F64, DType.F32, DType.F64), clipped.stream().map(a -> a.type().dtype()).toList());
    assertEquals(1.5, clipped.get(0).doubleAt(0));
    assertEquals(2, clipped.get(1).doubleAt(0));
  }

  @Test
  void whatIsNotFiniteShowsInTheNorm() {
    List<HostArray> clipped = clip(1, Tensor.of(new float[] {1, Float.NaN}), Tensor.of(new float[] {1}));
    assertTrue(Double.isNaN(clipped.get(2).doubleAt(0)));
    assertTrue(Arrays.stream(clipped.get(1).toDoubleArray()).allMatch(Double::isNaN));
    // Finite, but its square is not: the norm says so instead of a quiet step of zero.
    assertEquals(Double.POSITIVE_INFINITY, clip(1, Tensor.of(new float[] {1e30f})).get(1).doubleAt(0));
  }

  @Test
  void aBoundOfZeroIsRefused() {
    assertThrows(InvalidArgumentException.class, () -> GradientClipping.byGlobalNorm(0));
  }
}
