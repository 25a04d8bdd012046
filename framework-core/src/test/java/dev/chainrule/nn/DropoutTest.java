package dev.chainrule.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DropoutTest {

  private static final Tensor ONES = Tensor.ones(TensorType.of(DType.F32, 300, 200));

  private static HostArray train(long seed, long run, Supplier<Tensor> function) {
    return Reading.step(Mode.TRAINING, seed, run, function);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.5, 0.75, 0.99})
  @Tag("S18.11")
  void dropsThatPartAndScalesTheRest(double probability) {
    double[] y = train(1, 0, () -> new Dropout(probability).apply(ONES)).toDoubleArray();
    double scaled = (float) (1 / (1 - probability));
    assertTrue(Arrays.stream(y).allMatch(v -> v == 0 || v == scaled));
    double dropped = Arrays.stream(y).filter(v -> v == 0).count() / (double) y.length;
    assertEquals(probability, dropped, 5 * Math.sqrt(probability * (1 - probability) / y.length));
  }

  @Test
  void neighboursAreDroppedIndependently() {
    double[] y = train(1, 0, () -> new Dropout(0.5).apply(ONES)).toDoubleArray();
    for (int distance : new int[] {1, 2, 3, 4, 200}) {
      double both = 0;
      for (int i = 0; i + distance < y.length; i++) {
        both += y[i] == 0 && y[i + distance] == 0 ? 1 : 0;
      }
      assertEquals(0.25, both / (y.length - distance), 5 * Math.sqrt(0.25 / y.length), "at distance " + distance);
    }
  }

  @Test
  void theMaskFollowsFromSeedRunAndPath() {
    var dropout = new Dropout(0.5);
    HostArray mask = train(1, 5, () -> dropout.apply(ONES));
    assertEquals(mask, train(1, 5, () -> dropout.apply(ONES)));
    assertEquals(mask, train(1, 5, () -> new Dropout(0.5).apply(ONES)));
    assertNotEquals(mask, train(1, 6, () -> dropout.apply(ONES)));
    assertNotEquals(mask, train(2, 5, () -> dropout.apply(ONES)));
    var placed = new Sequential(dropout);
    assertNotEquals(mask, train(1, 5, () -> placed.apply(ONES)));
  }

  @Test
  void everyLayerAndEveryUseHasAMaskOfItsOwn() {
    var dropout = new Dropout(0.5);
    var two = new Sequential(dropout, new Dropout(0.5), dropout);
    double[] y = train(1, 0, () -> two.apply(ONES)).toDoubleArray();
    double kept = Arrays.stream(y).filter(v -> v != 0).count() / (double) y.length;
    assertEquals(0.125, kept, 5 * Math.sqrt(0.125 * 0.875 / y.length));
  }

  @Test
  @Tag("S18.11")
  void theBackwardPassDropsTheSameElements() {
    var dropout = new Dropout(0.3);
    Tensor x = Tensor.of(Initializer.uniform(1).values(TensorType.of(DType.F32, 50, 20), new HostRandom(1)));
    HostArray mask = train(1, 2, () -> dropout.apply(Tensor.ones(x.type())));
    HostArray gradient = train(1, 2, () -> Gradients.of(dropout.apply(x).sum(), List.of(x)).getFirst());
    assertEquals(mask, gradient);
    Reading.checkGradient(
        in -> Tensor.of(Reading.recorded(Mode.TRAINING, 1, 2, () -> dropout.apply(in.getFirst().tanh()))), Reading.random(1, 4, 5));
  }

  @Test
  void whatIsDroppedIsGoneEvenIfNotFinite() {
    Tensor infinite = ONES.mul(Double.POSITIVE_INFINITY);
    double[] y = train(1, 0, () -> new Dropout(0.5).apply(infinite)).toDoubleArray();
    assertTrue(Arrays.stream(y).allMatch(v -> v == 0 || v == Double.POSITIVE_INFINITY));
  }

  @Test
  @Tag("S19.2")
  void evaluationIsTheIdentity() {
    var dropout = new Dropout(0.9);
    assertSame(ONES, dropout.apply(ONES));
    assertSame(ONES, Mode.EVALUATION.call(() -> dropout.apply(ONES)));
    Reading.step(Mode.EVALUATION, 1, 0, () -> {
      assertSame(ONES, dropout.apply(ONES));
      return ONES;
    });
  }

  @Test
  void probabilitiesZeroAndOneAreExact() {
    assertSame(ONES, Mode.TRAINING.call(() -> new Dropout(0).apply(ONES)));
    Tensor x = Tensor.of(new double[] {1, Double.NaN});
    assertArrayEquals(new double[2], train(1, 0, () -> new Dropout(1).apply(x)).toDoubleArray());
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
  void probabilitiesOutsideZeroToOneAreErrors(double probability) {
    var error = assertThrows(InvalidArgumentException.class, () -> new Dropout(probability));
    assertTrue(error.getMessage().contains("" + probability), error.getMessage());
  }

  @Test
  @Tag("S18.11")
  void trainingOutsideAStepSaysToUseOne() {
    var model = new Sequential().add("drop", new Dropout(0.5));
    var error = assertThrows(InvalidArgumentException.class, () -> Mode.TRAINING.call(() -> model.apply(ONES)));
    assertTrue(error.getMessage().startsWith("[drop Dropout(0.5)]") && error.getMessage().contains("Run it in a Step"), error.getMessage());
  }
}
