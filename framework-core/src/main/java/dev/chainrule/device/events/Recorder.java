package dev.chainrule.device.events;

import java.util.Optional;
import java.util.function.Supplier;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;

/**
 * Whether Java's Flight Recorder has recorded anything in this process so far. Until it has, nobody touches an event: the first one has
 * the recorder look through all its settings, which takes a tenth of a second that every short program would pay.
 */
public final class Recorder {

  private Recorder() {}

  /** Whether anybody records or has recorded. */
  public static boolean isOn() {
    return FlightRecorder.isInitialized();
  }

  /**
   * An event, if anybody records or has recorded.
   *
   * @param event a lambda expression; a reference to the event's method would load its class
   */
  public static <E extends Event> Optional<E> ifOn(Supplier<E> event) {
    return isOn() ? Optional.of(event.get()) : Optional.empty();
  }
}
