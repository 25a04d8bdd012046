package dev.chainrule.train;

import dev.chainrule.io.Json;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;

/**
 * A flight recording as Chrome's trace events (Google, "Trace Event Format"): an array of objects, one line each. What the viewers call
 * processes are the groups tracing, planning, runs, kernels, copies and memory, each with a track for every thread.
 */
final class ChromeTrace {

  private static final String PREFIX = "chainrule.";

  /** What the format says of an event: a span of time, a moment, a figure over time. */
  private enum Phase {
    SPAN("X"),
    MOMENT("i"),
    FIGURE("C");

    private final String letter;

    Phase(String letter) {
      this.letter = letter;
    }
  }

  private enum Group {
    TRACING,
    PLANNING,
    RUNS,
    KERNELS,
    COPIES,
    MEMORY
  }

  /** How one kind of event is shown; {@code naming} is the field whose text is its name, or empty where the kind itself is. */
  private record Kind(Group group, Phase phase, String name, String naming) {}

  private static final Map<String, Kind> KINDS = Map.of(
      "Trace", new Kind(Group.TRACING, Phase.SPAN, "trace", ""),
      "Plan", new Kind(Group.PLANNING, Phase.SPAN, "plan", ""),
      "PlanMiss", new Kind(Group.PLANNING, Phase.MOMENT, "plan miss", ""),
      "Run", new Kind(Group.RUNS, Phase.SPAN, "run", ""),
      "Kernel", new Kind(Group.KERNELS, Phase.SPAN, "kernel", "label"),
      "Copy", new Kind(Group.COPIES, Phase.SPAN, "copy", "direction"),
      "Allocation", new Kind(Group.MEMORY, Phase.FIGURE, "memory", "device"),
      "Free", new Kind(Group.MEMORY, Phase.FIGURE, "memory", "device"));

  /** What every event has; the rest are arguments. */
  private static final Set<String> COMMON = Set.of("startTime", "duration", "eventThread", "stackTrace");

  private final Instant zero;
  private final Writer out;
  private final Set<Track> named = new HashSet<>();
  private boolean begun;

  private record Track(Group group, long thread) {}

  private ChromeTrace(Instant zero, Writer out) {
    this.zero = zero;
    this.out = out;
  }

  /**
   * Writes the recording's events of this framework.
   *
   * @param zero the moment from which times count
   */
  static void write(Path recording, Instant zero, WritableByteChannel channel) throws IOException {
    var out = new BufferedWriter(new OutputStreamWriter(Channels.newOutputStream(channel), StandardCharsets.UTF_8));
    var trace = new ChromeTrace(zero, out);
    out.write("[");
    for (Group group : Group.values()) {
      trace.group(group);
    }
    try (var events = new RecordingFile(recording)) {
      while (events.hasMoreEvents()) {
        RecordedEvent event = events.readEvent();
        String name = event.getEventType().getName();
        Kind kind = name.startsWith(PREFIX) ? KINDS.get(name.substring(PREFIX.length())) : null;
        if (kind != null) {
          trace.event(event, kind);
        }
      }
    }
    out.write("\n]\n");
    out.flush();
  }

  private void group(Group group) throws IOException {
    describe("process_name", new Track(group, 0), Map.of("name", nameOf(group)));
    describe("process_sort_index", new Track(group, 0), Map.of("sort_index", group.ordinal()));
  }

  private static String nameOf(Group group) {
    return group.name().toLowerCase(Locale.ROOT);
  }

  private void event(RecordedEvent event, Kind kind) throws IOException {
    RecordedThread thread = event.getThread();
    var track = new Track(kind.group, thread == null ? 0 : thread.getId());
    if (thread != null && kind.phase != Phase.FIGURE && named.add(track)) {
      String name = thread.getJavaName();
      describe("thread_name", track, Map.of("name", name == null ? "thread " + thread.getId() : name));
    }
    SequencedMap<String, Object> line = start(kind.naming.isEmpty() ? kind.name : event.getString(kind.naming), kind.phase.letter, track);
    line.put("cat", nameOf(kind.group));
    line.put("ts", microseconds(Duration.between(zero, event.getStartTime())));
    switch (kind.phase) {
      case SPAN -> line.put("dur", microseconds(event.getDuration()));
      case MOMENT -> line.put("s", "t");
      case FIGURE -> { }
    }
    line.put("args", kind.phase == Phase.FIGURE ? Map.of("live bytes", event.getLong("liveBytes")) : arguments(event));
    write(line);
  }

  private static SequencedMap<String, Object> arguments(RecordedEvent event) {
    SequencedMap<String, Object> arguments = new LinkedHashMap<>();
    for (ValueDescriptor field : event.getFields()) {
      Object value = COMMON.contains(field.getName()) ? null : event.getValue(field.getName());
      if (value != null) {
        arguments.put(field.getName(), value);
      }
    }
    return arguments;
  }

  private static double microseconds(Duration time) {
    return time.toNanos() / 1e3;
  }

  private void describe(String what, Track track, Map<String, Object> arguments) throws IOException {
    SequencedMap<String, Object> line = start(what, "M", track);
    line.put("args", arguments);
    write(line);
  }

  private static SequencedMap<String, Object> start(String name, String phase, Track track) {
    SequencedMap<String, Object> line = new LinkedHashMap<>();
    line.put("name", name);
    line.put("ph", phase);
    line.put("pid", track.group.ordinal() + 1);
    line.put("tid", track.thread);
    return line;
  }

  private void write(Map<String, Object> line) throws IOException {
    out.write((begun ? ",\n" : "\n") + Json.of(line).text());
    begun = true;
  }
}
