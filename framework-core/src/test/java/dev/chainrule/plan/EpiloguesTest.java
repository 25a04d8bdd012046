package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What goes along with a call, and what does not. That nothing is computed otherwise, random graphs show. */
class EpiloguesTest {

  private static Tensor data(long... shape) {
    TensorType type = TensorType.of(DType.F32, shape);
    return Tensor.of(HostArray.ofDoubles(type, new SplittableRandom(1).doubles(type.elements(), -1, 1).toArray()));
  }

  private final Tensor x = data(6, 5);
  private final Tensor w = data(5, 4);
  private final Tensor bias = data(4);
  private final Tensor residual = data(6, 4);

  private static List<Instruction> plan(Supplier<List<Tensor>> program) {
    StepGraph graph = Trace.record(Mode.TRAINING, 0, 0, false, program).graph();
    var leaves = new Leaves();
    PlanKey.of(graph, leaves);
    return Planner.schedule(graph, leaves, ReferenceDevice.create()).instructions();
  }

  private static Instruction.WithEpilogue single(Supplier<List<Tensor>> program) {
    List<Instruction> plan = plan(program);
    assertEquals(1, plan.size(), plan::toString);
    return assertInstanceOf(Instruction.WithEpilogue.class, plan.getFirst());
  }

  /** What has no bodies itself. */
  private static Stream<Instruction> inBodies(List<Instruction> instructions) {
    return instructions.stream().flatMap(i -> i.bodies().stream()).flatMap(body ->
        body.stream().flatMap(i -> i.bodies().isEmpty() ? Stream.of(i) : inBodies(List.of(i))));
  }

  private static long operations(Instruction.WithEpilogue both) {
    return both.epilogue().kernel().values().stream().filter(v -> v instanceof KernelExpression.Apply).count();
  }

  @Test
  void biasActivationAndResidualGoAlongAndNothingElseIsStored() {
    var both = single(() -> List.of(x.matmul(w).add(bias).tanh().add(residual)));
    assertEquals(3, operations(both));
    assertEquals(new BufferRef.Output(0), both.result().buffer());
    assertEquals(List.of(new BufferRef.Output(0)), both.writes().stream().map(o -> o.buffer()).toList());
    assertEquals(4, both.reads().size());
  }

  @Test
  void convolutionsTakeKernelsAlong() {
    Tensor image = data(2, 3, 8, 8);
    Tensor filters = data(4, 3, 3, 3);
    assertInstanceOf(Op.Conv.class, single(() -> List.of(image.conv2d(filters, ConvOptions.DEFAULT).relu())).call().op());
  }

  @Test
  void aResultThatOthersWantStays() {
    List<Instruction> plan = plan(() -> {
      Tensor y = x.matmul(w);
      return List.of(y, y.tanh());
    });
    var both = assertInstanceOf(Instruction.WithEpilogue.class, plan.getFirst());
    assertNotEquals(both.result().buffer(), both.epilogue().outputs().getFirst().buffer());
    assertEquals(2, both.writes().size());
  }

  @Test
  void aKernelThatReadsTheResultInAnotherOrderIsPutInItsOrder() {
    var both = single(() -> List.of(x.matmul(w).transpose().tanh()));
    assertEquals(both.call().outputs().getFirst().shape(), both.epilogue().kernel().domain());
    assertEquals(1, both.epilogue().outputs().getFirst().layout().stride(0));
  }

  @Test
  void nothingCrossesABarrier() {
    assertEquals(2, plan(() -> List.of(Tensor.of(Ops.node(new Op.Result(0), Ops.node(new Op.Barrier(), x.matmul(w).node()))).tanh())).size());
  }

  @Test
  void kernelsThatFoldStayThemselves() {
    assertEquals(2, plan(() -> List.of(x.matmul(w).softmax(1))).size());
  }

  @Test
  void productsOfAProductsOwnOperandsAreNotTakenForItsResult() {
    Tensor square = data(5, 5);
    List<Instruction> plan = plan(() -> List.of(square.matmul(square).mul(square)));
    assertEquals(1, plan.size());
    assertEquals(3, plan.getFirst().reads().size());
  }

  @Test
  void nothingGoesAlongWithNothing() {
    Tensor empty = data(0, 5);
    assertEquals(0, plan(() -> List.of(empty.matmul(w).tanh())).stream().filter(Instruction.WithEpilogue.class::isInstance).count());
  }

  @Test
  void integerDivisionDoesNotGoAlong() {
    Tensor n = Tensor.of(new int[] {1, 2, 3, 4}).reshape(2, 2);
    assertEquals(2, plan(() -> List.of(n.matmul(n).floorDiv(n))).size());
  }

  @Test
  void aCarryIsNotWrittenWhereTheProductReadsIt() {
    Tensor square = data(4, 4);
    List<Instruction> plan = plan(() -> Loop.scan(3, List.of(residual), List.of(), (_, carry, _) ->
        new Loop.Results(List.of(carry.getFirst().matmul(square).tanh()), List.of())).carries());
    assertEquals(0, inBodies(plan).filter(Instruction.WithEpilogue.class::isInstance).count());
    assertEquals(1, inBodies(plan).filter(Instruction.Call.class::isInstance).count());
  }

  @Test
  void aSumOverALoopGrowsWhereItIsButTheProductDoesNotGoThere() {
    List<Instruction> plan = plan(() -> Loop.scan(3, List.of(residual), List.of(data(3, 6, 5)), (_, carry, slices) ->
        new Loop.Results(List.of(carry.getFirst().add(slices.getFirst().matmul(w))), List.of())).carries());
    var both = assertInstanceOf(Instruction.WithEpilogue.class,
        inBodies(plan).filter(i -> !(i instanceof Instruction.Compute)).findFirst().orElseThrow());
    assertEquals(1, both.reads().stream().filter(in -> in.buffer().equals(both.epilogue().outputs().getFirst().buffer())).count());
    assertNotEquals(both.result().buffer(), both.epilogue().outputs().getFirst().buffer());
  }

  @Test
  void gradientsAreCheckedByTheProductsThatMakeThem() {
    var weights = Variable.of("w", w.toHostArray(), true);
    List<Instruction> plan = plan(() -> {
      Tensor loss = x.matmul(weights.value()).square().mean();
      new Sgd(List.of(weights), Schedule.constant(0.1)).minimise(loss);
      return List.of(loss);
    });
    List<Instruction> checking = plan.stream().filter(i -> i instanceof Instruction.WithEpilogue && !i.checks().isEmpty()).toList();
    assertEquals(1, checking.size(), plan::toString);
    assertEquals(0, ((Instruction.WithEpilogue) checking.getFirst()).epilogue().outputs().size());
    Stream<Integer> checks = plan.stream().flatMap(i -> i.checks().stream());
    assertEquals(List.of(0, 1, 2), checks.sorted().toList());
  }
}
