package dev.chainrule.kernels;

import dev.chainrule.graph.HostArray;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Schedule;

/**
 * The table of the memories that a run binds: the arena, the frame, which holds the word of faults and the Java numbers, what is the same
 * at every run, what kernels hand on to the next, then inputs, states, outputs and moving slices.
 */
public final class Bases {

  /** The plan's temporaries. */
  public static final int ARENA = 0;
  /** The word of faults, then what a run writes first: tables, parameters. */
  public static final int FRAME = 1;
  /** What does not change: constants, shapes. */
  public static final int FIXED = 2;
  /** Of one kernel at a time. */
  public static final int SCRATCH = 3;
  /** The first input; states and outputs follow. */
  public static final int INPUTS = 4;

  /** Where in the frame the Java numbers begin; before them lies the word of faults. */
  public static final long PARAMETERS = Schedule.ALIGNMENT;

  static final Place FAULTS = new Place(FRAME, 0);
  static final Place PARTIALS = new Place(SCRATCH, 0);

  private final Schedule schedule;
  private final long[] constantOffsets;

  Bases(Schedule schedule) {
    this.schedule = schedule;
    this.constantOffsets = new long[schedule.constants().size() + 1];
    for (int i = 0; i < schedule.constants().size(); i++) {
      HostArray constant = schedule.constants().get(i);
      constantOffsets[i + 1] = aligned(constantOffsets[i] + constant.type().bytes());
    }
  }

  static long aligned(long bytes) {
    return (bytes + Schedule.ALIGNMENT - 1) & -Schedule.ALIGNMENT;
  }

  /** Where a literal lies in the fixed memory. */
  long constantOffset(int slot) {
    return constantOffsets[slot];
  }

  long constantBytes() {
    return constantOffsets[constantOffsets.length - 1];
  }

  /** The first state. */
  public int states() {
    return INPUTS + schedule.inputs().size();
  }

  /** The first output. */
  public int outputs() {
    return states() + schedule.states().size();
  }

  int slices() {
    return outputs() + schedule.outputs().size();
  }

  /** Entries of the table. */
  public int count() {
    return slices() + schedule.slices();
  }

  Place place(BufferRef buffer) {
    return switch (buffer) {
      case BufferRef.Temporary temporary -> new Place(ARENA, schedule.offset(temporary));
      case BufferRef.Parameter(int slot) -> new Place(FRAME, PARAMETERS + (long) slot * Schedule.PARAMETER_BYTES);
      case BufferRef.Constant(int slot) -> new Place(FIXED, constantOffsets[slot]);
      case BufferRef.Input(int slot) -> new Place(INPUTS + slot, 0);
      case BufferRef.State(int slot) -> new Place(states() + slot, 0);
      case BufferRef.Output(int slot) -> new Place(outputs() + slot, 0);
      case BufferRef.Slice(int id) -> new Place(slices() + id, 0);
    };
  }
}
