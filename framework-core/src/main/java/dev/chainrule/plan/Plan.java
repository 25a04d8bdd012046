package dev.chainrule.plan;

import dev.chainrule.device.Executable;
import dev.chainrule.schedule.Schedule;

/**
 * A schedule made executable on one device.
 *
 * @param pool counts what the device holds for it
 */
record Plan(Schedule schedule, Executable executable, MemoryPool pool) implements AutoCloseable {

  @Override
  public void close() {
    pool.discharge(executable.bytes());
    executable.close();
  }
}
