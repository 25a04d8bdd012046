package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.autograd.GradientCheck;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@link RandomStream#dropout}; the layer has a test of its own. */
class DropoutFunctionTest {

  private static final Shape MANY = Shape.of(200, 100);

  @Test
  @Tag("S12.24")
  void keepsWhatBernoulliKeepsAndScalesIt() {
    Tensor x = RandomStream.of(1).uniform(MANY).sub(0.5);
    for (double rate : new double[] {0.1, 0.5, 0.9}) {
      RandomStream stream = RandomStream.of(13).split(2);
      double[] kept = read(stream.bernoulli(1 - rate, MANY));
      double[] values = read(x);
      double[] y = read(stream.dropout(x, rate));
      for (int i = 0; i < y.length; i++) {
        assertEquals(kept[i] == 0 ? 0 : (float) (values[i] * (float) (1 / (1 - rate))), y[i]);
      }
    }
  }

  @Test
  void theBackwardPassDrawsTheSameBits() {
    Tensor x = Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F32, 200, 100), new double[20_000]));
    RandomStream stream = RandomStream.of(13);
    Tensor gradient = Gradients.of(stream.dropout(x, 0.3).sum(), List.of(x)).getFirst();
    assertArrayEquals(read(stream.dropout(Tensor.ones(x.type()), 0.3)), read(gradient));
    assertEquals(DType.F32, gradient.dtype());
  }

  @Test
  void inALoopItDropsOtherElementsAtEachRepetitionAndTheSameOnTheWayBack() {
    RandomStream stream = RandomStream.of(13);
    List<Tensor> start = List.of(Tensor.ones(TensorType.of(DType.F64, 40)));
    double[] y = read(Loop.scan(3, start, List.of(), (_, carries, _) ->
        new Loop.Results(carries, List.of(stream.dropout(carries.getFirst(), 0.5)))).outputs().getFirst());
    assertFalse(Arrays.equals(Arrays.copyOf(y, 40), Arrays.copyOfRange(y, 40, 80)));
    GradientCheck.Report report = GradientCheck.of(in -> Loop.scan(3, in, List.of(), (_, carries, _) ->
        new Loop.Results(List.of(stream.dropout(carries.getFirst().exp(), 0.4)), List.of())).carries().getFirst(),
        List.of(HostArray.ofDoubles(TensorType.of(DType.F64, 4), -1, -0.5, 0.1, 0.3)));
    assertTrue(report.passed(), report.toString());
  }

  @Test
  @Tag("S12.24")
  void atItsEndsItIsTheIdentityAndZero() {
    Tensor x = Tensor.of(new double[] {1, Double.NaN, Double.POSITIVE_INFINITY});
    assertSame(x, RandomStream.of(1).dropout(x, 0));
    assertArrayEquals(new double[3], read(RandomStream.of(1).dropout(x, 1)));
    // The smallest and the largest rate that still draw.
    assertArrayEquals(read(x), read(RandomStream.of(1).dropout(x, Double.MIN_VALUE)));
    assertArrayEquals(new double[3], read(RandomStream.of(1).dropout(x, Math.nextDown(1.0))));
  }

  @Test
  void refusesOtherRatesAndTypes() {
    Tensor x = Tensor.scalar(1);
    for (double rate : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThrows(InvalidArgumentException.class, () -> RandomStream.of(1).dropout(x, rate));
    }
    assertThrows(DTypeMismatchException.class, () -> RandomStream.of(1).dropout(x.cast(DType.I32), 0.5));
  }
}
