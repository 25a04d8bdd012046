package dev.chainrule.train.parity;

import dev.chainrule.io.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/**
 * What a comparison of two devices found.
 *
 * @param reference the device that the other was held to, such as {@code cpu:0}
 * @param device the other
 * @param findings in the order in which they were made
 * @param referenceLosses of the free run on the reference, one for each step
 * @param losses of the same run on the device
 */
public record ParityReport(
    String reference, String device, List<Finding> findings, List<Double> referenceLosses, List<Double> losses) {

  /**
   * One number that was compared.
   *
   * @param check what kind of comparison: {@code gradients}, {@code update}, {@code free run}, {@code random bits}
   * @param what which number: a variable and the step it belongs to, say
   * @param difference how far the devices are apart: relative to the largest element, or, of bits, how many differ
   * @param bound how far they may be
   */
  public record Finding(String check, String what, double difference, double bound) {

    /** Whether the difference, which must be a number, is within the bound. */
    boolean holds() {
      return difference <= bound;
    }

    /** The part of the bound that is used; 0 where both are. */
    double share() {
      return bound == 0 ? (difference == 0 ? 0 : Double.POSITIVE_INFINITY) : difference / bound;
    }
  }

  /** Copies the lists. */
  public ParityReport {
    findings = List.copyOf(findings);
    referenceLosses = List.copyOf(referenceLosses);
    losses = List.copyOf(losses);
  }

  /** Whether every finding is within its bound. */
  public boolean holds() {
    return findings.stream().allMatch(Finding::holds);
  }

  /** Those out of bounds. */
  public List<Finding> violations() {
    return findings.stream().filter(f -> !f.holds()).toList();
  }

  /** For each kind of comparison the one that comes nearest to its bound. */
  List<Finding> worst() {
    SequencedMap<String, Finding> worst = new LinkedHashMap<>();
    for (Finding finding : findings) {
      worst.merge(finding.check, finding, (a, b) -> Comparator.comparing(Finding::share).compare(a, b) >= 0 ? a : b);
    }
    return List.copyOf(worst.values());
  }

  /** Everything, for {@link Json#of}. */
  public SequencedMap<String, Object> toMap() {
    SequencedMap<String, Object> map = new LinkedHashMap<>();
    map.put("reference", reference);
    map.put("device", device);
    map.put("holds", holds());
    List<Object> list = new ArrayList<>();
    for (Finding finding : findings) {
      SequencedMap<String, Object> entry = new LinkedHashMap<>();
      entry.put("check", finding.check);
      entry.put("what", finding.what);
      entry.put("difference", finding.difference);
      entry.put("bound", finding.bound);
      entry.put("holds", finding.holds());
      list.add(entry);
    }
    map.put("findings", list);
    map.put("referenceLosses", referenceLosses);
    map.put("losses", losses);
    return map;
  }

  /** A table: for each kind of comparison how many were made, the one nearest to its bound, and each that is out of bounds. */
  @Override
  public String toString() {
    var text = new StringBuilder(String.format(Locale.ROOT, "%s against %s%n%-12s %6s  %-10s %-10s %s%n",
        device, reference, "check", "number", "worst", "bound", "where"));
    for (Finding finding : worst()) {
      long number = findings.stream().filter(f -> f.check.equals(finding.check)).count();
      text.append(String.format(Locale.ROOT, "%-12s %6d  %-10.2g %-10.2g %s%n",
          finding.check, number, finding.difference, finding.bound, finding.what));
    }
    for (Finding finding : violations()) {
      text.append(String.format(Locale.ROOT, "OUT OF BOUNDS: %s of %s differ by %.3g, allowed %.3g%n",
          finding.check, finding.what, finding.difference, finding.bound));
    }
    return text.append(holds() ? "parity holds" : "parity does not hold").append(System.lineSeparator()).toString();
  }
}
