package dev.chainrule.device.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A plan has run, from its start to the moment at which the host knew that it had ended. */
@Name("chainrule.Run")
@Label("Run")
@Description("A plan ran, copies of inputs and results not included")
@Category("Chainrule")
@StackTrace(false)
public final class RunEvent extends Event {

  @Label("Device")
  private String device = "";

  @Label("Instructions")
  private long instructions;

  @Label("Faulted")
  private boolean faulted;

  private RunEvent() {}

  /** A run that begins now. */
  public static RunEvent begun() {
    var event = new RunEvent();
    event.begin();
    return event;
  }

  /** Records the run, which ends now. */
  public void ended(String device, long instructions, boolean faulted) {
    this.device = device;
    this.instructions = instructions;
    this.faulted = faulted;
    commit();
  }
}
