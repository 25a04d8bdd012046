package dev.chainrule.backend.cpu;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Schedule;

/**
 * How a schedule's table of base addresses is laid out: arena, parameters, constants, then inputs, states, outputs and moving slices; and where each
 * constant lies in the memory that holds them all.
 */
final class Bases {

  static final int ARENA = 0;
  static final int PARAMETERS = 1;
  static final int CONSTANTS = 2;
  static final int INPUTS = 3;

  private final Schedule schedule;
  private final DnnlHolds holds = new DnnlHolds();
  private final long[] constantOffsets;

  Bases(Schedule schedule) {
    this.schedule = schedule;
    this.constantOffsets = new long[schedule.constants().size() + 1];
    for (int i = 0; i < schedule.constants().size(); i++) {
      long end = constantOffsets[i] + schedule.constants().get(i).type().bytes();
      constantOffsets[i + 1] = (end + Schedule.ALIGNMENT - 1) & -Schedule.ALIGNMENT;
    }
  }

  Schedule schedule() {
    return schedule;
  }

  /** The primitives of the kernels that are linked to it. */
  DnnlHolds holds() {
    return holds;
  }

  long constantOffset(int slot) {
    return constantOffsets[slot];
  }

  long constantBytes() {
    return constantOffsets[constantOffsets.length - 1];
  }

  int states() {
    return INPUTS + schedule.inputs().size();
  }

  int outputs() {
    return states() + schedule.states().size();
  }

  int slices() {
    return outputs() + schedule.outputs().size();
  }

  int count() {
    return slices() + schedule.slices();
  }

  Place place(BufferRef buffer) {
    return switch (buffer) {
      case BufferRef.Temporary temporary -> new Place(ARENA, schedule.offset(temporary));
      case BufferRef.Parameter(int slot) -> new Place(PARAMETERS, (long) slot * Schedule.PARAMETER_BYTES);
      case BufferRef.Constant(int slot) -> new Place(CONSTANTS, constantOffsets[slot]);
      case BufferRef.Input(int slot) -> new Place(INPUTS + slot, 0);
      case BufferRef.State(int slot) -> new Place(states() + slot, 0);
      case BufferRef.Output(int slot) -> new Place(outputs() + slot, 0);
      case BufferRef.Slice(int id) -> new Place(slices() + id, 0);
    };
  }
}
