package dev.chainrule.architecture;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PRIVATE;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_STATIC;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each rule is shown classes made up to violate it, and classes made up to keep it. They have one field each, whose type is their
 * dependency, and lie under a root of their own.
 */
class RulesCatchViolationsTest {

  private static final String ROOT = "made.up";

  @TempDir
  private Path folder;

  @Test
  void everyArrowThatTheDesignDeniesIsCaughtAndNoOther() throws IOException {
    Arrows arrows = Arrows.ofTheDesign();
    List<Made> made = new ArrayList<>();
    Set<String> denied = new TreeSet<>();
    for (String to : arrows.parts()) {
      made.add(new Made(in(to), "To", "int", ACC_PRIVATE));
      for (String from : arrows.parts()) {
        var user = new Made(in(from), "UserOf" + to.replace(".", "And"), in(to) + ".To", ACC_PRIVATE);
        made.add(user);
        if (!arrows.allows(from, to)) {
          denied.add(user.packageName() + "." + user.name());
        }
      }
    }
    Set<String> caught = new TreeSet<>();
    for (String violation : arrows.rule(ROOT).evaluate(classes(folder, made.toArray(Made[]::new))).getFailureReport().getDetails()) {
      caught.add(violation.replaceAll("^Field <([^>]*)\\.field> .*", "$1"));
    }
    assertEquals(denied, caught);
    assertTrue(denied.size() > 200, "only " + denied.size() + " pairs were caught");
  }

  @Test
  void theTableSaysWhatTheDesignSays() {
    Arrows arrows = Arrows.ofTheDesign();
    List<String> order = List.of("train", "nn", "autograd", "tensor", "plan", "device", "schedule", "graph", "");
    for (int i = 0; i < order.size(); i++) {
      for (int j = 0; j < order.size(); j++) {
        assertEquals(i <= j, arrows.allows(order.get(i), order.get(j)), order.get(i) + " -> " + order.get(j));
      }
    }
    for (String sibling : List.of("nn", "optim", "data", "io")) {
      assertTrue(arrows.allows("train", sibling));
      for (String other : List.of("nn", "optim", "data", "io", "train", "report")) {
        assertEquals(sibling.equals(other), arrows.allows(sibling, other), sibling + " -> " + other);
      }
    }
    for (String backend : List.of("kernels", "backend.cpu", "backend.opencl", "backend.cuda", "datasets")) {
      assertTrue(arrows.parts().stream().filter(p -> !Arrows.core().contains(p)).noneMatch(p ->
          arrows.allows(backend, p) && !p.equals(backend) && !(p.equals("kernels") && backend.matches("backend.(opencl|cuda)"))));
    }
    assertEquals(List.of("cli", "report", "train"), arrows.parts().stream().filter(p -> arrows.allows(p, "report")).toList());
  }

  @Test
  void aPackageThatTheDesignDoesNotNameIsCaught() throws IOException {
    assertCaught(Arrows.ofTheDesign().rule(ROOT), new Made(ROOT + ".toolbox", "Hammer", "int", ACC_PRIVATE));
  }

  @Test
  void anArrowThroughAnArrayTypeIsCaught() throws IOException {
    assertCaught(Arrows.ofTheDesign().rule(ROOT),
        new Made(ROOT + ".graph", "From", ROOT + ".train.To[]", ACC_PRIVATE), new Made(ROOT + ".train", "To", "int", ACC_PRIVATE));
  }

  @Test
  void cyclesOfPackagesAreCaught() throws IOException {
    assertCaught(HouseRules.packagesHaveNoCycles(ROOT),
        new Made(ROOT + ".a", "A", ROOT + ".b.B", ACC_PRIVATE), new Made(ROOT + ".b", "B", ROOT + ".c.C", ACC_PRIVATE),
        new Made(ROOT + ".c", "C", ROOT + ".a.A", ACC_PRIVATE));
    assertPasses(HouseRules.packagesHaveNoCycles(ROOT),
        new Made(ROOT + ".a", "A", ROOT + ".b.B", ACC_PRIVATE), new Made(ROOT + ".b", "B", ROOT + ".c.C", ACC_PRIVATE),
        new Made(ROOT + ".c", "C", "int", ACC_PRIVATE));
  }

  @Test
  void dependenciesOfCoreBeyondTheJdkAreCaught() throws IOException {
    ArchRule rule = HouseRules.coreNeedsOnlyTheJdk(ROOT);
    assertCaught(rule, new Made(ROOT + ".graph", "From", "com.google.common.collect.ImmutableList", ACC_PRIVATE));
    assertCaught(rule, new Made(ROOT, "From", "jdk.incubator.vector.FloatVector[]", ACC_PRIVATE));
    assertCaught(rule, new Made(ROOT + ".plan", "From", ROOT + ".backend.cpu.To", ACC_PRIVATE));
    assertPasses(rule, new Made(ROOT + ".graph", "From", "java.util.List", ACC_PRIVATE));
    assertPasses(rule, new Made(ROOT + ".device.events", "From", "jdk.jfr.Event", ACC_PRIVATE));
    assertPasses(rule, new Made(ROOT + ".graph", "From", "int[]", ACC_PRIVATE));
  }

  @Test
  void namesThatNameNothingAreCaught() throws IOException {
    List<String> names = List.of("util", "helpers", "impl", "manager", "misc", "common");
    Made[] made = names.stream().flatMap(name -> Stream.of(new Made(ROOT + "." + name, "Any", "int", ACC_PRIVATE),
        new Made(ROOT + ".graph." + name + ".deep", "Any", "int", ACC_PRIVATE))).toArray(Made[]::new);
    assertEquals(made.length, HouseRules.packagesAreNamedForConcepts().evaluate(classes(Files.createTempDirectory(folder, "made"), made))
        .getFailureReport().getDetails().size());
    assertPasses(HouseRules.packagesAreNamedForConcepts(), new Made(ROOT + ".utility", "Any", "int", ACC_PRIVATE));
  }

  @Test
  void aBackendThatAsksTheInterpreterIsCaught() throws IOException {
    ArchRule rule = HouseRules.cpuComputesForItself(ROOT);
    assertCaught(rule, new Made(ROOT + ".backend.cpu", "From", ROOT + ".graph.Interpreter", ACC_PRIVATE));
    assertPasses(rule, new Made(ROOT + ".backend.cpu", "From", ROOT + ".graph.Op", ACC_PRIVATE));
  }

  @Test
  void staticFieldsThatChangeAreCaught() throws IOException {
    assertCaught(HouseRules.noStaticFieldCanChange(), new Made(ROOT, "From", "int", ACC_PRIVATE | ACC_STATIC));
    assertPasses(HouseRules.noStaticFieldCanChange(), new Made(ROOT, "From", "int", ACC_PRIVATE | ACC_STATIC | ACC_FINAL));
  }

  @Test
  void threadLocalsAreCaught() throws IOException {
    assertCaught(HouseRules.nothingIsKeptPerThread(), new Made(ROOT, "From", "java.lang.ThreadLocal", ACC_PRIVATE));
    assertCaught(HouseRules.nothingIsKeptPerThread(), new Made(ROOT, "From", "java.lang.InheritableThreadLocal", ACC_PRIVATE));
    assertPasses(HouseRules.nothingIsKeptPerThread(), new Made(ROOT, "From", "java.lang.ScopedValue", ACC_PRIVATE));
  }

  @Test
  void publicFieldsThatChangeAreCaught() throws IOException {
    ArchRule rule = HouseRules.publicFieldsAreConstant(ROOT);
    assertCaught(rule, new Made(ROOT + ".tensor", "From", "int", ACC_PUBLIC));
    assertCaught(rule, new Made(ROOT + ".tensor", "From", "int[]", ACC_PUBLIC | ACC_FINAL));
    assertPasses(rule, new Made(ROOT + ".tensor", "From", "int", ACC_PUBLIC | ACC_FINAL));
    assertPasses(rule, new Made(ROOT + ".tensor", "From", "int", ACC_PRIVATE));
  }

  // --- making classes up -------------------------------------------------------------------------------------------------------------

  /** A public class with one field. */
  private record Made(String packageName, String name, String fieldType, int fieldFlags) {

    private ClassDesc type() {
      boolean array = fieldType.endsWith("[]");
      String element = array ? fieldType.substring(0, fieldType.length() - 2) : fieldType;
      ClassDesc desc = element.equals("int") ? ClassDesc.ofDescriptor("I") : ClassDesc.of(element);
      return array ? desc.arrayType() : desc;
    }

    void writeTo(Path folder) throws IOException {
      byte[] bytes = ClassFile.of().build(ClassDesc.of(packageName, name),
          c -> c.withFlags(ACC_PUBLIC).withField("field", type(), fieldFlags));
      Path file = folder.resolve((packageName + "." + name).replace('.', '/') + ".class");
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
    }
  }

  private static String in(String part) {
    return part.isEmpty() ? ROOT : ROOT + "." + part;
  }

  private void assertCaught(ArchRule rule, Made... made) throws IOException {
    JavaClasses violating = classes(Files.createTempDirectory(folder, "made"), made);
    assertTrue(rule.evaluate(violating).hasViolation(), () -> "not caught: " + List.of(made));
  }

  private void assertPasses(ArchRule rule, Made... made) throws IOException {
    assertEquals(List.of(), rule.allowEmptyShould(true).evaluate(classes(Files.createTempDirectory(folder, "made"), made))
        .getFailureReport().getDetails());
  }

  private static JavaClasses classes(Path folder, Made... made) throws IOException {
    for (Made one : made) {
      one.writeTo(folder);
    }
    return new ClassFileImporter().importPath(folder);
  }
}
