package dev.chainrule.plan;

import dev.chainrule.device.Device;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Turns a step graph into a schedule: decompose, simplify, lower to instructions, lay out memory, verify. */
final class Planner {

  private Planner() {}

  static Schedule schedule(StepGraph graph, Leaves leaves, Device device) {
    List<Node> roots = Pruning.of(Hoisting.of(Merging.of(Simplification.of(Merging.of(Decomposition.of(graph.roots(), device))))));
    int checks = graph.outputs().size();
    int assignments = checks + graph.checks().size();
    var buffers = new Lowering.Buffers();
    List<Operand> outputs = outputs(graph.outputs());
    var lowering = new Lowering(buffers, leaves, device, roots, outputs);
    lowering.lowerAll();
    for (int i = 0; i < checks; i++) {
      lowering.deliver(roots.get(i), outputs.get(i));
    }
    for (int i = checks; i < assignments; i++) {
      lowering.check(roots.get(i), i - checks);
    }
    List<Operand> updates = roots.subList(assignments, roots.size()).stream().map(lowering::settled).toList();
    // Single numbers last: updates of large variables read counters' old values, and may so write where they are computed.
    for (int i : IntStream.range(0, updates.size()).boxed().sorted(Comparator.comparing(i -> -updates.get(i).type().bytes())).toList()) {
      StateSlot.Version version = graph.assignments().get(i).expected();
      Operand target = Operand.dense(new BufferRef.State(leaves.slot(version)), version.type());
      lowering.emit(Lowering.copy(updates.get(i), target, roots.get(assignments + i).origin()));
    }
    List<Instruction> lowered = ChannelsLast.of(lowering.instructions(), device, buffers);
    List<Instruction> instructions = Fusion.of(lowered, device, buffers.behindBarriers());
    List<Long> sizes = usedSizes(instructions, buffers.temporaryBytes());
    ArenaLayout arena = ArenaLayout.of(instructions, sizes);
    var schedule = new Schedule(instructions, buffers.constants(), types(leaves.inputs), types(leaves.states),
        graph.outputs().stream().map(Node::type).toList(), parameters(leaves.scalars), sizes,
        arena.offsets(), buffers.slices(), arena.bytes());
    assert isVerified(schedule);
    return schedule;
  }

  /** Temporaries that fusion has made superfluous have no bytes. */
  private static List<Long> usedSizes(List<Instruction> instructions, List<Long> bytes) {
    References references = References.of(instructions);
    return IntStream.range(0, bytes.size())
        .mapToObj(id -> references.isNamed(new BufferRef.Temporary(id)) ? bytes.get(id) : Long.valueOf(0)).toList();
  }

  /** Always where assertions are on, as they are in tests. */
  private static boolean isVerified(Schedule schedule) {
    Verifier.verify(schedule);
    return true;
  }

  private static List<Operand> outputs(List<Node> outputs) {
    List<Operand> operands = new ArrayList<>();
    for (Node output : outputs) {
      operands.add(Operand.dense(new BufferRef.Output(operands.size()), output.type()));
    }
    return operands;
  }

  private static List<TensorType> types(List<? extends Value> values) {
    return values.stream().map(Value::type).toList();
  }

  private static List<DType> parameters(List<ScalarValue> scalars) {
    return scalars.stream().map(ScalarValue::dtype).toList();
  }
}
