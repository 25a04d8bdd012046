package dev.chainrule.device.events;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Device memory has come into use. */
@Name("chainrule.Allocation")
@Label("Allocation")
@Description("Device memory came into use")
@Category("Chainrule")
@StackTrace(false)
public final class AllocationEvent extends Event {

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

  private AllocationEvent() {}

  /** Records an allocation, after which {@code liveBytes} are in use. */
  public static void emit(String device, String what, long bytes, long liveBytes) {
    var event = new AllocationEvent();
    event.device = device;
    event.what = what;
    event.bytes = bytes;
    event.liveBytes = liveBytes;
    event.commit();
  }
}
