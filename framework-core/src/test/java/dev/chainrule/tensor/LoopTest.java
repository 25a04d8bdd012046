package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Philox;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoopTest {

  private static final TensorType I64 = TensorType.scalar(DType.I64);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 7, 11, 16, 30, 101})
  @Tag("S11.3") @Tag("S11.11") @Tag("S11.13")
  void scansAsAJavaLoopWould(int length) {
    long[] x = new long[length];
    Arrays.setAll(x, i -> 3L * i - 7);
    Loop.Turn turn = (number, carries, slices) -> {
      Tensor next = carries.getFirst().mul(2).add(slices.getFirst()).add(number);
      return new Loop.Results(List.of(next), List.of(next, carries.getFirst(), number));
    };
    assertAsInJava(x, Loop.scan(length, List.of(Tensor.full(I64, 5)), List.of(Tensor.of(x, length)), turn));
    assertAsInJava(x, Loop.scanInChunks(length, List.of(Tensor.full(I64, 5)), List.of(Tensor.of(x, length)), turn));
  }

  private static void assertAsInJava(long[] x, Loop.Results results) {
    int length = x.length;
    long carry = 5;
    long[][] expected = new long[3][length];
    for (int i = 0; i < length; i++) {
      expected[1][i] = carry;
      carry = carry * 2 + x[i] + i;
      expected[0][i] = carry;
      expected[2][i] = i;
    }
    assertArrayEquals(new long[] {carry}, readLongs(results.carries().getFirst()));
    for (int i = 0; i < 3; i++) {
      assertEquals(TensorType.of(DType.I64, length), results.outputs().get(i).type());
      assertArrayEquals(expected[i], readLongs(results.outputs().get(i)));
    }
  }

  @Test
  void theGraphOfALoopDoesNotGrowWithItsLength() {
    assertEquals(nodes(2), nodes(2_000));
  }

  private static int nodes(int length) {
    Tensor w = Tensor.of(new double[] {0.5}, 1);
    Loop.Results results = Loop.scan(length, List.of(w), List.of(), (_, carries, _) ->
        new Loop.Results(List.of(carries.getFirst().mul(w).sin()), List.of(carries.getFirst())));
    return Graphs.topological(List.of(results.carries().getFirst().node(), results.outputs().getFirst().node())).size();
  }

  @Test
  @Tag("S11.11")
  void numbersOfTheBodyAreParametersOfThePlan() {
    Loop.Results results = Loop.scan(3, List.of(Tensor.of(new double[] {1})), List.of(), (_, carries, _) ->
        new Loop.Results(List.of(carries.getFirst().mul(2.5)), List.of()));
    List<Node> graph = Graphs.topological(List.of(results.carries().getFirst().node()));
    assertTrue(graph.stream().anyMatch(n -> n.op() instanceof Op.Scalar), "2.5 is not among the loop's inputs");
    assertArrayEquals(new double[] {2.5 * 2.5 * 2.5}, read(results.carries().getFirst()));
  }

  @Test
  @Tag("S11.11")
  void variablesMayBeReadInTheBody() {
    Variable w = Variable.of("w", HostArray.ofDoubles(TensorType.scalar(DType.F64), 3), true);
    Loop.Results results = Loop.scan(4, List.of(Tensor.full(TensorType.scalar(DType.F64), 1)), List.of(), (_, carries, _) ->
        new Loop.Results(List.of(carries.getFirst().mul(w.value())), List.of()));
    assertArrayEquals(new double[] {81}, read(results.carries().getFirst()));
  }

  @Test
  @Tag("S11.12")
  void aVariableAssignedInTheBodyIsAnError() {
    Variable w = Variable.of("w", HostArray.ofDoubles(TensorType.scalar(DType.F64), 3), true);
    var e = assertThrows(InvalidArgumentException.class, () -> Loop.scan(4, List.of(w.value()), List.of(), (_, carries, _) -> {
      w.assign(carries.getFirst());
      return new Loop.Results(carries, List.of());
    }));
    assertTrue(e.getMessage().contains("assigned inside a composite or loop body"), e.getMessage());
  }

  @Test
  @Tag("S11.12")
  void aValueReadInTheBodyIsAnError() {
    var e = assertThrows(InvalidArgumentException.class, () -> Loop.scan(4, List.of(), List.of(), (number, _, _) -> {
      number.item();
      return new Loop.Results(List.of(), List.of(number));
    }));
    assertTrue(e.getMessage().contains("read inside"), e.getMessage());
  }

  @Test
  @Tag("S18.16")
  void eachRepetitionHasRandomBitsOfItsOwnAndTheyAreThoseOfItsNumber() {
    RandomStream stream = RandomStream.of(3);
    Tensor bits = Loop.scan(5, List.of(Tensor.full(I64, 0)), List.of(), (_, carries, _) ->
        new Loop.Results(carries, List.of(stream.bits(Shape.of(4))))).outputs().getFirst();
    Set<Long> distinct = new HashSet<>();
    for (long word : readLongs(bits)) {
      distinct.add(word);
    }
    assertEquals(20, distinct.size());
    assertArrayEquals(readLongs(stream.bits(Shape.of(4))), readLongs(bits.select(0, 0)));
  }

  @Test
  @Tag("S18.16")
  void repetitionsOfALoopInALoopHaveRandomBitsOfTheirOwn() {
    RandomStream stream = RandomStream.of(3);
    Tensor zero = Tensor.full(I64, 0);
    Tensor bits = Loop.scan(6, List.of(zero), List.of(), (_, outer, _) -> {
      Loop.Results inner = Loop.scan(5, outer, List.of(), (_, carries, _) -> new Loop.Results(carries, List.of(stream.bits(Shape.of()))));
      return new Loop.Results(inner.carries(), inner.outputs());
    }).outputs().getFirst();
    assertEquals(30, Arrays.stream(readLongs(bits)).distinct().count());
  }

  @Test
  @Tag("S18.4")
  void modulePathsInABodyAddressItsRandomBits() {
    Trace.record(Mode.TRAINING, 7, 3, false, () -> {
      Trace trace = Trace.surrounding().orElseThrow();
      Tensor bits = Loop.scan(2, List.of(), List.of(), (_, _, _) -> new Loop.Results(List.of(), List.of(
          trace.at("net/dropout", () -> trace.random().bits(Shape.of(3)))))).outputs().getFirst();
      long key = Philox.key(7, Philox.stream("net/dropout", 0));
      for (int iteration = 0; iteration < 2; iteration++) {
        int[] block = Philox.block(0, 0, 3, iteration, (int) key, (int) (key >>> 32));
        assertArrayEquals(new long[] {block[0], block[1], block[2]}, readLongs(bits.select(0, iteration)));
      }
      return List.of();
    });
  }

  @Test
  @Tag("S11.10")
  void repeatsWhileTheConditionHolds() {
    // Collatz from 27: 111 steps.
    Tensor two = Tensor.full(I64, 2);
    List<Tensor> end = Loop.whileTrue(List.of(Tensor.full(I64, 27), Tensor.full(I64, 0)), c -> c.getFirst().notEqual(1), c -> List.of(
        c.get(0).mod(two).equal(0).where(c.get(0).floorDiv(two), c.get(0).mul(3).add(1)), c.get(1).add(1)));
    assertArrayEquals(new long[] {1}, readLongs(end.get(0)));
    assertArrayEquals(new long[] {111}, readLongs(end.get(1)));
    Tensor never = Loop.whileTrue(List.of(two), c -> c.getFirst().less(0), c -> List.of(c.getFirst().add(1))).getFirst();
    assertArrayEquals(new long[] {2}, readLongs(never));
  }

  @Test
  @Tag("S11.5") @Tag("S11.11")
  void choosesOneOfTwoParts() {
    Tensor x = Tensor.of(new double[] {1, 2});
    for (int number : new int[] {0, 5}) {
      List<Tensor> chosen = Cond.of(Tensor.scalar(DType.I32, number).greater(3), () -> List.of(x.mul(10), x), () -> List.of(x, x.neg()));
      assertArrayEquals(number > 3 ? new double[] {10, 20} : new double[] {1, 2}, read(chosen.get(0)));
      assertArrayEquals(number > 3 ? new double[] {1, 2} : new double[] {-1, -2}, read(chosen.get(1)));
    }
  }

  @Test
  void saysWhatDoesNotFit() {
    Tensor x = Tensor.of(new float[] {1, 2, 3});
    refused(ShapeMismatchException.class, "[loop] a sliced tensor is f32[3], expected a first axis of 4",
        () -> Loop.scan(4, List.of(), List.of(x), (_, _, s) -> new Loop.Results(List.of(), s)));
    refused(InvalidArgumentException.class, "[loop] length -1, expected 0 or more",
        () -> Loop.scan(-1, List.of(x), List.of(), (_, c, _) -> new Loop.Results(c, List.of())));
    refused(ShapeMismatchException.class, "[loop] carries are [f32[3]], the body gives [f32[]]",
        () -> Loop.scan(2, List.of(x), List.of(), (_, c, _) -> new Loop.Results(List.of(c.getFirst().sum()), List.of())));
    refused(ChainruleException.class, "[cond] the predicate is f32[3], expected bool[]", () -> Cond.of(x, () -> List.of(x), () -> List.of(x)));
    refused(ShapeMismatchException.class, "[cond] the branches give [f32[3]] and [f32[]]",
        () -> Cond.of(x.sum().greater(0), () -> List.of(x), () -> List.of(x.sum())));
    refused(ChainruleException.class, "[while] the condition gives [i64[]], expected one bool[]",
        () -> Loop.whileTrue(List.of(Tensor.full(I64, 1)), c -> c.getFirst(), c -> c));
  }

  private static void refused(Class<? extends ChainruleException> type, String message, Runnable call) {
    var e = assertThrows(type, call::run);
    assertTrue(e.getMessage().startsWith(message), e.getMessage());
  }

  @Test
  void saysWhenThereIsNothingToCompute() {
    Tensor x = Tensor.of(new float[] {1, 2, 3});
    refused(InvalidArgumentException.class, "[loop] no carries and no outputs",
        () -> Loop.scan(2, List.of(), List.of(), (_, _, _) -> new Loop.Results(List.of(), List.of())));
    refused(InvalidArgumentException.class, "[cond] the branches give nothing",
        () -> Cond.of(x.sum().greater(0), List::of, List::of));
    refused(InvalidArgumentException.class, "[while] no carries", () -> Loop.whileTrue(List.of(), _ -> x.sum().greater(0), c -> c));
  }
}
