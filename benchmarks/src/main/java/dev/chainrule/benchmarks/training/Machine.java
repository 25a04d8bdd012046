package dev.chainrule.benchmarks.training;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** What figures depend on beside the program. */
final class Machine {

  private Machine() {}

  static SequencedMap<String, Object> report(Cores cores) {
    SequencedMap<String, Object> report = new LinkedHashMap<>();
    report.put("processor", processor());
    report.put("processors", cores.numbers());
    report.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch"));
    report.put("java", System.getProperty("java.vendor") + " " + Runtime.version());
    return report;
  }

  private static String processor() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines.filter(line -> line.startsWith("model name")).map(line -> line.substring(line.indexOf(':') + 1).trim()).findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read what the processor is", e);
    }
  }

  /** Processes that wanted to run in the last minute, on average: others than the benchmark's spoil figures. */
  static double load() {
    try {
      return Double.parseDouble(Files.readString(Path.of("/proc/loadavg")).split(" ")[0]);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the load", e);
    }
  }
}
