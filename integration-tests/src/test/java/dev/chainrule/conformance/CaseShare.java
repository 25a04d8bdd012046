package dev.chainrule.conformance;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The cases of one of the processes that share the suite: every so-many-eth. Devices that compile each case's kernels on one thread take
 * half the time so.
 */
record CaseShare(int number, int of) {

  /** Says how many processes share the suite: 1, or 2. */
  static final String SHARES = "chainrule.conformance.shares";

  CaseShare {
    if (of < 1 || of > 2 || number < 0 || number >= of) {
      throw new IllegalArgumentException("share " + number + " of " + of + ": the suite has two classes, and so two shares at most");
    }
  }

  static CaseShare first() {
    return new CaseShare(0, shares());
  }

  /** Empty where the first has all. */
  static Optional<CaseShare> second() {
    return shares() == 1 ? Optional.empty() : Optional.of(new CaseShare(1, shares()));
  }

  private static int shares() {
    return Integer.getInteger(SHARES, 1);
  }

  List<Case> of(List<Case> cases) {
    return IntStream.range(0, cases.size()).filter(i -> i % of == number).mapToObj(cases::get).toList();
  }

  /** For names of files. */
  String suffix() {
    return of == 1 ? "" : "-" + (number + 1) + "-of-" + of;
  }
}
