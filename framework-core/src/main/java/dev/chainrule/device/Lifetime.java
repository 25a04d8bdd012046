package dev.chainrule.device;

import dev.chainrule.DeviceUnavailableException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Whether a device is open, and what ends with it: whoever keeps something on a device says here how that is given back. */
public final class Lifetime {

  private final String device;
  private final Deque<Runnable> endings = new ArrayDeque<>();
  private boolean over;

  /**
   * The lifetime of a device that is open now.
   *
   * @param device how messages call it, such as {@code cpu:0}
   */
  public Lifetime(String device) {
    this.device = device;
  }

  /**
   * Has {@code ending} called when the device is closed, before those that were given earlier.
   *
   * @throws DeviceUnavailableException when it is closed already
   */
  public synchronized void atEnd(Runnable ending) {
    if (over) {
      throw closed();
    }
    endings.push(ending);
  }

  /** Takes back what was given to {@link #atEnd}, if it has not been called yet. */
  public synchronized void forget(Runnable ending) {
    endings.remove(ending);
  }

  /** The error of whoever uses the device after its end. */
  public DeviceUnavailableException closed() {
    return new DeviceUnavailableException(device, "the device has been closed, and what lay on it is gone", "Open it again by its name.");
  }

  /** Ends it; once ended, does nothing. */
  void end() {
    takeAll().forEach(Runnable::run);
  }

  private synchronized List<Runnable> takeAll() {
    over = true;
    List<Runnable> all = new ArrayList<>(endings);
    endings.clear();
    return all;
  }
}
