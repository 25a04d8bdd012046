package dev.chainrule.benchmarks.gpu;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The table of GPU trainings; what its columns are stands in docs/benchmarks.md. */
final class GpuTable {

  static final String HEAD = """
      | workload | ms a step (10 %, 90 %) | a second | TFLOP/s | floor / ours | MB | kernels | first loss beside PyTorch's | eager / ours | \
      best PyTorch / ours |
      |---|---|---|---|---|---|---|---|---|---|""";

  private GpuTable() {}

  static String row(GpuWorkload workload, Samples samples, List<String> modes) {
    List<Double> ours = samples.seconds(GpuBenchmark.OURS);
    double median = Samples.quantile(ours, 0.5);
    Optional<Double> loss = samples.figure(modes.getFirst(), "firstLoss").map(eager -> samples.figure(GpuBenchmark.OURS, "firstLoss").orElseThrow() / eager);
    Optional<String> best = modes.stream().filter(mode -> samples.count(mode) > 0)
        .min(Comparator.comparingDouble(mode -> Samples.quantile(samples.seconds(mode), 0.5)));
    return "| %s | %.3f (%.3f, %.3f) | %.0f | %.2f | %.2f | %.0f | %.0f | %s | %s | %s |".formatted(workload.title(), 1e3 * median,
        1e3 * Samples.quantile(ours, 0.1), 1e3 * Samples.quantile(ours, 0.9), workload.labels() / median,
        samples.figure(GpuBenchmark.OURS, "operations").orElseThrow() / median / 1e12,
        samples.figure(GpuBenchmark.OURS, "floorSeconds").orElseThrow() / median,
        samples.figure(GpuBenchmark.OURS, "peakBytes").orElseThrow() / 1e6, samples.figure(GpuBenchmark.OURS, "kernels").orElseThrow(),
        loss.map(ratio -> String.format(Locale.ROOT, "%.3f", ratio)).orElse("-"), ratio(samples, Optional.of(modes.getFirst()), median),
        best.map(mode -> ratio(samples, best, median) + " (" + mode + ")").orElse("-"));
  }

  private static String ratio(Samples samples, Optional<String> mode, double ours) {
    return mode.filter(m -> samples.count(m) > 0).map(m -> String.format(Locale.ROOT, "%.2f", Samples.quantile(samples.seconds(m), 0.5) / ours))
        .orElse("-");
  }
}
