package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who holds the arena at its fullest, in schedules small enough to see. */
class ArenaPeakTest {

  private static final List<Long> SIZES = List.of(100L, 1000L, 30L, 7L);

  private static Operand temporary(int id) {
    return Operand.dense(new BufferRef.Temporary(id), TensorType.of(DType.U8, SIZES.get(id)));
  }

  private static List<Operand> temporaries(int... ids) {
    return Arrays.stream(ids).mapToObj(ArenaPeakTest::temporary).toList();
  }

  private static Instruction call(String path, List<Operand> inputs, List<Operand> outputs) {
    return new Instruction.Call(new Op.Concat(0), inputs, outputs, new Origin(path, ""));
  }

  private static Map<String, Long> peak(Instruction... instructions) {
    List<Long> offsets = IntStream.range(0, SIZES.size()).mapToObj(_ -> 0L).toList();
    return ArenaPeak.byPath(new Schedule(List.of(instructions), List.of(), List.of(), List.of(), List.of(), List.of(), SIZES, offsets, 0, 0));
  }

  /** The third call needs 0 and 1 still; then 0 is gone, and 1, which is most of all, was never there beside 3. */
  @Test
  void itIsTheMomentAtWhichMostIsInUse() {
    Map<String, Long> held = peak(
        call("a", temporaries(), temporaries(0)),
        call("b", temporaries(0), temporaries(1)),
        call("a", temporaries(0, 1), temporaries(2)),
        call("c", temporaries(2), temporaries(3)));
    assertEquals(Map.of("a", 130L, "b", 1000L), held);
    assertEquals(List.of("b", "a"), List.copyOf(held.keySet()));
  }

  @Test
  void whoeverWritesFirstHoldsIt() {
    assertEquals(Map.of("maker", 1000L, "", 7L), peak(
        call("maker", temporaries(), temporaries(1)), call("other", temporaries(), temporaries(1)), call("", temporaries(1), temporaries(3))));
  }

  @Test
  void whatLoopsCarryIsHeldThroughoutThem() {
    Operand number = temporary(3);
    var loop = new Instruction.Loop(5, number, List.of(), List.of(),
        List.of(call("in", temporaries(), temporaries(1)), call("in", temporaries(1), temporaries(2))), new Origin("loop", ""));
    assertEquals(Map.of("before", 100L, "in", 1030L, "loop", 7L),
        peak(call("before", temporaries(), temporaries(0)), loop, call("after", temporaries(0, 2), temporaries())));
  }

  @Test
  void whatNobodyUsesIsHeldByNobody() {
    assertTrue(peak().isEmpty());
  }
}
