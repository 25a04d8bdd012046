package dev.chainrule.schedule;

/** A buffer of a plan, named by its role; the memory behind it is bound when the plan runs. */
public sealed interface BufferRef {

  /** A temporary; {@link Schedule#offset} says where in the arena it lies. */
  record Temporary(int id) implements BufferRef {}

  /** Data from outside, read only. */
  record Input(int slot) implements BufferRef {}

  /** A variable; written by the last instructions, see {@link Instruction#isCommit}. */
  record State(int slot) implements BufferRef {}

  /** A result. */
  record Output(int slot) implements BufferRef {}

  /** Java numbers, {@link Schedule#PARAMETER_BYTES} apart, in the type of their operand. */
  record Parameter(int slot) implements BufferRef {}

  /** A part of another buffer that moves on with the repetitions of an {@link Instruction.Loop}. */
  record Slice(int id) implements BufferRef {}

  /** A literal of the plan. */
  record Constant(int slot) implements BufferRef {}
}
