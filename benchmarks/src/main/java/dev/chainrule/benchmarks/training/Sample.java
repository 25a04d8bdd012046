package dev.chainrule.benchmarks.training;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * What one process of a library measured.
 *
 * @param library its jar
 * @param parameters how many numbers it trains
 * @param firstLoss before any update
 * @param lastLoss after all steps
 * @param firstLossNanos from the start of the process until its first loss was read
 * @param cpuNanosPerStep of all its threads, those of the JVM included
 * @param bytesMoved see {@link Training#bytesMoved}
 * @param bytesNeeded see {@link Training#bytesNeeded}
 */
record Sample(String library, long parameters, double firstLoss, double lastLoss, long firstLossNanos, long warmUpSteps,
    long cpuNanosPerStep, long peakResidentBytes, long bytesMoved, long bytesNeeded, List<Long> stepNanos) {

  Sample {
    stepNanos = List.copyOf(stepNanos);
  }

  static Sample of(List<Child.Line> lines) {
    Child.Line first = lines.getFirst();
    Child.Line rest = lines.getLast();
    return new Sample(rest.text("library"), rest.whole("parameters"), first.real("firstLoss"), rest.real("lastLoss"), first.nanos(),
        rest.whole("warmUpSteps"), rest.whole("cpuNanosPerStep"), rest.whole("peakResidentBytes"), rest.whole("bytesMoved"),
        rest.whole("bytesNeeded"), rest.wholes("stepNanos"));
  }

  double medianNanos() {
    return Median.of(stepNanos);
  }

  SequencedMap<String, Object> report() {
    SequencedMap<String, Object> report = new LinkedHashMap<>();
    report.put("library", library);
    report.put("firstLoss", firstLoss);
    report.put("lastLoss", lastLoss);
    report.put("firstLossNanos", firstLossNanos);
    report.put("warmUpSteps", warmUpSteps);
    report.put("cpuNanosPerStep", cpuNanosPerStep);
    report.put("peakResidentBytes", peakResidentBytes);
    report.put("stepNanos", stepNanos);
    return report;
  }
}
