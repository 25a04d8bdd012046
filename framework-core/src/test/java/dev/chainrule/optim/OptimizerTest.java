package dev.chainrule.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.NonFiniteException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.GraphPrinter;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.StepGraph;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.ReferenceStep;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What all optimizers have in common. */
class OptimizerTest {

  private final Variable a = Variable.of("a", HostArray.ofFloats(TensorType.of(DType.F32, 2), 1, -2), true);
  private final Variable b = Variable.of("b", HostArray.ofFloats(TensorType.scalar(DType.F32), 3), true);

  /** A checkpoint in memory. */
  private final Map<String, HostArray> saved = new TreeMap<>();

  private Tensor quadratic() {
    return a.value().square().sum().add(b.value().sub(1).square().mul(5));
  }

  // --- state -------------------------------------------------------------------------------------------------------------------------

  @Test
  void stateIsNamedAndStartsAtZero() {
    Map<String, Variable> state = new Adam(List.of(a, b), Schedule.constant(1)).state();
    assertEquals(List.of("adam/step", "adam/m/a", "adam/m/b", "adam/v/a", "adam/v/b"), List.copyOf(state.keySet()));
    state.forEach((name, variable) -> {
      assertEquals(name, variable.name());
      assertTrue(!variable.isTrainable() && variable.isInitialised(), name);
      assertTrue(Arrays.stream(ReferenceStep.values(variable)).allMatch(x -> x == 0), name);
    });
    assertEquals(a.type(), state.get("adam/m/a").type());
  }

  @ParameterizedTest
  @EnumSource
  void aTrainingGoesOnFromItsState(Kind kind) {
    Optimizer whole = kind.maker.apply(List.of(a, b), Schedule.cosine(0.1, 6));
    Variable a2 = Variable.of("a", HostArray.ofFloats(a.type(), 1, -2), true);
    Variable b2 = Variable.of("b", HostArray.ofFloats(b.type(), 3), true);
    for (int i = 0; i < 3; i++) {
      minimise(whole, a, b);
      // An optimizer made anew for every step, with the state of the last.
      Optimizer resumed = kind.maker.apply(List.of(a2, b2), Schedule.cosine(0.1, 6));
      restore(resumed);
      minimise(resumed, a2, b2);
      save(resumed);
    }
    assertArrayEquals(ReferenceStep.values(a), ReferenceStep.values(a2), 0);
    assertArrayEquals(ReferenceStep.values(b), ReferenceStep.values(b2), 0);
    assertEquals(3, saved.get(whole.state().keySet().iterator().next()).longAt(0));
  }

  private void save(Optimizer optimizer) {
    optimizer.state().forEach((name, v) -> saved.put(name, v.type().dtype() == DType.I64
        ? HostArray.ofLongs(v.type(), (long) ReferenceStep.values(v)[0]) : HostArray.ofDoubles(v.type(), ReferenceStep.values(v))));
  }

  private void restore(Optimizer optimizer) {
    if (!saved.isEmpty()) {
      var step = ReferenceStep.evaluation(0, _ -> {
        optimizer.state().forEach((name, v) -> v.assign(Tensor.of(saved.get(name))));
        return List.of();
      });
      step.run();
    }
  }

  private static void minimise(Optimizer optimizer, Variable a, Variable b) {
    ReferenceStep.training(0, _ -> {
      optimizer.minimise(a.value().square().sum().add(b.value().sub(1).square()));
      return List.of();
    }).run();
  }

  @ParameterizedTest
  @EnumSource
  @Tag("S14.8")
  void aFaultedStepChangesNothing(Kind kind) {
    Optimizer optimizer = kind.of(a, b);
    var step = ReferenceStep.training(0, in -> {
      optimizer.minimise(quadratic().mul(in.getFirst()));
      return List.of();
    });
    step.run(Tensor.scalar(1));
    save(optimizer);
    Map<String, HostArray> before = Map.copyOf(saved);
    double[] parameter = ReferenceStep.values(a);
    var fault = assertThrows(NonFiniteException.class, () -> step.run(Tensor.scalar(Double.NaN)));
    assertTrue(fault.getMessage().startsWith("[loss]"), fault.getMessage());
    save(optimizer);
    assertEquals(before, saved);
    assertArrayEquals(parameter, ReferenceStep.values(a), 0);
  }

  /** Squared it overflows: the parameter would stay finite and never move again. */
  @ParameterizedTest
  @EnumSource(names = {"RMSPROP", "ADAM", "ADAMW"})
  @Tag("S14.8")
  void aGradientWhoseSquareOverflowsIsAFaultAndLeavesTheOptimizerUsable(Kind kind) {
    Optimizer optimizer = kind.of(a, b);
    var step = ReferenceStep.training(0, in -> {
      optimizer.update(List.of(a.value().mul(0L).add(in.getFirst()), b.value().mul(0L)));
      return List.of();
    });
    assertThrows(NonFiniteException.class, () -> step.run(Tensor.scalar(1e20)));
    double[] before = ReferenceStep.values(a);
    step.run(Tensor.scalar(1));
    assertTrue(before[0] > ReferenceStep.values(a)[0], "it moves on with sound gradients");
  }

  @Test
  @Tag("S14.8")
  void lossGradientsAndRateMustBeFinite() {
    List<String> all = List.of("loss", "square of the gradient of a", "square of the gradient of b", "learning rate");
    assertEquals(all, checks(Kind.ADAM.of(a, b)));
    assertEquals(all, checks(Kind.RMSPROP.of(a, b)));
    assertEquals(List.of("loss", "gradient norm", "learning rate"), checks(Kind.SGD.of(a, b).withClipping(GradientClipping.byGlobalNorm(1))));
  }

  private List<String> checks(Optimizer optimizer) {
    return record(optimizer).checks().stream().map(StepGraph.Check::what).toList();
  }

  private StepGraph record(Optimizer optimizer) {
    return ReferenceStep.training(0, _ -> {
      optimizer.minimise(quadratic());
      return List.of();
    }).record();
  }

  @ParameterizedTest
  @EnumSource
  void theStepsNumberIsNotPartOfTheGraph(Kind kind) {
    Optimizer optimizer = kind.maker.apply(List.of(a, b), Schedule.warmUp(10, Schedule.cosine(0.1, 500)));
    StepGraph first = record(optimizer);
    Variable counter = optimizer.state().values().iterator().next();
    ReferenceStep.training(0, _ -> {
      counter.assign(Tensor.scalar(DType.I64, 1000));
      return List.of();
    }).run();
    assertEquals(1000, ReferenceStep.values(counter)[0]);
    assertEquals(GraphPrinter.toText(ReferenceStep.roots(first)), GraphPrinter.toText(ReferenceStep.roots(record(optimizer))));
  }

  /** A plan passes each Java number on at every run: an optimizer's are as many for a thousand parameters as for one. */
  @ParameterizedTest
  @EnumSource
  void parametersShareTheSettings(Kind kind) {
    long two = scalars(record(kind.of(a, b)));
    Variable[] many = IntStream.range(0, 20).mapToObj(i -> Single.parameter("p" + i, DType.F32, 1)).toArray(Variable[]::new);
    Optimizer optimizer = kind.of(many);
    long twenty = scalars(ReferenceStep.training(0, _ -> {
      optimizer.update(Stream.of(many).map(Variable::value).toList());
      return List.of();
    }).record());
    assertTrue(twenty <= two, twenty + " numbers for 20 parameters, " + two + " for 2 and their loss");
  }

  private static long scalars(StepGraph graph) {
    return GraphPrinter.toText(ReferenceStep.roots(graph)).lines().filter(line -> line.contains(" = scalar ")).count();
  }

  // --- misuse ------------------------------------------------------------------------------------------------------------------------

  @Test
  void minimiseOutsideAStepSaysWhereItBelongs() {
    Optimizer optimizer = Kind.ADAM.of(a, b);
    var e = assertThrows(InvalidArgumentException.class, () -> optimizer.minimise(quadratic()));
    assertTrue(e.getMessage().startsWith("[adam] minimise was called outside a Step"), e.getMessage());
    assertTrue(e.getMessage().contains("Step.training"), e.getMessage());
    assertThrows(InvalidArgumentException.class, () -> optimizer.update(List.of(a.value(), b.value())));
  }

  @Test
  @Tag("S12.32")
  void parametersMustBeTrainableAndDistinct() {
    Variable fixed = Variable.of("mean", HostArray.ofFloats(TensorType.scalar(DType.F32), 0), false);
    Variable half = Single.parameter("half", DType.F16, 1);
    Variable sameName = Single.parameter("a", DType.F32, 1);
    assertRefused(InvalidArgumentException.class, "no parameters");
    assertRefused(InvalidArgumentException.class, "mean f32[] is not trainable", a, fixed);
    assertRefused(InvalidArgumentException.class, "two parameters a", a, b, a);
    assertRefused(InvalidArgumentException.class, "two parameters a", a, sameName);
    assertRefused(DTypeMismatchException.class, "half f16[]", half);
  }

  private static void assertRefused(Class<? extends ChainruleException> type, String part, Variable... parameters) {
    var e = assertThrows(type, () -> Kind.ADAM.of(parameters));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @Test
  void aLossThatTeachesNothingIsRefused() {
    Variable other = Single.parameter();
    var strange = assertThrows(InvalidArgumentException.class, () -> minimise(Kind.SGD.of(other), a, b));
    assertTrue(strange.getMessage().contains("depends on none of the parameters"), strange.getMessage());

    Optimizer optimizer = Kind.SGD.of(a, b);
    var stale = assertThrows(InvalidArgumentException.class, ReferenceStep.training(0, _ -> {
      Tensor loss = quadratic();
      optimizer.minimise(loss);
      optimizer.minimise(loss);
      return List.of();
    })::record);
    assertTrue(stale.getMessage().contains("before the parameters were last updated"), stale.getMessage());
  }

  /** Two steps in one Step are the same as in two. */
  @Test
  void stepsFollowEachOtherInProgramOrder() {
    Optimizer optimizer = Kind.ADAM.of(a, b);
    ReferenceStep.training(0, _ -> {
      optimizer.minimise(quadratic());
      optimizer.minimise(quadratic());
      return List.of();
    }).run();
    double[] once = ReferenceStep.values(a);
    a.initialise(0);
    b.initialise(0);
    Optimizer again = Kind.ADAM.of(a, b);
    for (int i = 0; i < 2; i++) {
      ReferenceStep.training(0, _ -> {
        again.minimise(quadratic());
        return List.of();
      }).run();
    }
    assertArrayEquals(once, ReferenceStep.values(a), 0);
    assertEquals(2, ReferenceStep.values(optimizer.state().get("adam/step"))[0]);
  }

  @Test
  void gradientsMustFitTheParameters() {
    Optimizer optimizer = Kind.SGD.of(a, b);
    assertThrows(InvalidArgumentException.class, ReferenceStep.training(0, _ -> {
      optimizer.update(List.of(a.value()));
      return List.of();
    })::record);
    assertThrows(ShapeMismatchException.class, ReferenceStep.training(0, _ -> {
      optimizer.update(List.of(b.value(), a.value()));
      return List.of();
    })::record);
  }

  @Test
  void settingsAreFixedOnceThereIsState() {
    var adam = new Adam(List.of(a, b), Schedule.constant(1));
    adam.withEpsilon(1e-6);
    minimise(adam, a, b);
    assertThrows(InvalidArgumentException.class, () -> adam.withEpsilon(1e-6));
    assertThrows(InvalidArgumentException.class, () -> adam.withClipping(GradientClipping.byGlobalNorm(1)));
  }

  @Test
  void theRateIsAnF32Scalar() {
    var sgd = new Sgd(List.of(a, b), step -> step.cast(DType.F64));
    var e = assertThrows(InvalidArgumentException.class, () -> minimise(sgd, a, b));
    assertTrue(e.getMessage().contains("f64[]"), e.getMessage());
  }
}
