package dev.chainrule.plan;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * Loops and choices as instructions with instructions in them. A carry has one place, which each repetition reads and, when all else is
 * done, overwrites; slices are read and written where they lie in the whole tensors. An output that is only read backwards, as a loop
 * that goes back over another's repetitions has them, is written so.
 */
final class BodyLowering {

  private final Lowering around;
  private final Lowering.Buffers buffers;

  BodyLowering(Lowering around, Lowering.Buffers buffers) {
    this.around = around;
    this.buffers = buffers;
  }

  List<Operand> lower(Node node) {
    return switch (node.op()) {
      case Op.Loop loop -> loop(node, loop);
      case Op.While loop -> repeat(node, loop);
      case Op.Cond cond -> cond(node, cond);
      default -> throw new IllegalStateException(node + " has no body to run");
    };
  }

  private List<Operand> loop(Node node, Op.Loop op) {
    List<Operand> in = node.inputs().stream().map(around::operand).toList();
    Operand number = buffers.temporary(TensorType.scalar(DType.I64));
    List<Operand> carries = carries(node, in.subList(0, op.carries()));
    List<Operand> arguments = new ArrayList<>(List.of(number));
    arguments.addAll(carries);
    List<Instruction.Slice> inputs = new ArrayList<>();
    for (Operand whole : in.subList(op.carries(), op.carries() + op.sliced())) {
      BufferRef.Slice part = buffers.slice();
      inputs.add(new Instruction.Slice(part, whole));
      arguments.add(new Operand(part, whole.dtype(), whole.layout().first()));
    }
    arguments.addAll(in.subList(op.carries() + op.sliced(), in.size()));

    List<Operand> stacked = new ArrayList<>();
    List<Instruction.Slice> outputs = new ArrayList<>();
    List<Operand> parts = new ArrayList<>();
    for (int i = op.carries(); i < node.types().size(); i++) {
      Operand inOrder = buffers.temporary(node.types().get(i));
      Operand whole = around.isReadBackwards(node, i) ? backwards(inOrder) : inOrder;
      BufferRef.Slice part = buffers.slice();
      stacked.add(whole);
      outputs.add(new Instruction.Slice(part, whole));
      parts.add(new Operand(part, whole.dtype(), whole.layout().first()));
    }
    if (op.length() > 0) {
      List<Instruction> body = repetition(op.body(), arguments, carries, parts);
      around.emit(new Instruction.Loop(op.length(), number, inputs, outputs, body, node.origin()));
    }
    List<Operand> results = new ArrayList<>(carries);
    results.addAll(stacked);
    return results;
  }

  /** From the end of the first axis to its beginning. */
  static Operand backwards(Operand whole) {
    List<Op.Range> ranges = new ArrayList<>();
    for (int axis = 0; axis < whole.shape().rank(); axis++) {
      long size = whole.shape().dim(axis);
      ranges.add(axis == 0 ? new Op.Range(size - 1, size, -1) : new Op.Range(0, size, 1));
    }
    return whole.with(whole.layout().slice(ranges));
  }

  private List<Operand> repeat(Node node, Op.While op) {
    List<Operand> in = node.inputs().stream().map(around::operand).toList();
    List<Operand> carries = carries(node, in.subList(0, op.carries()));
    List<Operand> arguments = new ArrayList<>(carries);
    arguments.addAll(in.subList(op.carries(), in.size()));
    Operand holds = buffers.temporary(TensorType.scalar(DType.BOOL));
    List<Instruction> condition = function(op.condition(), arguments, List.of(holds));
    List<Instruction> body = repetition(op.body(), arguments, carries, List.of());
    around.emit(new Instruction.While(condition, holds, body, node.origin()));
    return carries;
  }

  private List<Operand> cond(Node node, Op.Cond op) {
    List<Operand> in = node.inputs().stream().map(around::operand).toList();
    List<Operand> results = node.types().stream().map(buffers::temporary).toList();
    List<Operand> arguments = in.subList(1, in.size());
    around.emit(new Instruction.Cond(in.getFirst(), function(op.then(), arguments, results), function(op.otherwise(), arguments, results),
        node.origin()));
    return results;
  }

  /** A place for each carry, with the initial value in it. */
  private List<Operand> carries(Node node, List<Operand> initial) {
    List<Operand> carries = new ArrayList<>();
    for (Operand operand : initial) {
      carries.add(around.materialised(operand, node.origin()));
    }
    return carries;
  }

  /** The body with its results where they are wanted. */
  private List<Instruction> function(Body body, List<Operand> arguments, List<Operand> results) {
    Lowering inner = lowered(body, body.results(), arguments, results);
    for (int i = 0; i < results.size(); i++) {
      inner.deliver(body.results().get(i), results.get(i));
    }
    return inner.instructions();
  }

  /** The body, then its first results in the places of the carries; the others are outputs. */
  private List<Instruction> repetition(Body body, List<Operand> arguments, List<Operand> carries, List<Operand> outputs) {
    List<Node> next = body.results().subList(0, carries.size());
    List<Node> delivered = body.results().subList(carries.size(), body.results().size());
    List<Node> roots = new ArrayList<>(delivered);
    roots.addAll(next);
    Lowering inner = lowered(body, roots, arguments, outputs);
    for (int i = 0; i < outputs.size(); i++) {
      inner.deliver(delivered.get(i), outputs.get(i));
    }
    // All of them are safe before the first is overwritten: carries may change places.
    List<Operand> safe = new ArrayList<>();
    for (int i = 0; i < carries.size(); i++) {
      Operand operand = inner.operand(next.get(i));
      boolean moves = carries.stream().anyMatch(c -> c.buffer().equals(operand.buffer())) && !operand.equals(carries.get(i));
      safe.add(moves ? inner.materialised(operand, next.get(i).origin()) : operand);
    }
    for (int i = 0; i < carries.size(); i++) {
      if (!safe.get(i).equals(carries.get(i))) {
        inner.emit(Lowering.copy(safe.get(i), carries.get(i), next.get(i).origin()));
      }
    }
    return inner.instructions();
  }

  private Lowering lowered(Body body, List<Node> roots, List<Operand> arguments, List<Operand> targets) {
    Lowering inner = around.inner(roots, targets);
    for (int i = 0; i < arguments.size(); i++) {
      inner.bind(body.parameters().get(i), arguments.get(i));
    }
    inner.lowerAll();
    return inner;
  }
}
