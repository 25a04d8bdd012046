package dev.chainrule.device.events;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Data has been copied between host and device. */
@Name("chainrule.Copy")
@Label("Copy")
@Description("Data was copied between host and device")
@Category("Chainrule")
@StackTrace(false)
public final class CopyEvent extends Event {

  /** Which way data goes. */
  public enum Direction {
    /** From the host to the device. */
    TO_DEVICE("to device"),
    /** From the device to the host. */
    TO_HOST("to host");

    private final String text;

    Direction(String text) {
      this.text = text;
    }
  }

  @Label("Direction")
  private String direction = "";

  @Label("Bytes")
  @DataAmount
  private long bytes;

  private CopyEvent() {}

  /** A copy that begins now. */
  public static CopyEvent begun() {
    var event = new CopyEvent();
    event.begin();
    return event;
  }

  /** Records the copy, which ends now. */
  public void ended(Direction way, long copied) {
    direction = way.text;
    bytes = copied;
    commit();
  }
}
