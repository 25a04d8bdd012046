package dev.chainrule.device.events;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Device memory has been given back. */
@Name("chainrule.Free")
@Label("Free")
@Description("Device memory was given back")
@Category("Chainrule")
@StackTrace(false)
public final class FreeEvent extends Event {

  @Label("Device")
  private String device = "";

  @Label("What For")
  private String what = "";

  @Label("Bytes")
  @DataAmount
  private long bytes;

  @Label("Live Bytes")
  @Description("In use on the device afterwards")
  @DataAmount
  private long liveBytes;

  private FreeEvent() {}

  /** Records that memory was given back, after which {@code liveBytes} are in use. */
  public static void emit(String device, String what, long bytes, long liveBytes) {
    var event = new FreeEvent();
    event.device = device;
    event.what = what;
    event.bytes = bytes;
    event.liveBytes = liveBytes;
    event.commit();
  }
}
