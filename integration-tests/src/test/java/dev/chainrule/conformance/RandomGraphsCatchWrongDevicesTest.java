package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.conformance.RandomGraphs.Failure;
import dev.chainrule.device.Device;
import dev.chainrule.device.Fault;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Schedule;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A device that is wrong in a single way fails on a random graph soon, and the graph it is shown with is hardly more than that way. */
class RandomGraphsCatchWrongDevicesTest {

  private static final int SEEDS = 500;

  @Test
  void aDeviceThatIsRightAgrees() {
    var graphs = new RandomGraphs(new PlainDevice((_, result) -> result));
    LongStream.rangeClosed(1, 40).forEach(seed -> assertTrue(graphs.check(seed).isEmpty(), () -> graphs.check(seed).toString()));
  }

  @Test
  void aWrongSumIsShownByOneAddition() {
    assertShown(new PlainDevice((op, x) -> op instanceof Op.Add ? map(x, Math::nextUp) : x), 3, Op.Add.class);
  }

  @Test
  void aWrongEdgeCaseIsShownByOneMaximum() {
    assertShown(new PlainDevice((op, x) -> op instanceof Op.Max ? map(x, v -> v == 0 ? -0.0 : v) : x), 3, Op.Max.class);
  }

  @Test
  void aWrongPositionIsShownByOneSort() {
    assertShown(new PlainDevice((op, x) -> op instanceof Op.Sort ? map(x, v -> -v) : x), 4, Op.Sort.class);
  }

  @Test
  void aProductThatIsWrongByMoreThanItsBoundIsShownByOneProduct() {
    assertShown(new PlainDevice((op, x) -> op instanceof Op.Dot ? map(x, v -> v * (1 - 1e-2)) : x), 3, Op.Dot.class);
  }

  /** Subtracts where an addition takes an operation's result inside one kernel: right for each operation alone. */
  @Test
  void aMistakeInFusionIsShownByTwoOperations() {
    assertShown(new AlteredDevice(RandomGraphsCatchWrongDevicesTest::withWrongFusion, fault -> fault), 4, Op.Add.class);
  }

  @Test
  void aFaultThatIsNotReportedIsShown() {
    assertShown(new AlteredDevice(schedule -> schedule, _ -> Fault.NONE), 6,
        List.of(Op.Gather.class, Op.ScatterAdd.class, Op.IDiv.class, Op.Mod.class));
  }

  private static void assertShown(Device device, int mostNodes, Class<? extends Op> op) {
    assertShown(device, mostNodes, List.of(op));
  }

  private static void assertShown(Device device, int mostNodes, List<Class<? extends Op>> ops) {
    var graphs = new RandomGraphs(device);
    Failure failure = LongStream.rangeClosed(1, SEEDS).mapToObj(graphs::check).flatMap(Optional::stream).findFirst().orElseThrow();
    List<Node> nodes = Graphs.topological(failure.graph().outputs());
    assertTrue(nodes.size() <= mostNodes, failure::toString);
    Predicate<Node> about = node -> ops.contains(node.op().getClass());
    assertTrue(nodes.stream().anyMatch(about), failure::toString);
  }

  private static Schedule withWrongFusion(Schedule s) {
    return new Schedule(s.instructions().stream().map(i -> wronglyFused(i)).toList(), s.constants(), s.inputs(), s.states(),
        s.outputs(), s.parameters(), s.temporaryBytes(), s.temporaryOffsets(), s.slices(), s.arenaBytes());
  }

  /** Adds become differences where they are joined with another operation. */
  private static Instruction wronglyFused(Instruction instruction) {
    if (!(instruction instanceof Instruction.Compute(GeneratedKernel kernel, var arguments, var outputs, var checks, var origins))) {
      return instruction;
    }
    List<KernelExpression> values = kernel.values().stream().map(value -> wronglyFused(value, kernel)).toList();
    return new Instruction.Compute(new GeneratedKernel(kernel.domain(), kernel.folded(), values, kernel.results(), kernel.checks()),
        arguments, outputs, checks, origins);
  }

  private static KernelExpression wronglyFused(KernelExpression value, GeneratedKernel kernel) {
    return value instanceof KernelExpression.Apply(Op.Add _, var parts, var dtype)
        && parts.stream().anyMatch(part -> kernel.values().get(part) instanceof KernelExpression.Apply)
        ? new KernelExpression.Apply(new Op.Sub(), parts, dtype) : value;
  }

  /** Floating numbers changed, by an ulp of their type at least if by anything. */
  private static HostArray map(HostArray x, DoubleUnaryOperator change) {
    if (!x.type().dtype().isFloating()) {
      return x;
    }
    boolean single = x.type().dtype() == DType.F32;
    return HostArray.ofDoubles(x.type(), Arrays.stream(x.toDoubleArray()).map(v -> {
      double changed = change.applyAsDouble(v);
      return single && changed == Math.nextUp(v) ? Math.nextUp((float) v) : changed;
    }).toArray());
  }
}
