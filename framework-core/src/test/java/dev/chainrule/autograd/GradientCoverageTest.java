package dev.chainrule.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.Tensor;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Nothing without a checked gradient, or a stated reason: {@link GradientCases} is the list. */
class GradientCoverageTest {

  private final GradientCases cases = new GradientCases();

  @Test
  void everyOperationIsCheckedOrSaysWhyNot() {
    Set<Class<?>> stated = new LinkedHashSet<>(cases.ops().keySet());
    for (Class<?> op : cases.withoutGradient().keySet()) {
      assertTrue(stated.add(op), op + " has both a check and a reason for none");
    }
    assertSameNames(names(records(Op.class)), names(stated));
  }

  @Test
  void everyCompositeIsCheckedOrSaysWhyNot() throws Exception {
    Set<String> found = new TreeSet<>();
    for (CompositeFunction composite : compositesOnTheClassPath()) {
      assertTrue(found.add(composite.name()), "two composites are called " + composite.name());
    }
    assertTrue(found.contains("softmax"), "the search for composites finds none: " + found);
    Set<String> stated = new TreeSet<>(cases.composites().keySet());
    stated.addAll(cases.compositesWithoutGradient().keySet());
    assertSameNames(found, stated);
  }

  @Test
  void everyCaseHoldsTheOperationItIsListedUnder() {
    cases.ops().forEach((op, list) -> list.forEach(c ->
        assertTrue(graph(c).stream().anyMatch(op::isInstance), c.name() + " has no " + op.getSimpleName())));
    cases.composites().forEach((name, list) -> list.forEach(c ->
        assertTrue(graph(c).stream().anyMatch(o -> o instanceof Op.Composite p && p.name().equals(name)), c.name() + " has no " + name)));
  }

  @TestFactory
  @Tag("S17.19") @Tag("S17.20")
  Stream<DynamicTest> gradientsEqualDifferences() {
    return all().map(e -> dynamicTest(e.getKey() + ": " + e.getValue().name(),
        () -> assertPassed(GradientCheck.of(e.getValue().function(), e.getValue().point()))));
  }

  @TestFactory
  @Tag("S17.20")
  Stream<DynamicTest> gradientsOfGradientsEqualDifferences() {
    return all().filter(e -> e.getValue().smooth()).map(e -> dynamicTest(e.getKey() + ": " + e.getValue().name(),
        () -> assertPassed(GradientCheck.ofGradient(e.getValue().function(), e.getValue().point()))));
  }

  private Stream<Map.Entry<String, GradientCases.Case>> all() {
    return Stream.concat(cases.all(), ShapingGradientCases.all().map(c -> Map.entry("methods", c)));
  }

  private static void assertPassed(GradientCheck.Report report) {
    assertTrue(report.passed(), () -> "error " + report.worstError() + " at " + report.where());
    assertFalse(Double.isNaN(report.worstError()));
  }

  private static void assertSameNames(Set<String> found, Set<String> stated) {
    Set<String> forgotten = new TreeSet<>(found);
    forgotten.removeAll(stated);
    assertEquals(Set.of(), forgotten, "GradientCases neither checks these nor says why not");
    Set<String> gone = new TreeSet<>(stated);
    gone.removeAll(found);
    assertEquals(Set.of(), gone, "GradientCases lists what does not exist");
  }

  private static List<Op> graph(GradientCases.Case c) {
    Tensor result = c.function().apply(c.point().stream().map(p -> Tensor.of(Ops.input(p))).toList());
    return Graphs.topological(List.of(result.node())).stream().map(n -> n.op()).toList();
  }

  // --- what there is -----------------------------------------------------------------------------------------------------------------

  private static Set<Class<?>> records(Class<?> sealed) {
    if (!sealed.isSealed()) {
      assertTrue(sealed.isRecord(), sealed + " is neither sealed nor a record");
      return Set.of(sealed);
    }
    Set<Class<?>> found = new LinkedHashSet<>();
    for (Class<?> permitted : sealed.getPermittedSubclasses()) {
      found.addAll(records(permitted));
    }
    return found;
  }

  private static Set<String> names(Set<Class<?>> classes) {
    return classes.stream().map(Class::getSimpleName).collect(Collectors.toCollection(TreeSet::new));
  }

  /** The values of all static fields of the type, in every class that was compiled with {@link Tensor}. */
  private static List<CompositeFunction> compositesOnTheClassPath() throws IOException, ReflectiveOperationException {
    Path root = Path.of(URI.create(Tensor.class.getProtectionDomain().getCodeSource().getLocation().toString()));
    List<Path> files;
    try (Stream<Path> walk = Files.walk(root)) {
      files = walk.filter(f -> f.toString().endsWith(".class")).toList();
    }
    List<CompositeFunction> found = new ArrayList<>();
    for (Path file : files) {
      String name = root.relativize(file).toString().replace(file.getFileSystem().getSeparator(), ".");
      name = name.substring(0, name.length() - ".class".length());
      if (name.endsWith("package-info") || name.equals("module-info")) {
        continue;
      }
      // Not initialised, unless it turns out to hold a composite.
      Class<?> type = Class.forName(name, false, GradientCoverageTest.class.getClassLoader());
      for (Field field : type.getDeclaredFields()) {
        if (Modifier.isStatic(field.getModifiers()) && field.getType() == CompositeFunction.class) {
          field.setAccessible(true);
          found.add((CompositeFunction) field.get(null));
        }
      }
    }
    return found;
  }
}
