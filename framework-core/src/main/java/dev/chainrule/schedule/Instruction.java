package dev.chainrule.schedule;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import java.util.List;

/** One thing for the device to do. Instructions run in order; each sees all that those before it wrote. */
public sealed interface Instruction {

  /** Where the graph asked for it. */
  Origin origin();

  /** The operands it reads. */
  List<Operand> reads();

  /** The operands it writes. */
  List<Operand> writes();

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
