package dev.chainrule;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Whom a package is for, and so how long it stays as it is. A type or method with a mark of its own goes by that one, all others by what
 * they lie in.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.PACKAGE, ElementType.TYPE, ElementType.METHOD})
public @interface Stability {

  /** Whom it is for. */
  Level value();

  /** What may change when. Before 1.0 anything may change in a minor version, and the changelog says what did. */
  enum Level {
    /** For programs: changes in major versions only. */
    API,
    /** For backends and for those who build graphs themselves: changes in minor versions where it must. */
    SPI,
    /** Public for Chainrule's other packages' sake: changes at any time. */
    INTERNAL
  }
}
