package dev.chainrule.architecture;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.properties.CanBeAnnotated;
import dev.chainrule.Stability;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What of Chainrule others can see, and whom it is for. */
final class Surface {

  /** Called by their names: by the Java launcher, by ServiceLoader, and what the compiler writes into enums. */
  private static final List<String> CALLED_BY_NAME = List.of("main", "values", "valueOf");

  private Surface() {}

  /** Whether classes of other packages can name it. */
  static boolean isVisible(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC) && type.getEnclosingClass().map(Surface::isVisible).orElse(true);
  }

  /** The mark of a type: its own, else that of the type it lies in, else of its package. */
  static Optional<Stability.Level> level(JavaClass type) {
    return own(type)
        .or(() -> type.getEnclosingClass().flatMap(Surface::level))
        .or(() -> type.getEnclosingClass().isPresent() ? Optional.empty() : own(type.getPackage()));
  }

  /** The mark of a method or constructor: its own, else that of its type. */
  static Optional<Stability.Level> level(JavaCodeUnit unit) {
    return own(unit).or(() -> level(unit.getOwner()));
  }

  private static Optional<Stability.Level> own(CanBeAnnotated marked) {
    return marked instanceof JavaClass type ? type.tryGetAnnotationOfType(Stability.class).map(Stability::value)
        : marked instanceof com.tngtech.archunit.core.domain.JavaPackage p ? p.tryGetAnnotationOfType(Stability.class).map(Stability::value)
        : ((JavaCodeUnit) marked).tryGetAnnotationOfType(Stability.class).map(Stability::value);
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
