package dev.chainrule.nn;

import static dev.chainrule.nn.Reading.checkGradient;
import static dev.chainrule.nn.Reading.doubles;
import static dev.chainrule.nn.Reading.f64;
import static dev.chainrule.nn.Reading.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LossesTest {

  private static final int[] LABELS = {2, 0, 3};

  private static double only(Tensor scalar) {
    assertEquals(0, scalar.rank());
    return doubles(scalar)[0];
  }

  @Test
  @Tag("S12.14")
  void mseIsTheMeanOfSquaredDifferences() {
    HostArray prediction = random(1, 3, 4);
    HostArray target = random(2, 3, 4);
    double sum = 0;
    for (int i = 0; i < 12; i++) {
      sum += Math.pow(prediction.doubleAt(i) - target.doubleAt(i), 2);
    }
    assertEquals(sum / 12, only(Losses.mse(Tensor.of(prediction), Tensor.of(target))), 1e-14);
    checkGradient(in -> Losses.mse(in.get(0), in.get(1)), prediction, target);
  }

  @Test
  @Tag("S4.5") @Tag("S12.14")
  void mseBroadcastsNothing() {
    Tensor column = Tensor.zeros(TensorType.of(DType.F32, 64, 1));
    Tensor vector = Tensor.zeros(TensorType.of(DType.F32, 64));
    var error = assertThrows(ShapeMismatchException.class, () -> Losses.mse(column, vector));
    assertTrue(error.getMessage().startsWith("[mse] prediction f32[64,1] and target f32[64] differ in shape"), error.getMessage());
    assertThrows(DTypeMismatchException.class, () -> Losses.mse(vector, vector.cast(DType.F64)));
  }

  @ParameterizedTest
  @EnumSource(names = {"I32", "I64"})
  @Tag("S12.14")
  void crossEntropyIsTheMeanNegativeLogProbability(DType labels) {
    HostArray logits = random(3, 3, 4);
    double sum = 0;
    for (int row = 0; row < 3; row++) {
      double partition = 0;
      for (int c = 0; c < 4; c++) {
        partition += Math.exp(logits.doubleAt(4 * row + c));
      }
      sum -= Math.log(Math.exp(logits.doubleAt(4 * row + LABELS[row])) / partition);
    }
    assertEquals(sum / 3, only(Losses.crossEntropy(Tensor.of(logits), Tensor.of(LABELS).cast(labels))), 1e-14);
  }

  @Test
  void crossEntropyGradient() {
    checkGradient(in -> Losses.crossEntropy(in.getFirst(), Tensor.of(LABELS)), random(4, 3, 4));
  }

  @Test
  void crossEntropyOfEqualLogitsIsTheLogOfTheirNumber() {
    assertEquals(Math.log(10), only(Losses.crossEntropy(Tensor.zeros(TensorType.of(DType.F64, 5, 10)), Tensor.of(new int[5]))), 1e-14);
  }

  @Test
  @Tag("S17.14")
  void crossEntropyStaysFiniteForLargeLogits() {
    Tensor logits = Tensor.of(f64(new long[] {2, 3}, 1000, 0, -1000, 1000, 0, -1000));
    Tensor labels = Tensor.of(new int[] {0, 2});
    assertEquals(1000, only(Losses.crossEntropy(logits, labels)), 1e-9);
    assertArrayEquals(new double[] {0, 0, 0, 0.5, 0, -0.5},
        doubles(Gradients.of(Losses.crossEntropy(logits, labels), List.of(logits)).getFirst()), 1e-15);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 4, Integer.MAX_VALUE})
  void aLabelOutsideTheClassesMakesTheRunFail(int label) {
    Tensor loss = Losses.crossEntropy(Tensor.of(random(5, 3, 4)), Tensor.of(new int[] {0, label, 1}));
    var error = assertThrows(IndexRangeException.class, () -> Reading.read(loss));
    assertTrue(error.getMessage().contains(Integer.toString(label)), error.getMessage());
  }

  @Test
  void crossEntropyNamesWhatDoesNotFit() {
    Tensor logits = Tensor.of(random(6, 3, 4));
    var error = assertThrows(ShapeMismatchException.class, () -> Losses.crossEntropy(logits, Tensor.of(new int[4])));
    assertTrue(error.getMessage().contains("f64[3,4]") && error.getMessage().contains("i32[4]"), error.getMessage());
    assertThrows(DTypeMismatchException.class, () -> Losses.crossEntropy(logits, Tensor.of(new float[3])));
  }

  @Test
  void accuracyIsThePartThatIsRight() {
    Tensor logits = Tensor.of(new float[] {1, 3, 2, 5, 5, 0, -1, -2, -0.5f, 0, 0, 1}, 4, 3);
    Tensor accuracy = Metrics.accuracy(logits, Tensor.of(new int[] {1, 0, 0, 2}));
    assertEquals(TensorType.scalar(DType.F32), accuracy.type());
    assertEquals(0.75, only(accuracy));
    assertEquals(0.25, only(Metrics.accuracy(logits, Tensor.of(new long[] {1, 1, 7, -1}))));
    assertThrows(ShapeMismatchException.class, () -> Metrics.accuracy(logits, Tensor.of(new int[3])));
  }

  @Test
  void accuracyNarrowsNoClass() {
    Tensor logits = Tensor.arange(DType.F32, 300).reshape(1, 300);
    Tensor wrapped = Tensor.of(HostArray.ofLongs(TensorType.of(DType.U8, 1), 299 - 256));
    assertEquals(0, only(Metrics.accuracy(logits, wrapped)));
    assertEquals(1, only(Metrics.accuracy(logits.flip(1), Tensor.zeros(wrapped.type()))));
    assertEquals(0, only(Metrics.accuracy(logits, Tensor.of(new long[] {299 + (1L << 32)}))));
    for (DType dtype : new DType[] {DType.BOOL, DType.BF16, DType.F32}) {
      var error = assertThrows(DTypeMismatchException.class, () -> Metrics.accuracy(logits, Tensor.zeros(TensorType.of(dtype, 1))));
      assertTrue(error.getMessage().startsWith("[accuracy] labels are " + dtype + "[1], expected class numbers"), error.getMessage());
    }
  }

  @Test
  void crossEntropyOfNarrowLabelsNamesTheWayOut() {
    Tensor logits = Tensor.of(random(6, 3, 4));
    var error = assertThrows(DTypeMismatchException.class, () -> Losses.crossEntropy(logits, Tensor.zeros(TensorType.of(DType.U8, 3))));
    assertTrue(error.getMessage().startsWith("[crossEntropy] labels are u8[3], expected class numbers as i32 or i64"), error.getMessage());
    assertTrue(error.getMessage().contains("cast(DType.I32)"), error.getMessage());
  }
}
