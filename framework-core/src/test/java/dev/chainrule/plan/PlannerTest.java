package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.UnsupportedOpException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** From graphs to schedules: what becomes of each node, and that the numbers stay the same. */
class PlannerTest {

  private final ReferenceDevice device = ReferenceDevice.create();

  private Schedule schedule(Tensor... outputs) {
    return schedule(device, outputs);
  }

  private static Schedule schedule(ReferenceDevice device, Tensor... outputs) {
    return Planner.schedule(StepGraph.of(List.of(outputs).stream().map(Tensor::node).toList()), new Leaves(), device);
  }

  private static Tensor data(long... shape) {
    var random = new SplittableRandom(shape.length);
    TensorType type = TensorType.of(DType.F64, shape);
    double[] values = new double[Math.toIntExact(type.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(-8, 9) / 4.0;
    }
    return Tensor.of(HostArray.ofDoubles(type, values));
  }

  @Test
  void randomGraphsGiveTheInterpretersNumbers() {
    var random = new SplittableRandom(11);
    for (int round = 0; round < 150; round++) {
      List<Tensor> pool = new ArrayList<>(List.of(data(2, 3), data(3, 2), data(2, 3), Tensor.arange(DType.F64, 6).reshape(2, 3)));
      for (int i = 0; i < 25; i++) {
        Tensor x = pool.get(random.nextInt(pool.size()));
        Tensor y = pool.get(random.nextInt(pool.size()));
        pool.add(switch (random.nextInt(14)) {
          case 0 -> x.transpose();
          case 1 -> x.reshape(x.dim(1), x.dim(0));
          case 2 -> x.flip(random.nextInt(2));
          case 3 -> x.add(x.sum(0)).mul(0.1);
          case 4 -> x.sub(x.keep(x.max(1), 1));
          case 5 -> x.matmul(x.transpose()).matmul(x).mul(0.01);
          case 6 -> x.take(0, Tensor.of(new int[] {1, 0, 1})).slice(0, 0, x.dim(0) == 3 ? 3 : 2);
          case 7 -> x.pad(1, 1, 0, 0.5).slice(1, 0, x.dim(1));
          case 8 -> x.softmax(1).copy();
          case 9 -> x.mul(0.5).tanh().barrier();
          case 10 -> Tensor.concat(0, x, x.neg()).slice(0, 1, 1 + x.dim(0));
          case 11 -> x.less(0).where(x.neg(), x.select(0, 1));
          default -> x.shape().equals(y.shape()) ? x.mul(0.5).sub(y) : x.add(y.transpose()).mul(0.5);
        });
      }
      Tensor[] outputs = {pool.getLast(), pool.get(pool.size() - 2).transpose(), pool.get(pool.size() - 3), pool.getLast(), pool.get(10).sum()};
      List<HostArray> expected =
          Interpreter.evaluate(List.of(outputs).stream().map(Tensor::node).toList(), Engine::read);
      ReferenceDevice on = round % 2 == 0 ? device : ReferenceDevice.dense();
      List<Tensor> found = Devices.with(on, () -> Step.evaluation(_ -> List.of(outputs)).run());
      for (int i = 0; i < outputs.length; i++) {
        assertArrayEquals(expected.get(i).toDoubleArray(), found.get(i).toDoubleArray(), 0, "round " + round + ", output " + i);
      }
    }
  }

  @Test
  void chainsOfScalarOperationsAreOneKernel() {
    Tensor x = data(4, 4);
    Schedule schedule = schedule(x.mul(2).add(1).tanh().neg().mul(Tensor.arange(DType.F64, 4).square().barrier().exp()));
    // The row: arange is read twice, so it is a kernel of its own, its square ends at the barrier, exp where the row is repeated.
    assertEquals(3 + 1, schedule.instructions().size(), schedule.instructions().toString());
    schedule.instructions().forEach(i -> assertInstanceOf(Instruction.Compute.class, i));
  }

  @Test
  void whatTwoReadIsComputedOnce() {
    Tensor shared = data(4).exp();
    Schedule schedule = schedule(shared.add(1), shared.mul(2));
    long exps = schedule.instructions().stream().mapToLong(i -> i instanceof Instruction.Compute c ? count(c, Op.Exp.class) : 0).sum();
    assertEquals(1, exps);
  }

  private static long count(Instruction.Compute compute, Class<? extends Op> op) {
    return compute.kernel().values().stream().filter(v -> v instanceof KernelExpression.Apply apply && op.isInstance(apply.op())).count();
  }

  @Test
  void kernelsStayWithinTheirBound() {
    Tensor x = data(4);
    for (int i = 0; i < 200; i++) {
      x = i % 3 == 0 ? x.tanh() : x.add(0.5);
    }
    Schedule schedule = schedule(x);
    for (Instruction i : schedule.instructions()) {
      assertTrue(count((Instruction.Compute) i, Op.class) <= Fusion.LARGEST_KERNEL);
    }
    assertTrue(schedule.instructions().size() <= 10, "and are filled: " + schedule.instructions().size());
  }

  @Test
  void movementCostsNoInstruction() {
    Tensor x = data(4, 6);
    Schedule schedule = schedule(x.transpose().slice(0, 1, 5).flip(1).unsqueeze(0).broadcastTo(Shape.of(2, 4, 4)).sum(0));
    assertEquals(1, schedule.instructions().size());
  }

  @Test
  void aReshapeThatNoStridesExpressIsCopiedOnce() {
    Schedule schedule = schedule(data(4, 6).transpose().reshape(1, 24).matmul(data(24, 2)));
    assertEquals(2, schedule.instructions().size());
  }

  @Test
  void partsOfAConcatenationAreWrittenByWhatComputesThem() {
    Tensor x = data(4, 6);
    Instruction one = schedule(Tensor.concat(1, x.exp(), x.tanh())).instructions().getFirst();
    assertEquals(List.of(Layout.dense(Shape.of(4, 12)).slice(ranges(4, 0)), Layout.dense(Shape.of(4, 12)).slice(ranges(4, 6))),
        one.writes().stream().map(Operand::layout).toList());
    assertEquals(1, one.writes().stream().map(Operand::buffer).distinct().count());
    assertEquals(2, schedule(Tensor.concat(0, x.exp(), data(2, 6).tanh())).instructions().size());
    List<Instruction> copies = schedule(Tensor.concat(0, x.matmul(data(6, 6)), data(2, 6), data(0, 6), x)).instructions();
    assertEquals(2, copies.size(), "the product, and the copies as one group: " + copies);
    assertInstanceOf(Instruction.Group.class, copies.getLast());
  }

  private static List<Op.Range> ranges(long rows, long firstColumn) {
    return List.of(new Op.Range(0, rows, 1), new Op.Range(firstColumn, 6, 1));
  }

  @Test
  void temporariesAreFreedAfterTheirLastReader() {
    long few = arena(10);
    assertEquals(few, arena(200), "bytes for a chain of 200 products as for one of 10");
  }

  private long arena(int products) {
    Tensor w = data(32, 32);
    Tensor x = w;
    for (int i = 0; i < products; i++) {
      x = x.matmul(w);
    }
    return schedule(x).arenaBytes();
  }

  @Test
  void aDeepGraphOverflowsNoStack() {
    Trace.record(Mode.TRAINING, 0, 0, false, () -> {
      Tensor x = data(2);
      Tensor y = x;
      for (int i = 0; i < 50_000; i++) {
        y = i % 7 == 0 ? y.copy() : y.add(x);
      }
      schedule(y);
      return List.of();
    });
  }

  @Test
  @Tag("S12.31")
  void compositesWithoutAKernelAreWrittenOut() {
    Tensor x = data(2, 3);
    Schedule schedule = schedule(x.softmax(1));
    assertTrue(schedule.instructions().stream().noneMatch(i -> i instanceof Instruction.Call c && c.op() instanceof Op.Composite));
    var everything = ReferenceDevice.withKernels(op -> true);
    Schedule kept = schedule(everything, x.softmax(1));
    assertEquals(1, kept.instructions().size());
    assertEquals("softmax", ((Instruction.Call) kept.instructions().getFirst()).op().label());
  }

  @Test
  @Tag("S12.31")
  void compositesWithinCompositesAreWrittenOutToTheLast() {
    var inner = new CompositeFunction("inner", (in, _) -> List.of(in.get(0).mul(2), in.get(0).softmax(0)), Optional.empty());
    var middle = new CompositeFunction("middle", (in, _) -> {
      List<Tensor> two = inner.apply(Map.of(), in.get(0).exp());
      return List.of(two.get(1), two.get(0), in.get(0));
    }, Optional.empty());
    Tensor x = data(4);
    List<Tensor> three = middle.apply(Map.of(), x);
    List<Node> roots = List.of(three.get(0).node(), three.get(1).node(), three.get(2).node(), three.get(0).add(three.get(2)).node());
    List<Node> written = Decomposition.of(roots, device);
    assertTrue(Graphs.topological(written).stream().noneMatch(n -> n.op() instanceof Op.Composite));
    List<HostArray> expected = Interpreter.evaluate(roots, Engine::read);
    assertEquals(expected, Interpreter.evaluate(written, Engine::read));
    // Only the innermost has a kernel: it stays, what surrounds it goes.
    var some = ReferenceDevice.withKernels(op -> !(op instanceof Op.Composite c) || c.name().equals("inner"));
    List<Node> partly = Decomposition.of(roots, some);
    assertEquals(1, Graphs.topological(partly).stream().filter(n -> n.op() instanceof Op.Composite).count());
    assertEquals(expected, Interpreter.evaluate(partly, Engine::read));
  }

  @Test
  void severalResultsArriveThroughNativeKernelsToo() {
    var two = new CompositeFunction("two", (in, _) -> List.of(in.get(0).exp(), in.get(0).sum()), Optional.empty());
    var everything = ReferenceDevice.withKernels(op -> true);
    Tensor x = data(3);
    List<Tensor> found = Devices.with(everything, () -> Step.evaluation(in -> two.apply(Map.of(), in.get(0))).run(x));
    HostArray expected = Interpreter.evaluate(List.of(x.exp().node()), Engine::read).getFirst();
    assertArrayEquals(expected.toDoubleArray(), found.get(0).toDoubleArray());
    assertEquals(Interpreter.evaluate(List.of(x.sum().node()), Engine::read).getFirst().doubleAt(0), found.get(1).item());
  }

  @Test
  void aSortGivesValuesAndPositions() {
    Step step = Step.evaluation(in -> {
      Node sort = Ops.node(new Op.Sort(0, true), in.get(0).node());
      return List.of(Tensor.of(Ops.node(new Op.Result(1), sort)), Tensor.of(Ops.node(new Op.Result(0), sort)));
    });
    List<Tensor> out = Devices.with(device, () -> step.run(Tensor.of(new double[] {1, 3, 2})));
    assertArrayEquals(new long[] {1, 2, 0}, out.get(0).toLongArray());
    assertArrayEquals(new double[] {3, 2, 1}, out.get(1).toDoubleArray());
  }

  @Test
  void anOperationWithoutAKernelIsNamedWithItsPath() {
    var none = ReferenceDevice.withKernels(op -> false);
    Trace.record(Mode.EVALUATION, 0, 0, false, () -> {
      Tensor y = Scope.current().at("model/head", () -> data(2, 2).matmul(data(2, 2)));
      var e = assertThrows(UnsupportedOpException.class, () -> schedule(none, y));
      assertTrue(e.getMessage().startsWith("[dot] the reference backend has no kernel for it on [f64[2,2], f64[2,2]] in model/head"),
          e.getMessage());
      return List.of();
    });
  }

  @Test
  void instructionsOfBothPassesKnowTheirModule() {
    var recording = Trace.record(Mode.TRAINING, 0, 0, false, () -> {
      Tensor x = data(2, 2);
      Tensor w = data(2, 2).mul(1);
      Tensor y = Scope.current().at("net", () -> Scope.current().at("net/hidden", () -> x.matmul(w.softmax(1))).sum());
      return List.of(y, Gradients.of(y, List.of(w)).getFirst());
    });
    Schedule schedule = Planner.schedule(recording.graph(), new Leaves(), device);
    List<String> dots = schedule.instructions().stream()
        .map(i -> i instanceof Instruction.WithEpilogue both ? both.call() : i)
        .filter(i -> i instanceof Instruction.Call c && c.op() instanceof Op.Dot).map(i -> i.origin().path()).toList();
    assertEquals(List.of("net/hidden", "net/hidden"), dots);
    assertTrue(schedule.instructions().stream().anyMatch(i ->
        i instanceof Instruction.Compute c && c.kernel().folded().count() > 0 && i.origin().path().equals("net")));
  }

  @Test
  @Tag("S6.1")
  void literalsOfOneContentAreOne() {
    Schedule schedule = schedule(data(2).add(Tensor.constant(HostArray.ofDoubles(TensorType.of(DType.F64, 2), 1, 2)))
        .mul(Tensor.constant(HostArray.ofDoubles(TensorType.of(DType.F64, 2), 1, 2))));
    assertEquals(1, schedule.constants().size());
  }

  @Test
  @Tag("S11.7")
  void nothingIsFusedAcrossABarrier() {
    Tensor x = data(4);
    assertEquals(1, schedule(x.neg().abs()).instructions().size());
    List<Instruction> parted = schedule(x.neg().barrier().abs()).instructions();
    assertTrue(parted.size() >= 2, parted.toString());
    assertTrue(parted.stream().noneMatch(i -> i.toString().contains("Neg") && i.toString().contains("Abs")), parted.toString());
  }
}
