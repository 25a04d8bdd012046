package dev.chainrule.conformance;

import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
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

  /** Where a buffer begins, a moving slice's now: outside the segment if it is walked backwards, for then its layout begins further on. */
  record Window(MemorySegment segment, long byteOffset) {}

  Fault run(Queue.Bindings bindings) {
    for (int i = 0; i < schedule.instructions().size(); i++) {
      try {
        int failed = run(schedule.instructions().get(i), bindings);
        if (failed >= 0) {
          return new Fault(i, failed);
        }
      } catch (IndexRangeException | InvalidArgumentException e) {
        return new Fault(i, 0);
      }
    }
    return Fault.NONE;
  }

  /** The place of the first check that failed among the instruction's, else -1. */
  private int run(Instruction instruction, Queue.Bindings bindings) {
    switch (instruction) {
      case Instruction.Compute compute -> {
        return compute(List.of(compute), bindings);
      }
      case Instruction.Group(var kernels) -> {
        return compute(kernels, bindings);
      }
      case Instruction.Call(var op, var inputs, var outputs, var _, var _) -> {
        List<HostArray> results = apply(op, inputs.stream().map(x -> read(x, bindings)).toList());
        for (int i = 0; i < outputs.size(); i++) {
          write(outputs.get(i), results.get(i), bindings);
        }
      }
      case Instruction.WithEpilogue(var call, var epilogue) -> {
        run(call, bindings);
        return run(epilogue, bindings);
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
    }
    return -1;
  }

  /** All values before the first is written. */
  private int compute(List<Instruction.Compute> kernels, Queue.Bindings bindings) {
    List<List<HostArray>> values = kernels.stream().map(c -> evaluate(c, bindings)).toList();
    List<HostArray> checked = new ArrayList<>();
    for (int i = 0; i < kernels.size(); i++) {
      kernels.get(i).kernel().checks().stream().map(values.get(i)::get).forEach(checked::add);
    }
    for (int i = 0; i < kernels.size(); i++) {
      List<GeneratedKernel.Result> results = kernels.get(i).kernel().results();
      for (int k = 0; k < results.size(); k++) {
        write(kernels.get(i).outputs().get(k), values.get(i).get(results.get(k).value()), bindings);
      }
    }
    return IntStream.range(0, checked.size()).filter(i -> !isFinite(checked.get(i))).findFirst().orElse(-1);
  }

  private static boolean isFinite(HostArray x) {
    return IntStream.range(0, Math.toIntExact(x.elements())).allMatch(i -> Double.isFinite(x.doubleAt(i)));
  }

  private void repeat(Instruction.Loop loop, long number, Queue.Bindings bindings) {
    write(loop.number(), HostArray.ofLongs(loop.number().type(), number), bindings);
    for (Instruction.Slice slice : Stream.concat(loop.inputs().stream(), loop.outputs().stream()).toList()) {
      Operand whole = slice.whole();
      Window begin = window(whole.buffer(), bindings);
      long first = whole.layout().offset() + number * whole.layout().stride(0);
      slices.put(slice.buffer(), new Window(begin.segment, begin.byteOffset + first * whole.dtype().bytes()));
    }
    loop.body().forEach(each -> run(each, bindings));
  }

  /** The kernel's values at each index of its domain. */
  private List<HostArray> evaluate(Instruction.Compute compute, Queue.Bindings bindings) {
    Shape domain = compute.kernel().domain();
    Axes folded = compute.kernel().folded();
    List<HostArray> values = new ArrayList<>();
    for (KernelExpression value : compute.kernel().values()) {
      values.add(switch (value) {
        case KernelExpression.Load load -> read(compute.arguments().get(load.argument()), bindings);
        case KernelExpression.Index(var dtype, int axis) -> apply(new Op.Iota(new TensorType(dtype, domain), axis), List.of()).getFirst();
        case KernelExpression.Apply(var op, var parts, var _) -> apply(op, parts.stream().map(values::get).toList()).getFirst();
        case KernelExpression.Fold(var fold, int argument, var _) -> {
          HostArray combined = apply(new Op.Reduce(fold, folded), List.of(values.get(argument))).getFirst();
          HostArray kept = apply(new Op.Reshape(domain.keeping(folded)), List.of(combined)).getFirst();
          yield apply(new Op.Expand(domain), List.of(kept)).getFirst();
        }
      });
    }
    return values;
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
    int size = operand.dtype().bytes();
    byte[] dense = new byte[Math.toIntExact(operand.type().bytes())];
    long[] places = places(operand);
    for (int i = 0; i < places.length; i++) {
      MemorySegment.copy(source.segment, source.byteOffset + places[i] * size, MemorySegment.ofArray(dense), (long) i * size, size);
    }
    return HostArray.owning(operand.type(), dense);
  }

  private void write(Operand operand, HostArray values, Queue.Bindings bindings) {
    if (!operand.type().equals(values.type())) {
      throw new IllegalStateException("a result of " + values.type() + " for " + operand);
    }
    Window target = window(operand.buffer(), bindings);
    int size = operand.dtype().bytes();
    long[] places = places(operand);
    for (int i = 0; i < places.length; i++) {
      MemorySegment.copy(values.segment(), (long) i * size, target.segment, target.byteOffset + places[i] * size, size);
    }
  }

  /** Where the elements lie, in row-major order. */
  private static long[] places(Operand operand) {
    Layout layout = operand.layout();
    long[] dims = layout.shape().dims();
    long[] places = new long[Math.toIntExact(layout.shape().elements())];
    long[] index = new long[dims.length];
    long at = layout.offset();
    for (int i = 0; i < places.length; i++) {
      places[i] = at;
      for (int axis = dims.length - 1; axis >= 0; axis--) {
        at += layout.stride(axis);
        if (++index[axis] < dims[axis]) {
          break;
        }
        at -= layout.stride(axis) * dims[axis];
        index[axis] = 0;
      }
    }
    return places;
  }

  /** Its constants are on the heap. */
  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public void close() {}
}
