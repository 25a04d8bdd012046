package dev.chainrule.benchmarks.gpu;

import dev.chainrule.io.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/** What processes have measured of one workload, a line of JSON each in a file, so that a run that was cut off is gone on with. */
final class Samples {

  private final Path file;
  private final Map<String, List<Json.Obj>> byContender = new LinkedHashMap<>();

  Samples(Path file) throws IOException {
    this.file = file;
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        if (Json.parse(file.toString(), line) instanceof Json.Obj sample) {
          remember(text(sample, "contender"), sample);
        }
      }
    }
  }

  private void remember(String contender, Json.Obj sample) {
    byContender.computeIfAbsent(contender, _ -> new ArrayList<>()).add(sample);
  }

  /** @param line what the contender's process printed */
  void add(String contender, Json.Obj line) throws IOException {
    SequencedMap<String, Json> members = new LinkedHashMap<>();
    members.put("contender", Json.of(contender));
    members.putAll(line.members());
    var sample = new Json.Obj(members);
    Files.writeString(file, sample.text() + "\n", StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    remember(contender, sample);
  }

  int count(String contender) {
    return byContender.getOrDefault(contender, List.of()).size();
  }

  /** Seconds a step of all blocks of all its processes. */
  List<Double> seconds(String contender) {
    return byContender.getOrDefault(contender, List.of()).stream()
        .flatMap(sample -> sample.get("stepSeconds").orElseThrow() instanceof Json.Arr(var all) ? all.stream() : List.<Json>of().stream())
        .map(number -> number.asDouble().orElseThrow()).sorted().toList();
  }

  /** A figure of a contender's first process. */
  Optional<Double> figure(String contender, String name) {
    return byContender.getOrDefault(contender, List.of()).stream().findFirst().flatMap(sample -> sample.get(name))
        .flatMap(Json::asDouble);
  }

  private static String text(Json.Obj sample, String name) {
    return sample.get(name).orElseThrow() instanceof Json.Str(String text) ? text : "";
  }

  /** The number below which a part of the sorted numbers lies. */
  static double quantile(List<Double> sorted, double part) {
    return sorted.get(Math.toIntExact(Math.round(part * (sorted.size() - 1))));
  }
}
