package dev.chainrule.plan;

import dev.chainrule.device.Executable;
import dev.chainrule.schedule.Schedule;

/**
 * A schedule made executable on one device.
 *
 * @param pool counts what the device holds for it
 */
record Plan(Schedule schedule, Executable executable, MemoryPool pool) implements AutoCloseable {

  /** How messages call its memory. */
  static final String WHAT = "a plan";

  @Override
  public void close() {
    pool.discharge(executable.bytes(), WHAT);
    executable.close();
  }
}
