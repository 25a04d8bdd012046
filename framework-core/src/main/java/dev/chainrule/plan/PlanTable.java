package dev.chainrule.plan;

import dev.chainrule.schedule.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A plan's report as text. */
final class PlanTable {

  /** The columns from this one on hold numbers and are aligned to the right. */
  private static final int FIGURES = 3;

  /** Module paths in a cell at most. */
  private static final int PATHS = 2;

  private final List<List<String>> rows = new ArrayList<>();

  private PlanTable() {}

  static String of(PlanReport report) {
    var table = new PlanTable();
    table.rows.add(List.of("kernel", "module", "result", "read", "written", "FLOPs"));
    report.kernels().forEach(work -> table.add(work, ""));
    int kernels = report.kernels().size();
    table.rows.add(List.of(kernels == 1 ? "1 kernel" : kernels + " kernels", "", "", bytes(report.bytesRead()),
        bytes(report.bytesWritten()), number(report.flops())));
    return table.text() + memory(report);
  }

  private void add(Work work, String indent) {
    rows.add(List.of(indent + work.label(), paths(work.paths()), results(work), bytes(work.bytesRead()), bytes(work.bytesWritten()),
        number(work.flops())));
    work.body().forEach(part -> add(part, indent + "  "));
  }

  private static String paths(List<String> paths) {
    String shown = String.join(" ", paths.subList(0, Math.min(PATHS, paths.size())));
    return paths.size() <= PATHS ? shown : shown + " ...";
  }

  private static String results(Work work) {
    return switch (work.outputs().size()) {
      case 0 -> "";
      case 1 -> work.outputs().getFirst().toString();
      default -> work.outputs().getFirst() + " and " + (work.outputs().size() - 1) + " more";
    };
  }

  private static String memory(PlanReport report) {
    String holders = report.temporariesAtPeak().entrySet().stream()
        .map(e -> bytes(e.getValue()) + " " + (e.getKey().isEmpty() ? "outside modules" : e.getKey())).collect(Collectors.joining(", "));
    return String.format(Locale.ROOT, "memory on %s: %s = arena %s + variables %s + inputs %s + results %s + plan %s%n", report.device(),
        bytes(report.peakBytes()), bytes(report.arenaBytes()), bytes(report.stateBytes()), bytes(report.inputBytes()),
        bytes(report.outputBytes()), bytes(report.planBytes()))
        + (holders.isEmpty() ? "" : "in the arena at its fullest: " + holders + System.lineSeparator());
  }

  private static String bytes(long bytes) {
    return scaled(bytes, " ", "B");
  }

  private static String number(long count) {
    return scaled(count, " ", "");
  }

  /** Four digits at most, with the prefix of a power of a thousand. */
  private static String scaled(long value, String space, String unit) {
    if (value < 1000) {
      return (value + space + unit).strip();
    }
    double scaled = value;
    int power = 0;
    while (scaled >= 999.95) {
      scaled /= 1000;
      power++;
    }
    return String.format(Locale.ROOT, "%.1f%s%s%s", scaled, space, "kMGTPE".charAt(power - 1), unit);
  }

  private String text() {
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    var text = new StringBuilder();
    for (List<String> row : rows) {
      var line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String space = " ".repeat(widths[c] - row.get(c).length());
        line.append(c >= FIGURES ? space + row.get(c) : row.get(c) + space).append(c == columns - 1 ? "" : "  ");
      }
      text.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }
    return text.toString();
  }
}
