package dev.chainrule.benchmarks.training;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.ToDoubleFunction;

/** All that is measured of one workload with one number of threads. */
final class Cell {

  private final Workload workload;
  private final int threads;
  private final SequencedMap<Contender, List<Sample>> samples = new LinkedHashMap<>();
  private final List<Floor> floors = new ArrayList<>();

  Cell(Workload workload, int threads) {
    this.workload = workload;
    this.threads = threads;
  }

  Workload workload() {
    return workload;
  }

  int threads() {
    return threads;
  }

  void add(Contender contender, Sample sample) {
    samples.computeIfAbsent(contender, _ -> new ArrayList<>()).add(sample);
  }

  void add(Floor floor) {
    floors.add(floor);
  }

  /** The results of one contender, as long as it has any. */
  final class Results {
    private final Contender contender;
    private final List<Sample> samples;

    private Results(Contender contender, List<Sample> samples) {
      this.contender = contender;
      this.samples = List.copyOf(samples);
    }

    Contender contender() {
      return contender;
    }

    List<Sample> samples() {
      return samples;
    }

    /** The median over processes of the median over steps. */
    double stepMillis() {
      return median(Sample::medianNanos) / 1e6;
    }

    double cpuMillis() {
      return median(Sample::cpuNanosPerStep) / 1e6;
    }

    double residentMegabytes() {
      return median(Sample::peakResidentBytes) / 1e6;
    }

    double firstLossSeconds() {
      return median(Sample::firstLossNanos) / 1e9;
    }

    private double median(ToDoubleFunction<Sample> figure) {
      return Median.of(samples.stream().map(figure::applyAsDouble).toList());
    }
  }

  List<Results> results() {
    return samples.entrySet().stream().map(entry -> new Results(entry.getKey(), entry.getValue())).toList();
  }

  Optional<Results> ours() {
    return results().stream().filter(r -> r.contender().ours()).findFirst();
  }

  List<Results> peers() {
    return results().stream().filter(r -> !r.contender().ours()).toList();
  }

  /** The peer, with the settings, that takes the least time for a step. */
  Optional<Results> bestPeer() {
    return peers().stream().min(Comparator.comparingDouble(Results::stepMillis));
  }

  /** That of the fastest process, since a step takes at least this; empty when none was measured. */
  Optional<Double> floorMillis() {
    long bytes = ours().map(r -> r.samples().getFirst().bytesMoved()).orElse(0L);
    return floors.stream().map(floor -> floor.nanos(bytes) / 1e6).min(Comparator.naturalOrder());
  }

  SequencedMap<String, Object> report() {
    SequencedMap<String, Object> report = new LinkedHashMap<>();
    report.put("workload", workload.title());
    report.put("threads", threads);
    ours().map(r -> r.samples().getFirst()).ifPresent(sample -> {
      report.put("parameters", sample.parameters());
      report.put("bytesMoved", sample.bytesMoved());
      report.put("bytesNeeded", sample.bytesNeeded());
    });
    floorMillis().ifPresent(millis -> report.put("floorMillis", millis));
    report.put("floors", floors.stream().map(Floor::report).toList());
    report.put("contenders", results().stream().map(Cell::report).toList());
    return report;
  }

  private static Map<String, Object> report(Results results) {
    SequencedMap<String, Object> report = new LinkedHashMap<>();
    report.put("name", results.contender().title());
    report.put("environment", results.contender().environment());
    report.put("stepMillis", results.stepMillis());
    report.put("cpuMillis", results.cpuMillis());
    report.put("residentMegabytes", results.residentMegabytes());
    report.put("firstLossSeconds", results.firstLossSeconds());
    report.put("processes", results.samples().stream().map(Sample::report).toList());
    return report;
  }
}
