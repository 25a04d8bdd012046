package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.NonFiniteException;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A run that goes wrong changes nothing and says where it went wrong. */
class FaultTest {

  private final ReferenceDevice device = ReferenceDevice.create();

  private List<Tensor> run(Step step, Tensor... inputs) {
    return Devices.with(device, () -> step.run(inputs));
  }

  private double[] read(Variable v) {
    return Devices.with(device, () -> v.value().toDoubleArray());
  }

  private static void mustBeFinite(Tensor loss) {
    Trace.surrounding().orElseThrow().mustBeFinite(loss, "loss");
  }

  @Test
  @Tag("S14.5")
  void aLossThatIsNotFiniteCommitsNothingAndIsExplained() {
    Variable a = Variable.of("a", HostArray.ofDoubles(TensorType.of(DType.F64, 2), 4, 2), true);
    Variable count = Variable.of("count", HostArray.ofDoubles(TensorType.of(DType.F64, 1), 0), false);
    Step step = Step.training(in -> {
      Tensor inner = Scope.current().at("model/hidden", () -> a.value().sub(in.get(0)).log());
      Tensor loss = inner.sum();
      mustBeFinite(loss);
      a.assign(a.value().add(1));
      count.assign(count.value().add(1));
      return List.of(loss);
    });
    run(step, Tensor.of(new double[] {1, 1}));
    var e = assertThrows(NonFiniteException.class, () -> run(step, Tensor.of(new double[] {1, 100})));
    assertTrue(e.getMessage().startsWith("[loss] step 2: loss is not finite, first at log f64[2] in model/hidden at FaultTest."),
        e.getMessage());
    assertTrue(e.getMessage().contains("FaultTest.java:"), e.getMessage());
    assertArrayEquals(new double[] {5, 3}, read(a), "as after the first step");
    assertArrayEquals(new double[] {1}, read(count));
    run(step, Tensor.of(new double[] {1, 1}));
    assertArrayEquals(new double[] {6, 4}, read(a), "and the next step goes on");
  }

  @Test
  @Tag("S14.6")
  void theNamedOperationIsOnTheWayToTheLoss() {
    // Infinities that turn into finite numbers are no fault: 1 / (1 + exp(1000)), exp(-infinity).
    Step step = Step.training(in -> {
      Tensor one = Tensor.ones(in.get(0).type());
      Tensor large = one.div(in.get(0).mul(-1000).exp().add(1));
      Tensor masked = Tensor.full(in.get(0).type(), Double.NEGATIVE_INFINITY).exp();
      Tensor loss = large.add(masked).add(in.get(0).sub(2).sqrt()).sum();
      mustBeFinite(loss);
      return List.of(loss);
    });
    var e = assertThrows(NonFiniteException.class, () -> run(step, Tensor.of(new double[] {-1, 1})));
    assertTrue(e.getMessage().startsWith("[loss] step 1: loss is not finite, first at sqrt f64[2]"), e.getMessage());
  }

  @Test
  @Tag("S14.6")
  void infinityMinusInfinityIsBlamedForItsNaN() {
    Step step = Step.training(in -> {
      Tensor infinite = in.get(0).exp();
      Tensor loss = infinite.sub(infinite.mul(2)).sum();
      mustBeFinite(loss);
      return List.of(loss);
    });
    var e = assertThrows(NonFiniteException.class, () -> run(step, Tensor.of(new double[] {1e4})));
    assertTrue(e.getMessage().startsWith("[loss] step 1: loss is not finite, first at sub f64[1]"), e.getMessage());
  }

  /** Whichever result it is: the function is named, or what came to it. */
  @Test
  void ofAFunctionWithSeveralResultsTheFunctionIsNamed() {
    var both = new CompositeFunction("both", (in, _) -> List.of(in.getFirst().mul(2), in.getFirst().sqrt()), Optional.empty());
    Step step = Step.training(in -> {
      Tensor loss = both.apply(Map.of(), in.get(0).neg()).get(1).sum();
      mustBeFinite(loss);
      return List.of(loss);
    });
    var own = assertThrows(NonFiniteException.class, () -> run(step, Tensor.of(new double[] {-1, 1})));
    assertTrue(own.getMessage().startsWith("[loss] step 1: loss is not finite, first at both f64[2]"), own.getMessage());
    var before = assertThrows(NonFiniteException.class, () -> run(step, Tensor.of(new double[] {-1, Double.NaN})));
    assertTrue(before.getMessage().startsWith("[loss] step 2: loss is not finite, first at input f64[2]"), before.getMessage());
  }

  @Test
  void dataThatIsNotFiniteIsNamedAsInput() {
    Step step = Step.training(in -> {
      Tensor loss = in.get(0).mul(2).sum();
      mustBeFinite(loss);
      return List.of(loss);
    });
    var e = assertThrows(NonFiniteException.class, () -> run(step, Tensor.of(new double[] {1, Double.NaN})));
    assertTrue(e.getMessage().startsWith("[loss] step 1: loss is not finite, first at input f64[2]"), e.getMessage());
  }

  @Test
  @Tag("S9.4") @Tag("S14.5")
  void aBadIndexCommitsNothingAndIsExplained() {
    Variable table = Variable.of("table", HostArray.ofDoubles(TensorType.of(DType.F64, 3, 1), 1, 2, 3), true);
    Step step = Step.training(in -> {
      Tensor rows = Scope.current().at("embedding", () -> table.value().take(0, in.get(0)));
      table.assign(table.value().add(rows.sum()));
      return List.of(rows);
    });
    run(step, Tensor.of(new int[] {2}));
    var e = assertThrows(IndexRangeException.class, () -> run(step, Tensor.of(new int[] {7})));
    assertTrue(e.getMessage().startsWith("[gather] step 2: index 7 "), e.getMessage());
    assertTrue(e.getMessage().contains(" in embedding at FaultTest."), e.getMessage());
    assertTrue(e.getMessage().contains("FaultTest.java:"), e.getMessage());
    assertArrayEquals(new double[] {4, 5, 6}, read(table));
  }

  @Test
  void aDivisionByZeroIsExplained() {
    Step step = Step.evaluation(in -> List.of(in.get(0).floorDiv(in.get(1))));
    var e = assertThrows(ChainruleException.class, () -> run(step, Tensor.of(new int[] {7}), Tensor.of(new int[] {0})));
    assertTrue(e.getMessage().contains("step 1: 7 divided by 0"), e.getMessage());
  }

  @Test
  void faultsOutsideStepsAreExplainedToo() {
    Tensor bad = Tensor.of(new double[] {1, 2}).take(0, Tensor.of(new int[] {1, -1}));
    var e = assertThrows(IndexRangeException.class, () -> Devices.with(device, bad::toDoubleArray));
    assertTrue(e.getMessage().startsWith("[gather] evaluation: index -1 "), e.getMessage());
  }

  @Test
  @Tag("S15.12")
  void aRunThatBreaksOffBetweenTwoCommitsLeavesNoVariableThatLooksValid() {
    Variable a = Variable.of("a", HostArray.ofDoubles(TensorType.of(DType.F64, 1), 1), true);
    Variable b = Variable.of("b", HostArray.ofDoubles(TensorType.of(DType.F64, 1), 2), true);
    Variable read = Variable.of("read", HostArray.ofDoubles(TensorType.of(DType.F64, 1), 10), true);
    Step step = Step.training(_ -> {
      a.assign(a.value().add(read.value()));
      b.assign(b.value().add(read.value()));
      return List.of();
    });
    run(step);
    Error first = new OutOfMemoryError("a worker has no memory");
    device.breakNextCommit(first);
    assertSame(first, assertThrows(OutOfMemoryError.class, () -> run(step)));
    for (Variable v : List.of(a, b)) {
      for (Executable look : List.<Executable>of(() -> read(v), v::toHostArray, () -> run(step))) {
        var e = assertThrows(DeviceUnavailableException.class, look);
        assertSame(first, e.getCause());
        assertTrue(e.getMessage().contains("the variable may hold anything since a run that writes it broke off: "
            + "java.lang.OutOfMemoryError: a worker has no memory"), e.getMessage());
      }
    }
    assertArrayEquals(new double[] {10}, read(read), "what the run only reads is as it was");
    a.assign(Tensor.of(new double[] {5}));
    assertArrayEquals(new double[] {5}, read(a), "a new value clears it");
    assertThrows(DeviceUnavailableException.class, () -> run(step), "b is still lost");
    b.assign(Tensor.of(new double[] {6}));
    run(step);
    assertArrayEquals(new double[] {15}, read(a));
    assertArrayEquals(new double[] {16}, read(b));
  }
}
