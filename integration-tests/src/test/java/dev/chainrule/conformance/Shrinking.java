package dev.chainrule.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Looks for the simplest choices with which a test still fails: shorter ones first, of equal length the smaller ones. Blocks are deleted
 * and set to 0, single choices lowered and moved, over and over until nothing helps or the effort is spent.
 */
final class Shrinking {

  private static final int LARGEST_BLOCK = 64;

  /** The square of this is to be a small part of the effort. */
  private static final int MOST_TO_MOVE_AMONG = 40;

  /** Of choices between kinds of things each is tried, as a lower number is not always the simpler kind. */
  private static final int MOST_TO_TRY_EACH = 50;

  /** Replays choices; where the test fails, those that it made. */
  private final Function<List<Integer>, Optional<List<Integer>>> failing;
  private List<Integer> best;
  private int attempts;

  private Shrinking(List<Integer> choices, Function<List<Integer>, Optional<List<Integer>>> failing, int attempts) {
    this.best = choices;
    this.failing = failing;
    this.attempts = attempts;
  }

  /**
   * @param choices with which the test fails
   * @param failing replays choices and gives those that the test made of them if it fails, else nothing
   * @param attempts how many times it is called at most
   */
  static List<Integer> of(List<Integer> choices, Function<List<Integer>, Optional<List<Integer>>> failing, int attempts) {
    var shrinking = new Shrinking(choices, failing, attempts);
    boolean helped = true;
    while (helped && shrinking.attempts > 0) {
      List<Integer> before = shrinking.best;
      shrinking.deleteBlocks();
      shrinking.zeroBlocks();
      shrinking.lowerSingleOnes();
      shrinking.moveToEarlierPlaces();
      helped = !before.equals(shrinking.best);
    }
    return shrinking.best;
  }

  private void deleteBlocks() {
    for (int size = LARGEST_BLOCK; size > 0; size = size > 16 ? size / 2 : size - 1) {
      for (int at = best.size() - size; at >= 0; at -= Math.max(1, size / 16)) {
        if (at + size <= best.size()) {
          List<Integer> shorter = new ArrayList<>(best);
          shorter.subList(at, at + size).clear();
          tried(shorter);
        }
      }
    }
  }

  private void zeroBlocks() {
    for (int size = 8; size > 0; size /= 2) {
      for (int at = best.size() - size; at >= 0; at -= size) {
        List<Integer> simpler = new ArrayList<>(best);
        if (at + size <= simpler.size()) {
          simpler.subList(at, at + size).replaceAll(_ -> 0);
          tried(simpler);
        }
      }
    }
  }

  private void lowerSingleOnes() {
    for (int at = 0; at < best.size(); at++) {
      while (at < best.size() && best.get(at) > MOST_TO_TRY_EACH
          && (tried(with(at, best.get(at) / 2)) || tried(with(at, best.get(at) - 1)))) {
        // as long as it helps
      }
      for (int choice = 0; at < best.size() && choice < Math.min(best.get(at), MOST_TO_TRY_EACH); choice++) {
        tried(with(at, choice));
      }
    }
  }

  /** A late decision in place of an early one, such as the last step of a graph on the data of the first. */
  private void moveToEarlierPlaces() {
    for (int from = best.size() - 1; from > 0 && best.size() <= MOST_TO_MOVE_AMONG; from--) {
      for (int to = 0; to < from && from < best.size(); to++) {
        List<Integer> shorter = with(to, best.get(from));
        shorter.remove(from);
        tried(shorter);
      }
    }
  }

  private List<Integer> with(int at, int choice) {
    List<Integer> changed = new ArrayList<>(best);
    changed.set(at, Math.max(choice, 0));
    return changed;
  }

  /** Whether the choices are simpler and the test fails with them; they are then the best ones. */
  private boolean tried(List<Integer> choices) {
    if (attempts == 0 || !isSimpler(choices)) {
      return false;
    }
    attempts--;
    Optional<List<Integer>> made = failing.apply(choices).filter(this::isSimpler);
    made.ifPresent(simpler -> best = simpler);
    return made.isPresent();
  }

  private boolean isSimpler(List<Integer> choices) {
    if (choices.size() != best.size()) {
      return choices.size() < best.size();
    }
    for (int i = 0; i < choices.size(); i++) {
      if (!choices.get(i).equals(best.get(i))) {
        return choices.get(i) < best.get(i);
      }
    }
    return false;
  }
}
