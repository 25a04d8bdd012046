package dev.chainrule.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What holds for all of the production code beside the arrows. */
final class HouseRules {

  /** Packages are named for concepts; these name nothing. */
  private static final List<String> EMPTY_NAMES = List.of(
      "util", "utils", "helper", "helpers", "impl", "manager", "managers", "misc", "common");

  private HouseRules() {}

  /** Every rule by what it promises. */
  static Map<String, ArchRule> all(String root) {
    return Map.of(
        "packages have no cycles", packagesHaveNoCycles(root),
        "framework-core needs only the JDK", coreNeedsOnlyTheJdk(root),
        "packages are named for concepts", packagesAreNamedForConcepts(),
        "the CPU backend computes for itself", cpuComputesForItself(root),
        "no static field can change", noStaticFieldCanChange(),
        "nothing is kept per thread", nothingIsKeptPerThread(),
        "public fields of framework-core are constant", publicFieldsAreConstant(root));
  }

  static ArchRule packagesHaveNoCycles(String root) {
    return slices().matching(root + ".(**)").should().beFreeOfCycles();
  }

  /** The flight recorder is a part of every JDK; the annotations of jspecify are absent at run time. */
  static ArchRule coreNeedsOnlyTheJdk(String root) {
    String[] core = Stream.concat(core(root), Stream.of("java..", "jdk.jfr..", "org.jspecify.annotations..")).toArray(String[]::new);
    return classes().that().resideInAnyPackage(core(root).toArray(String[]::new)).should().onlyDependOnClassesThat(
        DescribedPredicate.describe("lie in framework-core, java.* or jdk.jfr", type -> JavaClass.Predicates.resideInAnyPackage(core)
            .or(DescribedPredicate.describe("are primitive", JavaClass::isPrimitive)).test(type.getBaseComponentType())));
  }

  static ArchRule packagesAreNamedForConcepts() {
    return classes().should().resideOutsideOfPackages(EMPTY_NAMES.stream().map(name -> ".." + name + "..").toArray(String[]::new));
  }

  /** The interpreter is what the backend is tested against; a backend that used it would be tested against itself. */
  static ArchRule cpuComputesForItself(String root) {
    return noClasses().that().resideInAPackage(root + ".backend..")
        .should().dependOnClassesThat().haveFullyQualifiedName(root + ".graph.Interpreter");
  }

  static ArchRule noStaticFieldCanChange() {
    return noFields().that().areStatic().should().notBeFinal().allowEmptyShould(true);
  }

  static ArchRule nothingIsKeptPerThread() {
    return noClasses().should().dependOnClassesThat().areAssignableTo(ThreadLocal.class);
  }

  /** A final array can still be written to. */
  static ArchRule publicFieldsAreConstant(String root) {
    return fields().that().arePublic()
        .and().areDeclaredInClassesThat(JavaClass.Predicates.resideInAnyPackage(core(root).toArray(String[]::new)))
        .should().beFinal().andShould().notHaveRawType(DescribedPredicate.describe("an array", JavaClass::isArray)).allowEmptyShould(true);
  }

  private static Stream<String> core(String root) {
    return Arrows.core().stream().map(part -> part.isEmpty() ? root : root + "." + part + "..");
  }
}
