package dev.chainrule.schedule;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import java.util.List;
import java.util.stream.Stream;

/** One thing for the device to do. Instructions run in order; each sees all that those before it wrote. */
public sealed interface Instruction {

  /** Where the graph asked for it. */
  Origin origin();

  /** The operands it reads. */
  List<Operand> reads();

  /** The operands it writes. */
  List<Operand> writes();

  /** The lists of instructions that it runs any number of times; they reach what it names, and temporaries. */
  default List<List<Instruction>> bodies() {
    return List.of();
  }

  /** A generated kernel: {@code output} is the expression's value at each index of its dense layout. */
  record Compute(KernelExpression expression, List<Operand> arguments, Operand output, Origin origin) implements Instruction {
    public Compute {
      arguments = List.copyOf(arguments);
    }

    @Override
    public List<Operand> reads() {
      return arguments;
    }

    @Override
    public List<Operand> writes() {
      return List.of(output);
    }
  }

  /** An operation that the device has a kernel for; outputs are dense. */
  record Call(Op op, List<Operand> inputs, List<Operand> outputs, Origin origin) implements Instruction {
    public Call {
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
    }

    @Override
    public List<Operand> reads() {
      return inputs;
    }

    @Override
    public List<Operand> writes() {
      return outputs;
    }
  }

  /**
   * The part of {@code whole} at the number of the repetition along its first axis: {@code buffer} begins where {@code whole.buffer()}
   * does, moved on by {@code number * whole.layout().stride(0)} elements.
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
  }

  /** Runs {@code condition}, and as long as it leaves true in {@code holds}, a bool scalar, {@code body} and {@code condition} again. */
  record While(List<Instruction> condition, Operand holds, List<Instruction> body, Origin origin) implements Instruction {
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
  }

  /** Runs one of two lists of instructions, as a bool scalar says. */
  record Cond(Operand predicate, List<Instruction> then, List<Instruction> otherwise, Origin origin) implements Instruction {
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
  }

  /** Faults when an element is NaN or infinite. */
  record CheckFinite(Operand operand, Origin origin) implements Instruction {
    @Override
    public List<Operand> reads() {
      return List.of(operand);
    }

    @Override
    public List<Operand> writes() {
      return List.of();
    }
  }

  /** Copies a new value over a variable's, unless the plan has faulted. All commits come last. */
  record Commit(Operand from, Operand to, Origin origin) implements Instruction {
    @Override
    public List<Operand> reads() {
      return List.of(from);
    }

    @Override
    public List<Operand> writes() {
      return List.of(to);
    }
  }
}
