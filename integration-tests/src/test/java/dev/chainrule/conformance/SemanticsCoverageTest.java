package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.conformance.TaggedTests.Tagged;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Every rule of {@code docs/semantics.md} has a test that would fail if the rule were false: a conformance case ({@link
 * RulesOfOperations}, {@link Case#shows}) or a test of any module with the rule as its tag ({@link TaggedTests}). The table of what
 * shows what is printed, with the names of the tests in {@code target/semantics.txt}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SemanticsCoverageTest {

  private static final Path ROOT = Path.of("..");

  /** Rules that no test can show, and why. */
  private static final Map<String, String> WITHOUT_TEST = Map.of(
      "S1.7", "says which operations there are not",
      "S8.15", "leaves devices a choice",
      "S13.12", "leaves devices a choice");

  /** Sections on what devices do: a test on the interpreter or on a device made for tests does not show their rules. */
  private static final Set<String> ABOUT_DEVICES = Set.of("S2", "S5", "S6", "S7", "S8", "S9", "S10", "S12", "S13", "S14", "S15", "S18");

  /** What only cases show: they are it. */
  private static final Set<String> SHOWN_BY_CASES = Set.of("S13");

  /** Rules in them that other tests show, and why. */
  private static final Map<String, String> NOT_ON_DEVICES = Map.ofEntries(
      Map.entry("S2.6", "from the host's array to Java's"),
      Map.entry("S2.7", "from the host's array to Java's"),
      Map.entry("S5.26", "refused before a device is asked"),
      Map.entry("S12.31", "how the planner goes about it"),
      Map.entry("S12.32", "refused before a device is asked"),
      Map.entry("S13.9", "how the suite compares"),
      Map.entry("S13.11", "what the suite refuses"),
      Map.entry("S14.9", "what the host does after the run"),
      Map.entry("S15.10", "needs a device that waits between a read and an assignment"),
      Map.entry("S15.12", "needs a device that breaks off"),
      Map.entry("S15.13", "needs two devices"),
      Map.entry("S15.15", "made of S15.2 to S15.4"),
      Map.entry("S18.11", "a layer on S18.10"),
      Map.entry("S18.12", "computed on the host"));

  private Map<String, String> rules = Map.of();
  private List<Tagged> tests = List.of();
  private final Map<String, Integer> cases = new TreeMap<>();

  @BeforeAll
  void collect() throws IOException {
    rules = Semantics.read(ROOT).rules();
    tests = TaggedTests.in(ROOT);
    Cases.all().forEach(c -> Cases.rules(c).forEach(rule -> cases.merge(rule, 1, Integer::sum)));
    print();
  }

  /** A line for each section: number of a rule, cases, tests; where there is only one of the two, it alone. */
  private void print() throws IOException {
    Map<String, StringBuilder> sections = new LinkedHashMap<>();
    var names = new StringBuilder();
    for (String rule : rules.keySet()) {
      List<String> by = testsOf(rule);
      sections.computeIfAbsent(section(rule), s -> new StringBuilder("  %-4s".formatted(s)))
          .append("  .%s %s".formatted(rule.substring(rule.indexOf('.') + 1), counts(cases.getOrDefault(rule, 0), by.size())));
      names.append("%s: %d cases%s%n".formatted(
          rule, cases.getOrDefault(rule, 0), by.stream().map(t -> ", " + t).collect(Collectors.joining())));
    }
    System.out.println("rules of the semantics and what shows each: cases+tests\n" + String.join("\n", sections.values()));
    Files.createDirectories(Path.of("target"));
    Files.writeString(Path.of("target", "semantics.txt"), names);
  }

  private static String counts(int cases, int tests) {
    return tests == 0 ? Integer.toString(cases) : (cases == 0 ? "" : Integer.toString(cases)) + "+" + tests;
  }

  private static String section(String rule) {
    return rule.substring(0, rule.indexOf('.'));
  }

  private List<String> testsOf(String rule) {
    return tests.stream().filter(t -> t.rule().equals(rule)).map(t -> t.module() + " " + t.test()).sorted().toList();
  }

  @Test
  void theDocumentIsRead() {
    assertTrue(rules.size() > 150, "only " + rules.size() + " rules");
    assertTrue(rules.keySet().containsAll(Set.of("S1.1", "S19.6")), rules.keySet().toString());
    assertTrue(rules.get("S15.12").contains("until they are assigned or loaded"), rules.get("S15.12"));
  }

  @Test
  void everyRuleHasATestOrSaysWhyNot() {
    Set<String> missing = new TreeSet<>(rules.keySet());
    missing.removeAll(cases.keySet());
    tests.forEach(t -> missing.remove(t.rule()));
    missing.removeAll(WITHOUT_TEST.keySet());
    assertEquals(Set.of(), missing, "tag a test with each of these, or give a case shows(...)");
  }

  @Test
  void everyPromiseNamesARule() {
    Set<String> promised = new TreeSet<>(cases.keySet());
    tests.forEach(t -> promised.add(t.rule()));
    promised.removeAll(rules.keySet());
    assertEquals(Set.of(), promised, "cases and tests show what is no rule");
  }

  @Test
  void whatIsAboutDevicesIsShownOnDevices() {
    Set<String> missing = rules.keySet().stream().filter(rule -> ABOUT_DEVICES.contains(section(rule)))
        .collect(Collectors.toCollection(TreeSet::new));
    missing.removeAll(WITHOUT_TEST.keySet());
    missing.removeAll(cases.keySet());
    tests.stream().filter(Tagged::onDevices).forEach(t -> missing.remove(t.rule()));
    assertEquals(new TreeSet<>(NOT_ON_DEVICES.keySet()), missing, "those expected say why");
  }

  /**
   * A case compares a device with the reference interpreter, on the same graph: it would not notice if both were wrong. What the reference
   * computes is shown by tests that expect what mathematics says.
   */
  @Test
  void theReferenceMeansWhatTheRulesSay() {
    Set<String> missing = rules.keySet().stream().filter(rule -> !SHOWN_BY_CASES.contains(section(rule)))
        .collect(Collectors.toCollection(TreeSet::new));
    missing.removeAll(WITHOUT_TEST.keySet());
    tests.forEach(t -> missing.remove(t.rule()));
    assertEquals(Set.of(), missing, "tag the test that expects what each of these says");
  }

  /** An exception that is none any more goes. */
  @Test
  void exceptionsAreRules() {
    Set<String> exceptions = new TreeSet<>(WITHOUT_TEST.keySet());
    exceptions.addAll(NOT_ON_DEVICES.keySet());
    exceptions.removeAll(rules.keySet());
    assertEquals(Set.of(), exceptions);
    tests.forEach(t -> assertTrue(!WITHOUT_TEST.containsKey(t.rule()), t.toString()));
  }
}
