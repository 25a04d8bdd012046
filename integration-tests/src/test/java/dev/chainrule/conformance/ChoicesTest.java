package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.GraphPrinter;
import dev.chainrule.graph.Op;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Random graphs are what their choices say, whatever is done to the choices, and what shrinks them finds the simplest ones. */
class ChoicesTest {

  /** What only bodies hold, and what cannot be written out because the data decide how often it repeats. */
  private static final Set<String> ELSEWHERE = Set.of("Parameter", "While");

  private static List<Integer> drawn(long seed) {
    var choices = Choices.drawn(seed);
    RandomGraph.of(choices);
    return choices.made();
  }

  private static String text(List<Integer> choices) {
    return GraphPrinter.toText(RandomGraph.of(Choices.replayed(choices)).outputs());
  }

  @Test
  void replayedChoicesMakeTheSameGraph() {
    for (long seed = 1; seed <= 200; seed++) {
      var choices = Choices.drawn(seed);
      String drawn = GraphPrinter.toText(RandomGraph.of(choices).outputs());
      assertEquals(drawn, text(choices.made()));
    }
  }

  @Test
  void noChoicesAtAllMakeASingleNumber() {
    assertEquals("%0 = input f32[]\nreturn %0\n", text(List.of()));
  }

  @Test
  void choicesWithPartsCutOutOrChangedMakeAGraph() {
    var random = new SplittableRandom(1);
    for (long seed = 1; seed <= 300; seed++) {
      List<Integer> choices = new ArrayList<>(drawn(seed));
      int from = random.nextInt(choices.size() + 1);
      choices.subList(from, Math.min(choices.size(), from + random.nextInt(1, 9))).clear();
      choices.replaceAll(c -> random.nextInt(5) == 0 ? random.nextInt(100) : c);
      assertTrue(text(choices).contains("return"));
    }
  }

  @Test
  void everyOperationOccursInGraphs() {
    Set<String> missing = operations(Op.class).map(Class::getSimpleName).collect(Collectors.toCollection(TreeSet::new));
    missing.removeAll(ELSEWHERE);
    for (long seed = 1; seed <= 1_500; seed++) {
      Graphs.topological(RandomGraph.of(Choices.drawn(seed)).outputs())
          .forEach(node -> missing.remove(node.op().getClass().getSimpleName()));
    }
    assertEquals(Set.of(), missing);
  }

  private static Stream<Class<?>> operations(Class<?> family) {
    return family.isSealed() ? Stream.of(family.getPermittedSubclasses()).flatMap(ChoicesTest::operations) : Stream.of(family);
  }

  @Test
  void shrinkingFindsTheSimplestChoices() {
    assertEquals(List.of(57), shrunk(c -> c.stream().anyMatch(v -> v >= 57)));
    assertEquals(List.of(0, 0, 0), shrunk(c -> c.size() >= 3));
    assertEquals(List.of(1, 8), shrunk(c -> c.contains(8) && c.indexOf(1) >= 0 && c.indexOf(1) < c.lastIndexOf(8)));
    assertEquals(List.of(), shrunk(_ -> true));
  }

  @Test
  void shrinkingGivesUpAfterSoManyAttempts() {
    int[] attempts = new int[1];
    Shrinking.of(drawn(1), c -> {
      attempts[0]++;
      return c.contains(1) ? Optional.of(c) : Optional.empty();
    }, 10);
    assertEquals(10, attempts[0]);
  }

  private static List<Integer> shrunk(Predicate<List<Integer>> fails) {
    List<Integer> start = new ArrayList<>(Collections.nCopies(40, 3));
    start.addAll(List.of(1, 2, 90, 8, 4, 99, 1, 8, 0, 7));
    return Shrinking.of(start, c -> fails.test(c) ? Optional.of(c) : Optional.empty(), 10_000);
  }
}
