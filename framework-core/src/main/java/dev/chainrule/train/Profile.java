package dev.chainrule.train;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.events.AllocationEvent;
import dev.chainrule.device.events.CopyEvent;
import dev.chainrule.device.events.FreeEvent;
import dev.chainrule.device.events.KernelEvent;
import dev.chainrule.device.events.PlanEvent;
import dev.chainrule.device.events.PlanMissEvent;
import dev.chainrule.device.events.RunEvent;
import dev.chainrule.device.events.TraceEvent;
import dev.chainrule.io.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;

/**
 * Records what the runtime does between {@link #to} and {@link #close}: tracing, planning, runs, each kernel, copies and device memory, on
 * all threads. What the program computes stays the same.
 *
 * <pre>{@code
 * try (var profile = Profile.to(Path.of("trace.json"))) {
 *   trainer.fit(loader, 1);
 * }
 * }</pre>
 *
 * <p>The file has Chrome's trace event format, which chrome://tracing and ui.perfetto.dev show; a name that ends in {@code .jfr} keeps the
 * flight recording itself, for JDK Mission Control.
 */
public final class Profile implements AutoCloseable {

  private static final List<Class<? extends Event>> EVENTS = List.of(TraceEvent.class, PlanEvent.class, PlanMissEvent.class,
      RunEvent.class, KernelEvent.class, CopyEvent.class, AllocationEvent.class, FreeEvent.class);

  private final Path file;
  private final Recording recording;

  private Profile(Path file, Recording recording) {
    this.file = file;
    this.recording = recording;
  }

  /**
   * Begins to record.
   *
   * @param file written at the end; one that exists is replaced
   * @throws InvalidArgumentException when its folder does not exist, or the Java runtime cannot record
   */
  public static Profile to(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new InvalidArgumentException("profile", file + " has no folder to be written to", "Name a file in an existing folder.");
    }
    if (!FlightRecorder.isAvailable()) {
      throw new InvalidArgumentException("profile", "this Java runtime has no flight recorder", "Start it with -XX:+FlightRecorder.");
    }
    var recording = new Recording();
    recording.setName("chainrule");
    EVENTS.forEach(event -> recording.enable(event).withThreshold(Duration.ZERO));
    recording.start();
    return new Profile(file, recording);
  }

  /**
   * Ends the recording and writes the file; once closed, does nothing.
   *
   * @throws UncheckedIOException when the file cannot be written
   */
  @Override
  public void close() {
    if (recording.getState() == RecordingState.CLOSED) {
      return;
    }
    try (recording) {
      recording.stop();
      Path raw = Files.createTempFile("chainrule", ".jfr");
      try {
        recording.dump(raw);
        write(raw);
      } finally {
        Files.deleteIfExists(raw);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  private void write(Path raw) {
    boolean kept = file.toString().endsWith(".jfr");
    AtomicFile.write(file, channel -> {
      if (kept) {
        Files.copy(raw, Channels.newOutputStream(channel));
      } else {
        ChromeTrace.write(raw, recording.getStartTime(), channel);
      }
    });
  }
}
