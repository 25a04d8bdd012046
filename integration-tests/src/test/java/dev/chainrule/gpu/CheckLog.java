package dev.chainrule.gpu;

import dev.chainrule.io.Json;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SequencedMap;

/** The outcomes of checks of one build on one card, kept in a file after each. */
final class CheckLog {

  private static final String DEVICE = "device";
  private static final String BUILD = "build";

  private final Path file;
  private final Properties outcomes = new Properties();

  /** What is in the file, if that is of the same card and build. */
  CheckLog(Path file, String device, String build) {
    this.file = file;
    if (Files.exists(file)) {
      try (Reader reader = Files.newBufferedReader(file)) {
        outcomes.load(reader);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    if (!device.equals(outcomes.getProperty(DEVICE)) || !build.equals(outcomes.getProperty(BUILD))) {
      outcomes.clear();
      outcomes.setProperty(BUILD, build);
      outcomes.setProperty(DEVICE, device);
    }
  }

  boolean hasPassed(Check check) {
    return outcome(check).kind() == Check.Kind.PASSED;
  }

  void record(Check check, Check.Outcome outcome) throws IOException {
    outcomes.setProperty(check.name(), outcome.kind() + "|" + outcome.figures());
    try (Writer writer = Files.newBufferedWriter(file)) {
      outcomes.store(writer, "scripts/gpu-check");
    }
  }

  Check.Outcome outcome(Check check) {
    String kept = outcomes.getProperty(check.name(), Check.Kind.NOT_RUN + "|");
    int bar = kept.indexOf('|');
    return new Check.Outcome(Check.Kind.valueOf(kept.substring(0, bar)), kept.substring(bar + 1));
  }

  String json(List<Check> checks) {
    SequencedMap<String, Object> outcomesByName = new LinkedHashMap<>();
    for (Check check : checks) {
      Check.Outcome outcome = outcome(check);
      outcomesByName.put(check.name(), Map.of("outcome", outcome.kind().text(), "figures", outcome.figures()));
    }
    SequencedMap<String, Object> all = new LinkedHashMap<>();
    all.put(DEVICE, outcomes.getProperty(DEVICE));
    all.put(BUILD, outcomes.getProperty(BUILD));
    all.put("java", Runtime.version().toString());
    all.put("checks", outcomesByName);
    return Json.of(all).toString();
  }
}
