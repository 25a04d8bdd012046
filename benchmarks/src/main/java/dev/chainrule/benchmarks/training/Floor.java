package dev.chainrule.benchmarks.training;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * What one process measured of how long a step takes at least.
 *
 * @param library that does products and convolutions
 * @param stepNanos of all of them, one after the other
 * @param bytesPerSecond at which memory is read and written
 */
record Floor(String library, List<Long> stepNanos, double bytesPerSecond) {

  Floor {
    stepNanos = List.copyOf(stepNanos);
  }

  static Floor of(List<Child.Line> lines) {
    Child.Line line = lines.getLast();
    return new Floor(line.text("library"), line.wholes("stepNanos"), line.real("bytesPerSecond"));
  }

  /** Products and convolutions, then moving these bytes. */
  double nanos(long bytes) {
    return Median.of(stepNanos) + bytes / bytesPerSecond * 1e9;
  }

  SequencedMap<String, Object> report() {
    SequencedMap<String, Object> report = new LinkedHashMap<>();
    report.put("library", library);
    report.put("bytesPerSecond", bytesPerSecond);
    report.put("stepNanos", stepNanos);
    return report;
  }
}
