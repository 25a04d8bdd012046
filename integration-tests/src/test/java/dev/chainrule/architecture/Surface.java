package dev.chainrule.architecture;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.chainrule.Stability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What of Chainrule others can see, and whom it is for. */
final class Surface {

  /** Production code and tests of all modules: a test in another package is a user as well. */
  static final JavaClasses ALL = importAll();

  /** Called by their names by the Java launcher, or written into enums by the compiler. */
  private static final List<String> CALLED_BY_NAME = List.of("main", "values", "valueOf");

  private Surface() {}

  private static JavaClasses importAll() {
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      return new ClassFileImporter().importPaths(
          modules.flatMap(m -> Stream.of(m.resolve("target/classes"), m.resolve("target/test-classes"))).filter(Files::isDirectory).toList());
    } catch (IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** All classes that are no tests, but for those that JMH writes. */
  static Stream<JavaClass> production() {
    return ALL.stream().filter(c -> c.getPackageName().startsWith("dev.chainrule") && !c.getPackageName().contains(".jmh_generated"))
        .filter(c -> c.getSource().orElseThrow().getUri().getPath().contains("/target/classes/"))
        .filter(c -> !c.getSimpleName().equals("package-info"));
  }

  /** What programs see of it. */
  static Stream<JavaClass> ofPrograms() {
    return production().filter(c -> isVisible(c) && level(c).orElseThrow() == Stability.Level.API);
  }

  /** Whether classes of other packages can name it. */
  static boolean isVisible(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC) && type.getEnclosingClass().map(Surface::isVisible).orElse(true);
  }

  /** The mark of a type: its own, else that of the type it lies in, else of its package. */
  static Optional<Stability.Level> level(JavaClass type) {
    return type.tryGetAnnotationOfType(Stability.class).map(Stability::value)
        .or(() -> type.getEnclosingClass().isPresent() ? level(type.getEnclosingClass().get()) : level(type.getPackage()));
  }

  /** The mark of a package, which its subpackages do not share. */
  static Optional<Stability.Level> level(JavaPackage named) {
    return named.tryGetAnnotationOfType(Stability.class).map(Stability::value);
  }

  /** The mark of a method or constructor: its own, else that of its type. */
  static Optional<Stability.Level> level(JavaCodeUnit unit) {
    return unit.tryGetAnnotationOfType(Stability.class).map(Stability::value).or(() -> level(unit.getOwner()));
  }

  /** Whether a class of another package names the type anywhere, be it in a signature. */
  static boolean isUsedElsewhere(JavaClass type) {
    return type.getDirectDependenciesToSelf().stream().anyMatch(d -> !d.getOriginClass().getPackageName().equals(type.getPackageName()));
  }

  /** Public methods and constructors whose visibility was a choice: no interface's, none that override, none that a record must have. */
  static Stream<JavaCodeUnit> chosen(JavaClass type) {
    return type.isInterface() ? Stream.empty() : type.getCodeUnits().stream()
        .filter(u -> u.getModifiers().contains(JavaModifier.PUBLIC) && !u.getModifiers().contains(JavaModifier.SYNTHETIC))
        .filter(u -> !CALLED_BY_NAME.contains(u.getName()) && !overrides(u) && !belongsToRecord(u) && !isProvided(u));
  }

  /** Whether a class of another package calls or refers to it. */
  static boolean isUsedElsewhere(JavaCodeUnit unit) {
    return unit.getAccessesToSelf().stream().map(JavaAccess::getOriginOwner)
        .anyMatch(origin -> !origin.getPackageName().equals(unit.getOwner().getPackageName()));
  }

  private static boolean overrides(JavaCodeUnit unit) {
    return unit instanceof JavaMethod && Stream.concat(unit.getOwner().getAllRawSuperclasses().stream(),
        unit.getOwner().getAllRawInterfaces().stream())
        .anyMatch(parent -> parent.getMethods().stream().anyMatch(m -> m.getName().equals(unit.getName())
            && m.getRawParameterTypes().size() == unit.getRawParameterTypes().size()));
  }

  private static boolean belongsToRecord(JavaCodeUnit unit) {
    return unit.getOwner().isRecord() && (unit instanceof JavaConstructor
        || unit.getRawParameterTypes().isEmpty() && unit.getOwner().tryGetField(unit.getName()).isPresent());
  }

  /** ServiceLoader makes backends. */
  private static boolean isProvided(JavaCodeUnit unit) {
    return unit instanceof JavaConstructor && unit.getOwner().isAssignableTo("dev.chainrule.device.Backend");
  }
}
