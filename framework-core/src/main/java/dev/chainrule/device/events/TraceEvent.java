package dev.chainrule.device.events;

import java.util.function.LongSupplier;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A Step's function has been traced into a graph. */
@Name("chainrule.Trace")
@Label("Trace")
@Description("A Step's function was called and its graph recorded")
@Category("Chainrule")
@StackTrace(false)
public final class TraceEvent extends Event {

  @Label("Mode")
  private String mode = "";

  @Label("Nodes")
  private long nodes;

  private TraceEvent() {}

  /** A tracing that begins now. */
  public static TraceEvent begun() {
    var event = new TraceEvent();
    event.begin();
    return event;
  }

  /**
   * Records the tracing, which ends now.
   *
   * @param nodes asked only if anybody records tracings
   */
  public void ended(String mode, LongSupplier nodes) {
    end();
    if (shouldCommit()) {
      this.mode = mode;
      this.nodes = nodes.getAsLong();
      commit();
    }
  }
}
