package dev.chainrule.benchmarks.training;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** Cells as a table in Markdown: one row each, Chainrule beside the best peer. */
final class Table {

  private static final List<String> COLUMNS = List.of("workload", "threads", "ms", "best peer", "its ms", "peer/ours", "CPU ms", "its",
      "MB", "its", "first loss s", "its", "floor ms", "ours/floor");

  private Table() {}

  static String of(List<Cell> cells) {
    var text = new StringBuilder("| " + String.join(" | ", COLUMNS) + " |\n" + "|---".repeat(COLUMNS.size()) + "|\n");
    cells.forEach(cell -> text.append(row(cell)).append('\n'));
    return text.toString();
  }

  private static String row(Cell cell) {
    Optional<Cell.Results> ours = cell.ours();
    Optional<Cell.Results> peer = cell.bestPeer();
    return "| " + String.join(" | ", cell.workload().title(), Integer.toString(cell.threads()),
        figure(ours, Cell.Results::stepMillis), peer.map(p -> p.contender().title()).orElse("-"), figure(peer, Cell.Results::stepMillis),
        ratio(peer.map(Cell.Results::stepMillis), ours.map(Cell.Results::stepMillis)),
        figure(ours, Cell.Results::cpuMillis), figure(peer, Cell.Results::cpuMillis),
        figure(ours, Cell.Results::residentMegabytes), figure(peer, Cell.Results::residentMegabytes),
        figure(ours, Cell.Results::firstLossSeconds), figure(peer, Cell.Results::firstLossSeconds),
        cell.floorMillis().map(Table::rounded).orElse("-"), ratio(ours.map(Cell.Results::stepMillis), cell.floorMillis())) + " |";
  }

  private static String figure(Optional<Cell.Results> results, ToDoubleFunction<Cell.Results> figure) {
    return results.map(r -> rounded(figure.applyAsDouble(r))).orElse("-");
  }

  private static String ratio(Optional<Double> numerator, Optional<Double> denominator) {
    return numerator.flatMap(n -> denominator.map(d -> String.format(Locale.ROOT, "%.2f", n / d))).orElse("-");
  }

  /** Three digits that count. */
  private static String rounded(double figure) {
    int decimals = figure >= 100 ? 0 : figure >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f", figure);
  }
}
