package dev.chainrule.device.events;

import dev.chainrule.schedule.Work;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * A device has run one instruction of a plan; a loop is one. An executable asks {@link Recorder} and {@link #isRecorded} once at the start
 * of a run, and makes no event and reads no clock where the answer is no.
 */
@Name("chainrule.Kernel")
@Label("Kernel")
@Description("A device ran one instruction of a plan")
@Category("Chainrule")
@StackTrace(false)
public final class KernelEvent extends Event {

  /** Asked again and again, so that asking makes no object. */
  private static final KernelEvent PROBE = new KernelEvent();

  @Label("Operations")
  private String label = "";

  @Label("Module Path")
  private String path = "";

  @Label("Bytes Read")
  @DataAmount
  private long bytesRead;

  @Label("Bytes Written")
  @DataAmount
  private long bytesWritten;

  @Label("Floating-Point Operations")
  private long flops;

  private KernelEvent() {}

  /** Whether anybody records kernels. */
  public static boolean isRecorded() {
    return PROBE.isEnabled();
  }

  /** A kernel that begins now. */
  public static KernelEvent begun() {
    var event = new KernelEvent();
    event.begin();
    return event;
  }

  /** Records the kernel, which ends now. */
  public void ended(Work work) {
    end();
    label = work.label();
    path = String.join(", ", work.paths());
    bytesRead = work.bytesRead();
    bytesWritten = work.bytesWritten();
    flops = work.flops();
    commit();
  }
}
