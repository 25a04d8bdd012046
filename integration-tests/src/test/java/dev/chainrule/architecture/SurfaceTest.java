package dev.chainrule.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import dev.chainrule.Stability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Every public type is for somebody, as docs/stability.md says, and nothing is public that nobody else uses. */
class SurfaceTest {

  /** Found by picocli and JMH through reflection. */
  private static final List<String> FOUND_BY_REFLECTION = List.of("dev.chainrule.cli", "dev.chainrule.benchmarks");

  /** For whoever builds graphs and wants to look at them; nothing here does. */
  private static final Set<String> FOR_OTHERS = Set.of("dev.chainrule.graph.GraphPrinter.toDot(java.util.List)");

  private static boolean isFoundByReflection(JavaClass type) {
    return FOUND_BY_REFLECTION.stream().anyMatch(p -> (type.getPackageName() + ".").startsWith(p + "."));
  }

  @Test
  void everyPackageIsMarkedAndThePageSaysTheSame() throws IOException {
    Set<String> marked = new TreeSet<>();
    for (JavaPackage p : Surface.production().map(JavaClass::getPackage).distinct().toList()) {
      marked.add("`" + p.getName() + "` " + Surface.level(p).map(Enum::name).orElse("has no mark"));
    }
    Set<String> onThePage = new TreeSet<>();
    for (String line : Files.readAllLines(Path.of("..", "docs", "stability.md"))) {
      if (line.startsWith("| `dev.chainrule")) {
        String[] cells = line.split("\\|");
        onThePage.add(cells[1].strip() + " " + cells[2].strip());
      }
    }
    assertEquals(String.join("\n", marked), String.join("\n", onThePage));
  }

  @Test
  void thePageNamesEveryMarkWithinAPackage() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "stability.md"));
    Set<String> absent = new TreeSet<>();
    Surface.production().filter(c -> c.tryGetAnnotationOfType(Stability.class).isPresent())
        .map(c -> "`" + c.getName().replaceFirst("dev\\.chainrule\\.(.*\\.)?", "").replace('$', '.') + "`")
        .filter(name -> !page.contains(name)).forEach(absent::add);
    assertEquals(Set.of(), absent);
  }

  @Test
  void whatIsForProgramsMentionsNothingThatChangesAtAnyTime() {
    List<String> found = Surface.ofPrograms()
        .flatMap(c -> c.getCodeUnits().stream())
        .filter(u -> u.getModifiers().contains(JavaModifier.PUBLIC) || u.getModifiers().contains(JavaModifier.PROTECTED))
        .filter(u -> !u.getModifiers().contains(JavaModifier.SYNTHETIC) && Surface.level(u).orElseThrow() == Stability.Level.API)
        .filter(u -> u.getAllInvolvedRawTypes().stream().map(JavaClass::getBaseComponentType)
            .filter(t -> t.getPackageName().startsWith("dev.chainrule"))
            .anyMatch(t -> !Surface.isVisible(t) || Surface.level(t).orElseThrow() == Stability.Level.INTERNAL))
        .map(JavaCodeUnit::getFullName).sorted().toList();
    assertEquals(List.of(), found);
  }

  @Test
  void noTypeIsPublicThatNoOtherPackageUses() {
    List<String> found = Surface.production().filter(c -> Surface.isVisible(c) && Surface.level(c).orElseThrow() != Stability.Level.API)
        .filter(c -> !isFoundByReflection(c) && !c.isAssignableTo("dev.chainrule.device.Backend") && !Surface.isUsedElsewhere(c))
        .map(JavaClass::getName).sorted().toList();
    assertEquals(List.of(), found);
  }

  @Test
  void nothingIsPublicInATypeThatNoOtherPackageUses() {
    List<String> found = Surface.production().filter(c -> Surface.isVisible(c) && Surface.level(c).orElseThrow() != Stability.Level.API)
        .filter(c -> !isFoundByReflection(c))
        .flatMap(Surface::chosen).filter(u -> !Surface.isUsedElsewhere(u))
        .map(JavaCodeUnit::getFullName).filter(name -> !FOR_OTHERS.contains(name)).sorted().toList();
    assertEquals(List.of(), found);
  }

  /** The rules above can fail: they are shown what they look for. */
  @Test
  void theRulesSeeWhatTheyLookFor() {
    JavaClass printer = Surface.ALL.get("dev.chainrule.graph.GraphPrinter");
    JavaCodeUnit toDot = printer.getMethod("toDot", List.class);
    assertTrue(Surface.chosen(printer).anyMatch(toDot::equals) && !Surface.isUsedElsewhere(toDot));
    assertFalse(Surface.isUsedElsewhere(Surface.ALL.get("dev.chainrule.graph.ArrayPrinter")));
    assertFalse(Surface.isVisible(Surface.ALL.get("dev.chainrule.graph.ArrayPrinter")));
    assertTrue(Surface.isUsedElsewhere(Surface.ALL.get("dev.chainrule.graph.Node")));
    assertEquals(Stability.Level.SPI, Surface.level(Surface.ALL.get("dev.chainrule.tensor.Tensor").getMethod("node")).orElseThrow());
    assertTrue(Surface.production().count() > 500);
  }
}
