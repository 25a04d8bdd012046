package dev.chainrule.schedule;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** One thing for the device to do. Instructions run in order; each sees all that those before it wrote. */
public sealed interface Instruction {

  /** Where the graph asked for it. */
  Origin origin();

  /** The operands it reads. */
  List<Operand> reads();

  /** The operands it writes. */
  List<Operand> writes();

  /** Whether it writes variables. All such instructions come last; they run only if the plan has not faulted, and do not fault. */
  default boolean isCommit() {
    return false;
  }

  /** The checks that it makes, by their numbers in the whole plan; a fault of one tells its place in this list. */
  default List<Integer> checks() {
    return List.of();
  }

  /** The lists of instructions that it runs any number of times; they reach what it names, and temporaries. */
  default List<List<Instruction>> bodies() {
    return List.of();
  }

  /** The same with other bodies. */
  default Instruction withBodies(UnaryOperator<List<Instruction>> pass) {
    return this;
  }

  /**
   * A generated kernel. The operands' layouts are over its domain. It may write where it reads only if all reads of that buffer and the
   * write have one layout, and it has no folds.
   *
   * @param outputs one for each result of the kernel
   * @param checks for each check of the kernel its number among those of the whole plan
   * @param origins of the operations that it computes
   */
  record Compute(GeneratedKernel kernel, List<Operand> arguments, List<Operand> outputs, List<Integer> checks, List<Origin> origins)
      implements Instruction {
    /** Copies the lists. */
    public Compute {
      arguments = List.copyOf(arguments);
      outputs = List.copyOf(outputs);
      checks = List.copyOf(checks);
      origins = List.copyOf(origins);
    }

    @Override
    public Origin origin() {
      return origins.isEmpty() ? Origin.NONE : origins.getFirst();
    }

    @Override
    public List<Operand> reads() {
      return arguments;
    }

    @Override
    public List<Operand> writes() {
      return outputs;
    }

    @Override
    public boolean isCommit() {
      return outputs.stream().anyMatch(o -> o.buffer() instanceof BufferRef.State);
    }
  }

  /**
   * An operation that the device has a kernel for.
   *
   * @param outputs dense; temporaries of a kernel that likes it may have their second axis, of channels, last in memory
   * @param workspace bytes that the kernel asked for, which hold nothing before and after; empty if it asked for none
   */
  record Call(Op op, List<Operand> inputs, List<Operand> outputs, List<Operand> workspace, Origin origin) implements Instruction {
    /** Copies the lists. */
    public Call {
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
      workspace = List.copyOf(workspace);
    }

    /** Without a workspace. */
    public Call(Op op, List<Operand> inputs, List<Operand> outputs, Origin origin) {
      this(op, inputs, outputs, List.of(), origin);
    }

    @Override
    public List<Operand> reads() {
      return inputs;
    }

    @Override
    public List<Operand> writes() {
      return Stream.concat(outputs.stream(), workspace.stream()).toList();
    }
  }

  /**
   * A call and a generated kernel that goes through its only result element by element, as if one instruction came after the other. The
   * device may run the kernel on each part of the result as soon as the call has it.
   *
   * @param epilogue without folds, and no commit. Its arguments in the buffer of the call's result have the result's elements in the order
   *     of the kernel's domain, without gaps from the start of the buffer; it may write there, too, with that layout
   */
  record WithEpilogue(Call call, Compute epilogue) implements Instruction {

    /** Where the call leaves its result. */
    public Operand result() {
      return call.outputs().getFirst();
    }

    @Override
    public Origin origin() {
      return call.origin();
    }

    @Override
    public List<Operand> reads() {
      BufferRef result = result().buffer();
      return Stream.concat(call.reads().stream(), epilogue.reads().stream().filter(o -> !o.buffer().equals(result))).toList();
    }

    @Override
    public List<Operand> writes() {
      BufferRef result = result().buffer();
      return Stream.concat(call.writes().stream(), epilogue.writes().stream().filter(o -> !o.buffer().equals(result))).toList();
    }

    @Override
    public List<Integer> checks() {
      return epilogue.checks();
    }
  }

  /**
   * The part of {@code whole} at the number of the repetition along its first axis: {@code buffer} begins with its first element, which is
   * {@code whole.layout().offset() + number * whole.layout().stride(0)} elements behind the beginning of {@code whole.buffer()}.
   */
  record Slice(BufferRef.Slice buffer, Operand whole) {}

  /**
   * Runs the body {@code length} times.
   *
   * @param number an i64 scalar to be set to 0, 1, ... before each
   * @param inputs slices that the body reads
   * @param outputs slices that the body writes
   */
  record Loop(long length, Operand number, List<Slice> inputs, List<Slice> outputs, List<Instruction> body, Origin origin)
      implements Instruction {
    /** Copies the lists. */
    public Loop {
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
      body = List.copyOf(body);
    }

    @Override
    public List<Operand> reads() {
      return inputs.stream().map(Slice::whole).toList();
    }

    @Override
    public List<Operand> writes() {
      return Stream.concat(Stream.of(number), outputs.stream().map(Slice::whole)).toList();
    }

    @Override
    public List<List<Instruction>> bodies() {
      return List.of(body);
    }

    @Override
    public Loop withBodies(UnaryOperator<List<Instruction>> pass) {
      return new Loop(length, number, inputs, outputs, pass.apply(body), origin);
    }
  }

  /** Runs {@code condition}, and as long as it leaves true in {@code holds}, a bool scalar, {@code body} and {@code condition} again. */
  record While(List<Instruction> condition, Operand holds, List<Instruction> body, Origin origin) implements Instruction {
    /** Copies the lists. */
    public While {
      condition = List.copyOf(condition);
      body = List.copyOf(body);
    }

    @Override
    public List<Operand> reads() {
      return List.of(holds);
    }

    @Override
    public List<Operand> writes() {
      return List.of();
    }

    @Override
    public List<List<Instruction>> bodies() {
      return List.of(condition, body);
    }

    @Override
    public While withBodies(UnaryOperator<List<Instruction>> pass) {
      return new While(pass.apply(condition), holds, pass.apply(body), origin);
    }
  }

  /** Runs one of two lists of instructions, as a bool scalar says. */
  record Cond(Operand predicate, List<Instruction> then, List<Instruction> otherwise, Origin origin) implements Instruction {
    /** Copies the lists. */
    public Cond {
      then = List.copyOf(then);
      otherwise = List.copyOf(otherwise);
    }

    @Override
    public List<Operand> reads() {
      return List.of(predicate);
    }

    @Override
    public List<Operand> writes() {
      return List.of();
    }

    @Override
    public List<List<Instruction>> bodies() {
      return List.of(then, otherwise);
    }

    @Override
    public Cond withBodies(UnaryOperator<List<Instruction>> pass) {
      return new Cond(predicate, pass.apply(then), pass.apply(otherwise), origin);
    }
  }

  /** Kernels none of which reads or writes what another writes: a device may run them side by side, as one. */
  record Group(List<Compute> kernels) implements Instruction {
    /** Copies the list. */
    public Group {
      kernels = List.copyOf(kernels);
    }

    @Override
    public Origin origin() {
      return kernels.getFirst().origin();
    }

    @Override
    public List<Operand> reads() {
      return kernels.stream().flatMap(k -> k.arguments().stream()).toList();
    }

    @Override
    public List<Operand> writes() {
      return kernels.stream().flatMap(k -> k.outputs().stream()).toList();
    }

    @Override
    public List<Integer> checks() {
      return kernels.stream().flatMap(k -> k.checks().stream()).toList();
    }

    @Override
    public boolean isCommit() {
      return kernels.stream().anyMatch(Compute::isCommit);
    }
  }
}
