package dev.chainrule.device.events;

import dev.chainrule.schedule.Schedule;
import java.util.function.LongSupplier;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A plan has been built: the schedule made and linked. */
@Name("chainrule.Plan")
@Label("Plan")
@Description("A schedule was made of a graph and linked by the device")
@Category("Chainrule")
@StackTrace(false)
public final class PlanEvent extends Event {

  @Label("Device")
  private String device = "";

  @Label("Nodes")
  private long nodes;

  @Label("Instructions")
  private long instructions;

  @Label("Arena")
  @DataAmount
  private long arenaBytes;

  private PlanEvent() {}

  /** A plan whose building begins now. */
  public static PlanEvent begun() {
    var event = new PlanEvent();
    event.begin();
    return event;
  }

  /**
   * Records the plan, which is ready now.
   *
   * @param nodes asked only if anybody records plans
   */
  public void ended(String device, LongSupplier nodes, Schedule schedule) {
    end();
    if (shouldCommit()) {
      this.device = device;
      this.nodes = nodes.getAsLong();
      this.instructions = schedule.instructions().size();
      this.arenaBytes = schedule.arenaBytes();
      commit();
    }
  }
}
