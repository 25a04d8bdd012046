package dev.chainrule.plan;

import dev.chainrule.device.Executable;
import dev.chainrule.schedule.Schedule;

/** A schedule made executable on one device. */
record Plan(Schedule schedule, Executable executable) implements AutoCloseable {

  @Override
  public void close() {
    executable.close();
  }
}
