package dev.chainrule.device.events;

import java.util.function.Supplier;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A Step had no plan for a graph. */
@Name("chainrule.PlanMiss")
@Label("Plan Miss")
@Description("A Step had no plan for what it traced")
@Category("Chainrule")
@StackTrace(false)
public final class PlanMissEvent extends Event {

  @Label("First Difference")
  @Description("From the nearest plan that the Step has")
  private String difference = "";

  private PlanMissEvent() {}

  /**
   * Records a miss.
   *
   * @param difference asked only if anybody records misses
   */
  public static void emit(Supplier<String> difference) {
    var event = new PlanMissEvent();
    if (event.shouldCommit()) {
      event.difference = difference.get();
      event.commit();
    }
  }
}
