package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.StaleTensorException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class VariableTest {

  private static HostArray vector(double... values) {
    return HostArray.ofDoubles(TensorType.of(DType.F64, values.length), values);
  }

  @Test
  void outsideATraceAssignmentsHoldAtOnce() {
    Variable v = Variable.of("v", vector(1, 2), true);
    assertArrayEquals(new double[] {1, 2}, read(v.value()));
    v.assign(Tensor.of(vector(3, 4)));
    assertArrayEquals(new double[] {3, 4}, read(v.value()));
  }

  @Test
  void oneVersionIsOneTensor() {
    Variable v = Variable.of("v", vector(1, 2), true);
    Tensor first = v.value();
    assertSame(first.node(), v.value().node());
    v.assign(Tensor.of(vector(3, 4)));
    assertNotSame(first.node(), v.value().node());
  }

  @Test
  void aTensorOfAnOldVersionIsStaleUnlessEvaluatedBefore() {
    Variable v = Variable.of("v", vector(1, 2), true);
    Tensor old = v.value();
    Tensor pending = old.mul(2);
    v.assign(Tensor.of(vector(3, 4)));
    assertThrows(StaleTensorException.class, () -> read(old));
    var e = assertThrows(StaleTensorException.class, () -> read(pending));
    assertTrue(e.getMessage().startsWith("[v] a tensor refers to version 1 of the variable, which is now at 2"), e.getMessage());

    Tensor kept = v.value();
    kept.node().evaluated(vector(3, 4));
    Tensor onIt = kept.mul(2);
    v.assign(Tensor.of(vector(5, 6)));
    assertArrayEquals(new double[] {6, 8}, read(onIt));
  }

  @Test
  void inATraceTheLastAssignmentCounts() {
    Variable v = Variable.of("v", vector(1, 2), true);
    var recording = Trace.record(Mode.TRAINING, 0, 0, false, () -> {
      Tensor before = v.value();
      assertSame(before.node(), v.value().node(), "read twice, one node");
      v.assign(before.mul(10));
      Tensor between = v.value();
      v.assign(between.add(1));
      assertArrayEquals(new double[] {1, 2}, read(before));
      assertArrayEquals(new double[] {10, 20}, read(between));
      assertArrayEquals(new double[] {11, 21}, read(v.value()));
      return List.of();
    });
    assertEquals(1, recording.graph().assignments().size());
    assertArrayEquals(new double[] {1, 2}, read(v.value()), "a trace alone commits nothing");
  }

  @Test
  void declaredVariablesAreFilledFromASeed() {
    Variable v = Variable.declared("v", TensorType.of(DType.F64, 1), false, seed -> vector(seed * 2.0));
    assertFalse(v.isInitialised());
    assertFalse(v.isTrainable());
    v.initialise(4);
    assertTrue(v.isInitialised());
    assertArrayEquals(new double[] {8}, read(v.value()));
    Variable w = Variable.declared("w", TensorType.of(DType.F64, 1), false, seed -> vector(seed * 2.0));
    Trace.record(Mode.TRAINING, 21, 0, false, () -> List.of(w.value()));
    assertArrayEquals(new double[] {42}, read(w.value()), "at the first trace that reads it");
  }

  @Test
  @Tag("S19.1")
  void theDefaultModeIsEvaluation() {
    assertEquals(Mode.EVALUATION, Mode.current());
    assertEquals(Mode.TRAINING, Mode.TRAINING.call(Mode::current));
    assertEquals(Mode.EVALUATION, Mode.TRAINING.call(() -> Mode.EVALUATION.call(Mode::current)));
  }
}
