package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.util.List;

/**
 * What a generated loop does with each vector of a tile's elements: values in order, then sinks. It is what generated classes are kept by,
 * so it names memory by its place in a table of addresses, not by where it lies: the updates of all weights are one program. Numbers of
 * registers follow from the kernel, and are constants of the class.
 *
 * @param values each operation refers to earlier ones; all of 32 bits, but for bytes in memory
 */
record VectorProgram(List<Value> values, List<Sink> sinks) {

  VectorProgram {
    values = List.copyOf(values);
    sinks = List.copyOf(sinks);
  }

  sealed interface Value {}

  /** Neighbours in memory, from an entry of the table of addresses on; of a type that {@link VectorOperations#isStreamed}. */
  record Stream(DType dtype, int address) implements Value {}

  /** Elements of a register. */
  record Elements(RegisterKind kind, int register) implements Value {}

  /** A register's first element, for all. */
  record First(RegisterKind kind, int register) implements Value {}

  /**
   * An operation on earlier values.
   *
   * @param operands type of the last argument
   */
  record Operation(Op.Pointwise op, List<Integer> arguments, DType operands, DType dtype) implements Value {
    Operation {
      arguments = List.copyOf(arguments);
    }
  }

  sealed interface Sink {
    int value();
  }

  /** To neighbours in memory, from an entry of the table of addresses on. */
  record ToMemory(int value, DType dtype, int address) implements Sink {}

  /** To a register's elements. */
  record ToRegister(int value, RegisterKind kind, int register) implements Sink {}

  /** To the first lanes of an int register, which keep the largest bits of all magnitudes of floats: see {@link FiniteCheck}. */
  record ToCheck(int value, int register) implements Sink {}
}
