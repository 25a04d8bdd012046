package dev.chainrule.benchmarks.training;

/** Makes sure that contenders do the same work: otherwise there is nothing to compare. */
final class Agreement {

  /** Initial values are drawn differently, so that losses before training are near each other and no more. */
  private static final double FIRST_LOSS = 0.1;

  private Agreement() {}

  /**
   * @throws IllegalStateException when the loss has not fallen
   */
  static void requireLearning(String what, Sample sample) {
    if (!(sample.lastLoss() < sample.firstLoss())) {
      throw new IllegalStateException(what + " does not learn: its loss was " + sample.firstLoss() + " and is " + sample.lastLoss());
    }
  }

  /**
   * @throws IllegalStateException when the numbers of parameters differ, or the losses before training by more than a tenth
   */
  static void requireSame(String what, Sample ours, Sample peer) {
    if (ours.parameters() != peer.parameters()) {
      throw new IllegalStateException(what + " trains " + peer.parameters() + " parameters, Chainrule " + ours.parameters());
    }
    if (!(Math.abs(ours.firstLoss() - peer.firstLoss()) <= FIRST_LOSS * ours.firstLoss())) {
      throw new IllegalStateException(what + " begins with a loss of " + peer.firstLoss() + ", Chainrule with " + ours.firstLoss());
    }
  }
}
