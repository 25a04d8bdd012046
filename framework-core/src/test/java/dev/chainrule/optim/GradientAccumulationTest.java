package dev.chainrule.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.NonFiniteException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.ReferenceStep;
import dev.chainrule.train.Step;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GradientAccumulationTest {

  /** Uneven, and together a power of two: the mean of small whole numbers is exact. */
  private static final int[] SIZES = {3, 4, 1};
  private static final int SAMPLES = 8;
  private static final int FEATURES = 3;

  private static Variable weights(DType dtype) {
    return Variable.of("w", HostArray.ofDoubles(TensorType.of(dtype, FEATURES), 1, -0.5, 2), true);
  }

  /** Whole numbers from -8 to 8. */
  private static Tensor samples(DType dtype, long seed, int from, int to) {
    double[] all = new Random(seed).ints(SAMPLES * FEATURES, -8, 9).asDoubleStream().toArray();
    double[] some = Arrays.copyOfRange(all, from * FEATURES, to * FEATURES);
    return Tensor.of(HostArray.ofDoubles(TensorType.of(dtype, to - from, FEATURES), some));
  }

  /** Linear in w: its gradient is the samples' mean, whatever w has become. */
  private static Tensor linear(Variable w, Tensor x) {
    return x.mul(w.value()).sum(1);
  }

  private static ReferenceStep whole(Optimizer optimizer, Variable w) {
    return ReferenceStep.training(0, in -> {
      optimizer.minimise(linear(w, in.getFirst()).mean());
      return List.of();
    });
  }

  private static ReferenceStep parts(GradientAccumulation accumulation, Variable w) {
    return ReferenceStep.training(0, in -> {
      Tensor x = in.getFirst();
      boolean stepped = accumulation.minimise(linear(w, x).sum(), Tensor.scalar(x.dim(0)));
      return List.of(Tensor.scalar(stepped ? 1 : 0));
    });
  }

  private static void runParts(ReferenceStep step, DType dtype, long seed, int first, int end) {
    int from = Arrays.stream(SIZES, 0, first).sum();
    for (int i = first; i < end; i++) {
      double stepped = step.run(samples(dtype, seed, from, from + SIZES[i])).getFirst().doubleAt(0);
      assertEquals(i == SIZES.length - 1 ? 1 : 0, stepped, "run " + i);
      from += SIZES[i];
    }
  }

  private static Optimizer clipped(Kind kind, Variable w) {
    // The mean's norm lies below the bound in some steps and above in others; that of the sums always above.
    return kind.maker.apply(List.of(w), Schedule.warmUp(3, Schedule.cosine(0.1, 6))).withClipping(GradientClipping.byGlobalNorm(2.5));
  }

  // --- n runs are one batch ----------------------------------------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  @Tag("S15.15")
  void unevenBatchesGiveTheBitsOfOneWithAllTheirSamples(Kind kind) {
    Variable one = weights(DType.F32);
    Variable many = weights(DType.F32);
    Optimizer plain = clipped(kind, one);
    Optimizer accumulated = clipped(kind, many);
    ReferenceStep wholeStep = whole(plain, one);
    ReferenceStep partStep = parts(new GradientAccumulation(accumulated, SIZES.length), many);
    for (int t = 0; t < 5; t++) {
      wholeStep.run(samples(DType.F32, t, 0, SAMPLES));
      runParts(partStep, DType.F32, t, 0, SIZES.length);
      assertArrayEquals(ReferenceStep.values(one), ReferenceStep.values(many), 0, "step " + t);
    }
    assertEquals(contents(plain.state()), contents(accumulated.state()), "clipping and schedule saw the same steps");
  }

  /** Squared errors in f64: at most 2 n rounding errors of each sum's size apart, and the rate is 1. */
  @Test
  @Tag("S15.15")
  void aCurvedLossAgreesWithinRounding() {
    Variable one = weights(DType.F64);
    Variable many = weights(DType.F64);
    Optimizer plain = new Sgd(List.of(one), Schedule.constant(1));
    var accumulation = new GradientAccumulation(new Sgd(List.of(many), Schedule.constant(1)), SIZES.length);
    Tensor x = samples(DType.F64, 1, 0, SAMPLES).mul(0.1);
    ReferenceStep.training(0, in -> {
      plain.minimise(linear(one, in.getFirst()).square().mean());
      return List.of();
    }).run(x);
    ReferenceStep step = ReferenceStep.training(0, in -> {
      accumulation.minimiseMean(linear(many, in.getFirst()).square().mean(), in.getFirst().dim(0));
      return List.of();
    });
    step.run(x.slice(0, 0, 5));
    step.run(x.slice(0, 5, 7));
    step.run(x.slice(0, 7, 8));
    double largestTerm = 2 * (FEATURES * 0.8 * 2) * 0.8;
    assertArrayEquals(ReferenceStep.values(one), ReferenceStep.values(many), 2 * SAMPLES * (FEATURES + 3) * 0x1p-53 * largestTerm);
    assertTrue(Math.abs(ReferenceStep.values(one)[0] - 1) > 0.1, "it moved");
  }

  @Test
  @Tag("S15.15")
  void parametersMoveInTheLastRunAlone() {
    Variable w = weights(DType.F32);
    Optimizer optimizer = Kind.ADAM.of(w);
    ReferenceStep step = parts(new GradientAccumulation(optimizer, SIZES.length), w);
    double[] start = ReferenceStep.values(w);
    runParts(step, DType.F32, 1, 0, SIZES.length - 1);
    assertArrayEquals(start, ReferenceStep.values(w), 0);
    assertTrue(optimizer.state().values().stream().allMatch(v -> Arrays.stream(ReferenceStep.values(v)).allMatch(x -> x == 0)));
    runParts(step, DType.F32, 1, SIZES.length - 1, SIZES.length);
    assertTrue(start[0] != ReferenceStep.values(w)[0]);
    assertEquals(1, ReferenceStep.values(optimizer.state().get("adam/step"))[0]);
  }

  @Test
  void twoPlansServeATraining() {
    Variable w = weights(DType.F32);
    var accumulation = new GradientAccumulation(Kind.ADAM.of(w), 4);
    Step step = Step.training(in -> {
      accumulation.minimise(linear(w, in.getFirst()).sum(), Tensor.scalar(SAMPLES));
      return List.of();
    });
    Devices.with(ReferenceDevice.create(), () -> {
      for (int run = 0; run < 12; run++) {
        step.run(samples(DType.F32, run, 0, SAMPLES));
      }
      assertEquals(3, accumulation.optimizer().state().get("adam/step").toHostArray().longAt(0));
      return step;
    });
    assertEquals(2, step.plans());
    assertEquals(0, step.hostReads());
  }

  // --- state -------------------------------------------------------------------------------------------------------------------------

  private static Map<String, HostArray> contents(Map<String, Variable> state) {
    Map<String, HostArray> contents = new LinkedHashMap<>();
    state.forEach((name, variable) -> contents.put(name, variable.toHostArray()));
    return contents;
  }

  private static void restore(Map<String, Variable> state, Map<String, HostArray> saved) {
    assertEquals(saved.keySet(), state.keySet());
    state.forEach((name, variable) -> variable.assign(Tensor.of(saved.get(name))));
  }

  @ParameterizedTest
  @EnumSource
  @Tag("S15.15")
  void aTrainingResumedInTheMiddleGoesOnThere(Kind kind) {
    Variable w = weights(DType.F32);
    Optimizer optimizer = clipped(kind, w);
    var accumulation = new GradientAccumulation(optimizer, SIZES.length);
    ReferenceStep step = parts(accumulation, w);
    runParts(step, DType.F32, 1, 0, SIZES.length);
    runParts(step, DType.F32, 2, 0, 2);

    Variable w2 = Variable.of("w", w.toHostArray(), true);
    Optimizer resumed = clipped(kind, w2);
    var accumulation2 = new GradientAccumulation(resumed, SIZES.length);
    restore(resumed.state(), contents(optimizer.state()));
    restore(accumulation2.state(), contents(accumulation.state()));
    assertEquals(2, accumulation2.state().get("accumulation/runs").toHostArray().longAt(0));
    ReferenceStep step2 = parts(accumulation2, w2);
    for (ReferenceStep each : List.of(step, step2)) {
      runParts(each, DType.F32, 2, 2, SIZES.length);
      runParts(each, DType.F32, 3, 0, SIZES.length);
    }
    assertEquals(w.toHostArray(), w2.toHostArray());
    assertEquals(contents(optimizer.state()), contents(resumed.state()));
  }

  @Test
  @Tag("S15.15")
  void stateIsNamedAndZeroBetweenSteps() {
    Variable w = weights(DType.F64);
    var accumulation = new GradientAccumulation(Kind.SGD.of(w), SIZES.length);
    Map<String, HostArray> zero = contents(accumulation.state());
    assertEquals(List.of("accumulation/runs", "accumulation/weight", "accumulation/sum/w"), List.copyOf(zero.keySet()));
    assertEquals(w.type(), zero.get("accumulation/sum/w").type());
    runParts(parts(accumulation, w), DType.F64, 1, 0, SIZES.length);
    assertEquals(zero, contents(accumulation.state()));
  }

  @Test
  @Tag("S15.15")
  void aFaultedRunChangesNothingAndTheOthersStillCount() {
    Variable w = weights(DType.F32);
    Variable expected = weights(DType.F32);
    var accumulation = new GradientAccumulation(Kind.ADAM.of(w), SIZES.length);
    ReferenceStep step = parts(accumulation, w);
    runParts(step, DType.F32, 1, 0, 2);
    Map<String, HostArray> before = contents(accumulation.state());
    Tensor spoilt = Tensor.full(TensorType.of(DType.F32, 2, FEATURES), Double.NaN);
    assertThrows(NonFiniteException.class, () -> step.run(spoilt));
    assertEquals(before, contents(accumulation.state()));
    runParts(step, DType.F32, 1, 2, SIZES.length);
    runParts(parts(new GradientAccumulation(Kind.ADAM.of(expected), SIZES.length), expected), DType.F32, 1, 0, SIZES.length);
    assertEquals(expected.toHostArray(), w.toHostArray());
  }

  /** The loss is finite, its slope is not: found when it is added, not when the step is taken. */
  @Test
  @Tag("S15.15")
  void anInfiniteGradientIsAFaultOfItsOwnRun() {
    Variable w = Variable.of("w", HostArray.ofFloats(TensorType.scalar(DType.F32), 0), true);
    var accumulation = new GradientAccumulation(Kind.SGD.of(w), 3);
    ReferenceStep step = ReferenceStep.training(0, _ -> {
      accumulation.minimise(w.value().sqrt(), Tensor.scalar(1));
      return List.of();
    });
    var fault = assertThrows(NonFiniteException.class, step::run);
    assertTrue(fault.getMessage().startsWith("[accumulation/sum/w]"), fault.getMessage());
  }

  // --- misuse ------------------------------------------------------------------------------------------------------------------------

  @Test
  void misuseIsRefused() {
    Variable w = weights(DType.F32);
    Optimizer optimizer = Kind.SGD.of(w);
    assertThrows(InvalidArgumentException.class, () -> new GradientAccumulation(optimizer, 0));
    var accumulation = new GradientAccumulation(optimizer, 2);
    Tensor one = Tensor.scalar(1);
    var outside = assertThrows(InvalidArgumentException.class, () -> accumulation.minimise(w.value().sum(), one));
    assertTrue(outside.getMessage().startsWith("[sgd] minimise was called outside a Step"), outside.getMessage());
    ReferenceStep twice = ReferenceStep.training(0, _ -> {
      Tensor loss = w.value().sum();
      Stream.of(loss, loss).forEach(l -> accumulation.minimise(l, one));
      return List.of();
    });
    var again = assertThrows(InvalidArgumentException.class, twice::run);
    assertTrue(again.getMessage().startsWith("[accumulation] minimise was called twice in one Step"), again.getMessage());
    assertThrows(ShapeMismatchException.class, () -> accumulation.minimise(w.value().sum(), Tensor.of(new float[2])));
  }
}
