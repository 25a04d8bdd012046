package dev.chainrule.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The decisions that make a random test, each a small number of which 0 is the simplest (MacIver and Donaldson, "Test-case reduction
 * via test-case generation: insights from the Hypothesis reducer", ECOOP 2020). A list of them stands for the test: they are drawn once
 * and can be replayed. Where a replayed list is too short, 0 is chosen, and where a number is too large the largest possible one, so
 * that whatever is left of a list after parts have been deleted or made smaller is a test again.
 */
final class Choices {

  private final List<Integer> given;
  private final Optional<SplittableRandom> beyond;
  private final List<Integer> made = new ArrayList<>();

  private Choices(List<Integer> given, Optional<SplittableRandom> beyond) {
    this.given = given;
    this.beyond = beyond;
  }

  static Choices drawn(long seed) {
    return new Choices(List.of(), Optional.of(new SplittableRandom(seed)));
  }

  static Choices replayed(List<Integer> choices) {
    return new Choices(choices, Optional.empty());
  }

  /** A number in [0, bound). */
  int below(int bound) {
    return made(made.size() < given.size()
        ? Math.min(given.get(made.size()), bound - 1)
        : beyond.map(random -> random.nextInt(bound)).orElse(0));
  }

  /** A number in [low, high]; the simplest is low. */
  int between(int low, int high) {
    return low + below(high - low + 1);
  }

  /** True once in n times; the simplest is false. */
  boolean oneIn(int n) {
    return made(made.size() < given.size()
        ? Math.min(given.get(made.size()), 1)
        : beyond.map(random -> random.nextInt(n) == 0 ? 1 : 0).orElse(0)) == 1;
  }

  /** False once in n times; the simplest is false. */
  boolean allButOneIn(int n) {
    return made(made.size() < given.size()
        ? Math.min(given.get(made.size()), 1)
        : beyond.map(random -> random.nextInt(n) == 0 ? 0 : 1).orElse(0)) == 1;
  }

  <T> T of(List<T> options) {
    return options.get(below(options.size()));
  }

  private int made(int choice) {
    made.add(choice);
    return choice;
  }

  /** How many choices were made so far. */
  int count() {
    return made.size();
  }

  /** What was chosen so far, without the zeros at the end, which replaying adds by itself. */
  List<Integer> made() {
    int length = made.size();
    while (length > 0 && made.get(length - 1) == 0) {
      length--;
    }
    return List.copyOf(made.subList(0, length));
  }
}
