package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.NonFiniteException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The word of faults that all runs share. */
class FrameTest {

  private final Variable w = Variable.of("w", HostArray.ofDoubles(TensorType.of(DType.F32, 2), 1, 2), true);

  private final Step adding = Step.training(in -> {
    Tensor next = w.value().add(in.get(0));
    Tensor loss = next.log().sum();
    Trace.surrounding().orElseThrow().mustBeFinite(loss, "loss");
    w.assign(next);
    return List.of(next.sum());
  });

  private Tensor add(float... summand) {
    return adding.run(Tensor.of(summand)).getFirst();
  }

  /** Whose commits look at the same word. */
  @Test
  void aFaultStopsOtherStepsWhenALargerFrameTakesThePlaceOfThisOne() {
    OnOpenCl.with(device -> {
      Variable other = Variable.of("other", HostArray.ofDoubles(TensorType.of(DType.F32, 1), 5), true);
      Step counting = Step.training(_ -> {
        other.assign(other.value().add(1));
        return List.of();
      });
      counting.run();
      add(1, 1);
      add(-100, 1);
      OpenClMemory frame = device.frame().memory();
      device.frame().require(100_000);
      assertNotSame(frame, device.frame().memory());
      counting.run();
      NonFiniteException e = assertThrows(NonFiniteException.class, () -> other.value().item());
      assertTrue(e.getMessage().startsWith("[loss] step 2"), e.getMessage());
      assertEquals(6, other.value().item());
      counting.run();
      assertEquals(7, other.value().item());
      assertEquals(7, add(1, 1).item());
    });
  }
}
