package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What only the stand-in can tell of a host that is ahead of its GPU; the suite has what becomes of faults. */
class RunsAheadTest {

  /** Inputs that a ring of page-locked memory takes until it is used again, and has all its events. */
  private static final int ROUND = 130;

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

  @Test
  void nothingHasRunBeforeALossIsRead() {
    OnTheStandIn.with(_ -> {
      add(1, 1).item();
      long launches = OnTheStandIn.standIn().count("launches");
      Tensor second = add(1, 1);
      Tensor third = add(1, 1);
      assertEquals(launches, OnTheStandIn.standIn().count("launches"), "a step waits for the GPU");
      assertEquals(9, third.item());
      assertEquals(7, second.item());
    });
  }

  @Test
  void memoryStaysAsItIs() {
    OnTheStandIn.with(device -> {
      List<Tensor> losses = new ArrayList<>();
      for (int i = 0; i < ROUND; i++) {
        losses.add(add(1, 1));
      }
      losses.forEach(Tensor::item);
      long all = OnTheStandIn.standIn().count("all");
      losses.clear();
      for (int i = 0; i < 500; i++) {
        losses.add(add(1, 1));
        if (i % 100 == 99) {
          add(Float.NaN, 1);
          assertThrows(NonFiniteException.class, () -> w.value().toDoubleArray());
        }
      }
      assertEquals(all, OnTheStandIn.standIn().count("all"), "pieces of memory, events and the like");
      assertEquals(3 + 2 * (ROUND + 500), losses.getLast().item());
    });
  }

  /** What a run that could not be enqueued whole has left in the word of faults is not the fault of the next. */
  @Test
  void aRefusedLaunchLeavesNoFaultBehind() {
    Settings usual = OnTheStandIn.usual();
    OnTheStandIn.with(new Settings(false, false, false, usual.cubins()), _ -> {
      add(1, 1).item();
      Variable other = Variable.of("other", HostArray.ofDoubles(TensorType.of(DType.F32, 1), 5), true);
      Step table = Step.training(in -> {
        other.assign(other.value().add(Tensor.of(new float[] {1, 2}).take(0, in.get(0)).sum()));
        return List.of();
      });
      Tensor bad = Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, 1), 7));
      long launches = OnTheStandIn.standIn().count("launches");
      table.run(Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, 1), 0)));
      other.toHostArray();
      long each = OnTheStandIn.standIn().count("launches") - launches;
      assertTrue(each > 1, "only the last of several launches may be refused");
      OnTheStandIn.standIn().fail("launch", each);
      assertThrows(RuntimeException.class, () -> table.run(bad));
      assertEquals(7, add(1, 1).item());
    });
  }
}
