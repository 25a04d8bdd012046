package dev.chainrule.conformance;

import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A schedule run one instruction at a time, each on dense copies of its operands. */
record PlainExecutable(Schedule schedule, PlainDevice device, Map<BufferRef.Slice, Window> slices) implements Executable {

  PlainExecutable(Schedule schedule, PlainDevice device) {
    this(schedule, device, new HashMap<>());
  }

  /** Where a moving slice's buffer begins now. */
  record Window(MemorySegment segment, long byteOffset) {}

  Fault run(Queue.Bindings bindings) {
    for (int i = 0; i < schedule.instructions().size(); i++) {
      try {
        if (!run(schedule.instructions().get(i), bindings)) {
          return new Fault(i, 0);
        }
      } catch (IndexRangeException | InvalidArgumentException e) {
        return new Fault(i, 0);
      }
    }
    return Fault.NONE;
  }

  private boolean run(Instruction instruction, Queue.Bindings bindings) {
    switch (instruction) {
      case Instruction.Compute(var expression, var arguments, var output, var _) ->
          write(output, evaluate(expression, arguments, output.shape(), bindings), bindings);
      case Instruction.Call(var op, var inputs, var outputs, var _) -> {
        List<HostArray> results = apply(op, inputs.stream().map(x -> read(x, bindings)).toList());
        for (int i = 0; i < outputs.size(); i++) {
          write(outputs.get(i), results.get(i), bindings);
        }
      }
      case Instruction.Loop loop -> {
        for (long i = 0; i < loop.length(); i++) {
          repeat(loop, i, bindings);
        }
      }
      case Instruction.While(var condition, var holds, var body, var _) -> {
        condition.forEach(each -> run(each, bindings));
        while (read(holds, bindings).longAt(0) != 0) {
          body.forEach(each -> run(each, bindings));
          condition.forEach(each -> run(each, bindings));
        }
      }
      case Instruction.Cond(var predicate, var then, var otherwise, var _) ->
          (read(predicate, bindings).longAt(0) != 0 ? then : otherwise).forEach(each -> run(each, bindings));
      case Instruction.CheckFinite(var operand, var _) -> {
        HostArray x = read(operand, bindings);
        return IntStream.range(0, Math.toIntExact(x.elements())).allMatch(i -> Double.isFinite(x.doubleAt(i)));
      }
      case Instruction.Commit(var from, var to, var _) -> write(to, read(from, bindings), bindings);
    }
    return true;
  }

  private void repeat(Instruction.Loop loop, long number, Queue.Bindings bindings) {
    write(loop.number(), HostArray.ofLongs(loop.number().type(), number), bindings);
    for (Instruction.Slice slice : Stream.concat(loop.inputs().stream(), loop.outputs().stream()).toList()) {
      Operand whole = slice.whole();
      Window begin = window(whole.buffer(), bindings);
      long step = whole.layout().stride(0) * whole.dtype().bytes();
      slices.put(slice.buffer(), new Window(begin.segment, begin.byteOffset + number * step));
    }
    loop.body().forEach(each -> run(each, bindings));
  }

  private HostArray evaluate(KernelExpression expression, List<Operand> arguments, Shape domain, Queue.Bindings bindings) {
    return switch (expression) {
      case KernelExpression.Load(int argument, var _, Layout layout) -> read(arguments.get(argument).with(layout), bindings);
      case KernelExpression.Index(var dtype, int axis) -> apply(new Op.Iota(new TensorType(dtype, domain), axis), List.of()).getFirst();
      case KernelExpression.Apply(var op, var parts, var _) ->
          apply(op, parts.stream().map(part -> evaluate(part, arguments, domain, bindings)).toList()).getFirst();
    };
  }

  private List<HostArray> apply(Op op, List<HostArray> inputs) {
    Node node = Ops.node(op, inputs.stream().map(Ops::input).toArray(Node[]::new));
    List<Node> results = new ArrayList<>(List.of(node));
    for (int i = 1; i < node.types().size(); i++) {
      results.add(Ops.node(new Op.Result(i), node));
    }
    List<HostArray> arrays = new ArrayList<>(Interpreter.evaluate(results, value -> {
      throw new IllegalStateException("a schedule's operation asked for " + value);
    }));
    arrays.set(0, device.sabotage().of(op, arrays.getFirst()));
    return arrays;
  }

  // --- memory ------------------------------------------------------------------------------------------------------------------------

  private Window window(BufferRef buffer, Queue.Bindings bindings) {
    return buffer instanceof BufferRef.Slice slice
        ? Objects.requireNonNull(slices.get(slice))
        : new Window(segment(buffer, bindings), 0);
  }

  private MemorySegment segment(BufferRef buffer, Queue.Bindings bindings) {
    return switch (buffer) {
      case BufferRef.Slice slice -> throw new IllegalStateException(slice + " is no buffer of its own");
      case BufferRef.Temporary temporary -> of(bindings.arena()).asSlice(schedule.offset(temporary));
      case BufferRef.Parameter(int slot) -> bindings.parameters().asSlice((long) slot * Schedule.PARAMETER_BYTES);
      case BufferRef.Constant(int slot) -> schedule.constants().get(slot).segment();
      case BufferRef.Input(int slot) -> of(bindings.inputs().get(slot));
      case BufferRef.State(int slot) -> of(bindings.states().get(slot));
      case BufferRef.Output(int slot) -> of(bindings.outputs().get(slot));
    };
  }

  private static MemorySegment of(Memory memory) {
    return ((PlainDevice.Segment) memory).segment();
  }

  private HostArray read(Operand operand, Queue.Bindings bindings) {
    Window source = window(operand.buffer(), bindings);
    Layout layout = operand.layout();
    int size = operand.dtype().bytes();
    byte[] dense = new byte[Math.toIntExact(operand.type().bytes())];
    long[] dims = layout.shape().dims();
    long[] index = new long[dims.length];
    long at = layout.offset();
    for (int i = 0; i < dense.length; i += size) {
      MemorySegment.copy(source.segment, source.byteOffset + at * size, MemorySegment.ofArray(dense), i, size);
      for (int axis = dims.length - 1; axis >= 0; axis--) {
        at += layout.stride(axis);
        if (++index[axis] < dims[axis]) {
          break;
        }
        at -= layout.stride(axis) * dims[axis];
        index[axis] = 0;
      }
    }
    return HostArray.owning(operand.type(), dense);
  }

  private void write(Operand operand, HostArray values, Queue.Bindings bindings) {
    if (!operand.type().equals(values.type())) {
      throw new IllegalStateException("a result of " + values.type() + " for " + operand);
    }
    long offset = operand.layout().offset() * operand.dtype().bytes();
    Window target = window(operand.buffer(), bindings);
    MemorySegment.copy(values.segment(), 0, target.segment, target.byteOffset + offset, values.type().bytes());
  }

  /** Its constants are on the heap. */
  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public void close() {}
}
