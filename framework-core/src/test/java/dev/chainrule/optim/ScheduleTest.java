package dev.chainrule.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Variable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {

  /** Relative error of rates in f32: a handful of roundings. */
  private static final double CLOSE = 8 * 0x1p-24;

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 1_000_000})
  void constantNeverChanges(long step) {
    assertEquals((float) 0.3, Schedule.constant(0.3).at(step));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 17, 50, 99, 100, 101, 100_000})
  void cosineFollowsItsFormula(long t) {
    double expected = 0.01 + 0.5 * (0.3 - 0.01) * (1 + Math.cos(Math.PI * Math.min(t, 100) / 100.0));
    assertEquals(expected, Schedule.cosine(0.3, 100).withMinimum(0.01).at(t), CLOSE * expected);
  }

  @Test
  void cosineByHand() {
    Schedule cosine = Schedule.cosine(0.4, 1000);
    assertEquals((float) 0.4, cosine.at(0));
    assertEquals(0.2, cosine.at(500), CLOSE * 0.2);
    // (1 + cos(2 pi / 3)) / 2 = 1/4 and (1 + cos(pi / 3)) / 2 = 3/4.
    assertEquals(0.1, Schedule.cosine(0.4, 3).at(2), CLOSE * 0.1);
    assertEquals(0.3, Schedule.cosine(0.4, 3).at(1), CLOSE * 0.3);
    assertEquals(0, cosine.at(1000));
    assertEquals(0, cosine.at(1_000_000));
  }

  /** (1 + cos(pi t / n)) / 2 one step before the end is (pi / 2n)^2 to first order: 2.5e-12 for n = 10^6, all lost if it cancelled. */
  @Test
  void cosineIsExactNearItsEnd() {
    double expected = Math.pow(Math.sin(Math.PI / 2e6), 2);
    assertEquals(expected, Schedule.cosine(1, 1_000_000).at(999_999), CLOSE * expected);
  }

  @Test
  void warmUpRisesLinearlyAndHandsOver() {
    Schedule schedule = Schedule.warmUp(4, Schedule.cosine(0.8, 10));
    assertEquals(0.2, schedule.at(0), CLOSE * 0.2);
    assertEquals(0.4, schedule.at(1), CLOSE * 0.4);
    assertEquals(0.6, schedule.at(2), CLOSE * 0.6);
    assertEquals((float) 0.8, schedule.at(3));
    assertEquals((float) 0.8, schedule.at(4));
    assertEquals(0.4, schedule.at(9), CLOSE * 0.4);
    assertEquals(0, schedule.at(14));
    assertEquals(0, schedule.at(1000));
  }

  @Test
  void aLambdaIsASchedule() {
    Schedule halving = step -> step.neg().mul(Math.log(2)).exp();
    assertEquals(0.125, halving.at(3), CLOSE);
  }

  @Test
  void aScheduleThatReadsAVariableHasNoFigureOnTheHost() {
    Variable rate = Variable.of("rate", HostArray.ofDoubles(TensorType.scalar(DType.F32), 0.1), false);
    Schedule schedule = _ -> rate.value();
    assertThrows(InvalidArgumentException.class, () -> schedule.at(0));
  }

  @Test
  void figuresOutOfRangeAreRefused() {
    assertThrows(InvalidArgumentException.class, () -> Schedule.constant(-1));
    assertThrows(InvalidArgumentException.class, () -> Schedule.constant(Double.NaN));
    assertThrows(InvalidArgumentException.class, () -> Schedule.cosine(1, 0));
    assertThrows(InvalidArgumentException.class, () -> Schedule.cosine(1, 10).withMinimum(-1));
    assertThrows(InvalidArgumentException.class, () -> Schedule.warmUp(0, Schedule.constant(1)));
  }
}
