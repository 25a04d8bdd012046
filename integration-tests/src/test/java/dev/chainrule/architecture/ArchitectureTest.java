package dev.chainrule.architecture;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The production code keeps the design's arrows and the house rules. {@link RulesCatchViolationsTest} shows that they can fail. */
class ArchitectureTest {

  private static final String ROOT = "dev.chainrule";

  /** What JMH generates is not ours to name. */
  private static final ImportOption NOT_GENERATED = location -> !location.contains("/jmh_generated/");

  /** Modules share their tests as jars, which the predefined option does not know. */
  private static final ImportOption NO_TESTS = location -> !location.contains("-tests.jar");

  private static final JavaClasses PRODUCTION = new ClassFileImporter()
      .withImportOptions(List.of(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS, NO_TESTS, NOT_GENERATED))
      .importPackages(ROOT);

  @Test
  void partsKnowOnlyWhatTheDesignLetsThem() {
    Arrows.ofTheDesign().rule(ROOT).check(PRODUCTION);
  }

  @TestFactory
  Stream<DynamicTest> houseRulesHold() {
    return HouseRules.all(ROOT).entrySet().stream().map(e -> DynamicTest.dynamicTest(e.getKey(), () -> e.getValue().check(PRODUCTION)));
  }

  @Test
  void theModulesAreThere() {
    for (String module : new String[] {"graph", "train", "backend.cpu", "datasets"}) {
      assertTrue(PRODUCTION.stream().anyMatch(c -> c.getPackageName().equals(ROOT + "." + module)), "no class of " + module + " was found");
    }
  }
}
