package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.tensor.Cond;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What becomes of loops and choices in a plan. */
class LoopPlanTest {

  private final ReferenceDevice device = ReferenceDevice.create();

  private Schedule schedule(Tensor... outputs) {
    return Planner.schedule(StepGraph.of(Stream.of(outputs).map(Tensor::node).toList()), new Leaves(), device);
  }

  private static Tensor data(long... shape) {
    TensorType type = TensorType.of(DType.F64, shape);
    return Tensor.of(HostArray.ofDoubles(type, new SplittableRandom(1).doubles(type.elements(), -1, 1).toArray()));
  }

  private static Stream<Instruction.Loop> loops(List<Instruction> instructions) {
    return instructions.stream().flatMap(i -> Stream.concat(
        i instanceof Instruction.Loop loop ? Stream.of(loop) : Stream.empty(), i.bodies().stream().flatMap(LoopPlanTest::loops)));
  }

  private static Loop.Results recurrence(Tensor x, Tensor w) {
    return Loop.scan(12, List.of(w, x), List.of(), turn(w));
  }

  private static Loop.Results inChunks(Tensor x, Tensor w) {
    return Loop.scanInChunks(12, List.of(w, x), List.of(), turn(w));
  }

  private static Loop.Turn turn(Tensor w) {
    return (number, carries, _) -> {
      Tensor next = carries.getFirst().mul(w).sin();
      return new Loop.Results(List.of(next, carries.get(1).add(number.cast(DType.F64))), List.of(next.exp()));
    };
  }

  @Test
  void withoutAGradientALoopKeepsNothingOfItsRepetitions() {
    for (Loop.Results results : List.of(recurrence(data(3), data(3)), inChunks(data(3), data(3)))) {
      List<Instruction.Loop> loops = loops(schedule(results.carries().getFirst()).instructions()).toList();
      assertFalse(loops.isEmpty());
      assertTrue(loops.stream().allMatch(loop -> loop.outputs().isEmpty()), loops.toString());
    }
  }

  /** The second carry, and what it reads, is gone when only the first is wanted: one kernel that writes the carry is left. */
  @Test
  @Tag("S11.13")
  void carriesThatServeOnlyThemselvesAreNotComputed() {
    Tensor both = recurrence(data(3), data(3)).carries().getFirst().add(recurrence(data(3), data(3)).carries().get(1));
    int all = loops(schedule(both).instructions()).mapToInt(loop -> loop.body().size()).sum();
    int one = loops(schedule(recurrence(data(3), data(3)).carries().getFirst()).instructions()).mapToInt(loop -> loop.body().size()).sum();
    assertTrue(one < all, one + " of " + all);
    Instruction.Loop inner = loops(schedule(recurrence(data(3), data(3)).carries().getFirst()).instructions()).toList().getLast();
    assertEquals(1, inner.body().size(), inner.toString());
  }

  @Test
  @Tag("S11.13") @Tag("S17.19")
  void theGradientKeepsTheBeginningsOfChunksAndOneChunk() {
    Tensor w = data(3);
    assertEquals((3 + 4) * 3 * 8, kept(inChunks(data(3), w).carries().getFirst().sum(), w), "chunks of 3 or 4 of 12, each of 3 doubles");
  }

  private long kept(Tensor loss, Tensor w) {
    return loops(schedule(Gradients.of(loss, List.of(w)).getFirst()).instructions())
        .flatMap(loop -> loop.outputs().stream()).mapToLong(slice -> slice.whole().type().bytes()).sum();
  }

  /** Of 12 repetitions the carry and the cosine's argument; nothing is computed again. */
  @Test
  @Tag("S11.13") @Tag("S17.19")
  void theGradientOfASmallLoopKeepsWhatItReads() {
    Tensor w = data(3);
    Tensor loss = recurrence(data(3), w).carries().getFirst().sum();
    assertEquals(2 * 12 * 3 * 8, kept(loss, w));
    List<Instruction.Loop> loops = loops(schedule(Gradients.of(loss, List.of(w)).getFirst()).instructions()).toList();
    assertEquals(2, loops.size());
    assertFalse(loops.getLast().body().toString().contains("Sin"), loops.toString());
  }

  @Test
  void plansOfLoopsAndChoicesGiveTheInterpretersNumbers() {
    for (ReferenceDevice each : List.of(device, ReferenceDevice.dense())) {
      Devices.with(each, () -> {
        for (int length : new int[] {0, 1, 3, 7, 12}) {
          Tensor x = data(4, 3);
          Tensor xs = data(length, 4, 3);
          Loop.Results results = Loop.scan(length, List.of(x, x.transpose()), List.of(xs, xs.flip(0)), (number, c, s) -> {
            Tensor odd = number.mod(Tensor.full(number.type(), 2)).equal(1);
            Tensor chosen = Cond.of(odd, () -> List.of(c.get(1).transpose().add(s.get(0))), () -> List.of(s.get(1).softmax(1))).getFirst();
            return new Loop.Results(List.of(chosen, c.get(0).transpose()), List.of(c.get(1), chosen.slice(0, 1, 3)));
          });
          Tensor loss = results.carries().get(0).square().sum().add(results.carries().get(1).sum()).add(results.outputs().get(0).sum());
          for (Tensor t : List.of(results.carries().get(1), results.outputs().get(0), results.outputs().get(1),
              Gradients.of(loss, List.of(x)).getFirst(), Gradients.of(loss, List.of(xs)).getFirst())) {
            HostArray expected = Interpreter.evaluate(List.of(t.node()), Engine::read).getFirst();
            assertEquals(expected, t.toHostArray());
          }
        }
        return null;
      });
    }
  }

  /** Of two carries and an output only the output is read, of two results of a choice only the second. */
  @Test
  @Tag("S11.13")
  void whatNobodyReadsOfChoicesAndLoopsOfUnknownLengthIsNotComputed() {
    Tensor x = data(3);
    Tensor second = Cond.of(x.sum().greater(0), () -> List.of(x.exp(), x.sin()), () -> List.of(x.log(), x.cos())).get(1);
    Instruction.Cond cond = (Instruction.Cond) schedule(second).instructions().stream()
        .filter(Instruction.Cond.class::isInstance).findFirst().orElseThrow();
    assertEquals(1, cond.then().size(), cond.toString());
    assertEquals(1, cond.otherwise().size(), cond.toString());

    Tensor one = Tensor.full(TensorType.scalar(DType.I64), 1);
    Tensor count = Loop.whileTrue(List.of(x, one, one), c -> c.get(2).less(5),
        c -> List.of(c.get(0).exp(), c.get(1).add(1), c.get(2).add(1))).get(1);
    Instruction.While loop = (Instruction.While) schedule(count).instructions().stream()
        .filter(Instruction.While.class::isInstance).findFirst().orElseThrow();
    assertFalse(loop.body().toString().contains("Exp"), loop.toString());
  }

  @Test
  @Tag("S11.13")
  void ofALoopOnlyWhatIsReadIsComputed() {
    Tensor w = data(3);
    Tensor output = Loop.scan(12, List.of(w, data(3)), List.of(), (_, c, _) ->
        new Loop.Results(List.of(c.get(0).sin(), c.get(1).exp()), List.of(c.get(1).mul(2)))).outputs().getFirst();
    assertTrue(loops(schedule(output).instructions()).noneMatch(loop -> loop.body().toString().contains("Sin")));
  }

  /** An exponential of an outer tensor, and its transposed, which the product would have to lay out anew each time. */
  @Test
  @Tag("S11.13")
  void whatIsTheSameInAllRepetitionsIsComputedBeforeTheLoop() {
    Tensor w = data(3, 3);
    Tensor last = Loop.scan(5, List.of(data(2, 3)), List.of(), (_, c, _) ->
        new Loop.Results(List.of(c.getFirst().matmul(w.transpose()).add(w.exp().sum(0))), List.of())).carries().getFirst();
    List<Instruction.Loop> loops = loops(schedule(last).instructions()).toList();
    assertFalse(loops.getFirst().body().toString().contains("Exp"), loops.toString());
    Instruction.Call product = loops.getFirst().body().stream().map(LoopPlanTest::call).flatMap(Optional::stream).findFirst().orElseThrow();
    assertTrue(product.inputs().get(1).layout().isContiguous(), product.toString());
    assertEquals(Interpreter.evaluate(List.of(last.node()), Engine::read).getFirst(), Devices.with(device, last::toHostArray));
  }

  private static Optional<Instruction.Call> call(Instruction instruction) {
    return switch (instruction) {
      case Instruction.Call call -> Optional.of(call);
      case Instruction.WithEpilogue(var call, var _) -> Optional.of(call);
      default -> Optional.empty();
    };
  }

  /** What may fault must not before a loop that has no repetitions. */
  @Test
  void whatMayFaultStaysInTheLoop() {
    Tensor divisor = Tensor.of(new int[] {0});
    Tensor last = Loop.scan(0, List.of(Tensor.of(new int[] {7})), List.of(), (_, c, _) ->
        new Loop.Results(List.of(c.getFirst().add(divisor.floorDiv(divisor))), List.of())).carries().getFirst();
    assertEquals(7, Devices.with(device, last::toHostArray).longAt(0));
  }

  @Test
  void anOutputThatIsOnlyReadBackwardsIsWrittenSo() {
    Tensor x = data(3);
    Tensor output = Loop.scan(5, List.of(x), List.of(), (_, c, _) ->
        new Loop.Results(List.of(c.getFirst().sin()), List.of(c.getFirst().cos()))).outputs().getFirst();
    assertEquals(-3, strideOfOutput(output.flip(0).exp()));
    assertEquals(3, strideOfOutput(output.flip(0).add(output)));
    assertEquals(3, strideOfOutput(output.flip(1).exp()));
    for (Tensor each : List.of(output.flip(0).exp(), output.flip(0).add(output))) {
      assertEquals(Interpreter.evaluate(List.of(each.node()), Engine::read).getFirst(), Devices.with(device, each::toHostArray));
    }
  }

  private long strideOfOutput(Tensor result) {
    return loops(schedule(result).instructions()).flatMap(loop -> loop.outputs().stream()).findFirst().orElseThrow().whole().layout().stride(0);
  }
}
