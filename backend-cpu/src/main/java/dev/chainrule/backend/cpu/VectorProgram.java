package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.util.List;

/**
 * What a generated loop does with each vector of a tile's elements: values in order, then sinks. It is what generated classes are kept by,
 * so it names memory by its place in a table of addresses, not by where it lies: the updates of all weights are one program. Numbers of
 * registers follow from the kernel, and are constants of the class.
 *
 * <p>A program by rows walks a tile row by row, each of {@link Registers#rowLength} elements, whole vectors: streams go on by a step of
 * their own from row to row, numbers of a row are broadcast when it begins, folds of a row leave its lanes when it ends.
 *
 * @param byRows whether the values of rows and columns and the folds may occur
 * @param values each operation refers to earlier ones; all of 32 bits, but for bytes in memory
 */
record VectorProgram(boolean byRows, List<Value> values, List<Sink> sinks) {

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

  /** A number in memory for each row, of 32 bits: an entry of the table of addresses is the first row's. */
  record RowNumber(DType dtype, int address) implements Value {}

  /** Element r of a register for all of row r. */
  record OfRow(RegisterKind kind, int register) implements Value {}

  /** The elements of a register, the same for each row. */
  record OfColumns(RegisterKind kind, int register) implements Value {}

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

  /** Added to a float register's elements, which are the same for each row. */
  record ToColumns(int value, int register) implements Sink {}

  /**
   * To a vector of lanes for each row, one behind the other in a float register: what is left of {@link Folding#LANES} lanes after the
   * halvings that join whole vectors.
   */
  record ToLanes(int value, Op.Fold fold, int register) implements Sink {}
}
