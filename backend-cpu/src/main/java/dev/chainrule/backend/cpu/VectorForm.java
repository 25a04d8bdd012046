package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;

/** In what a generated loop holds a value: vectors of as many lanes, or masks, for booleans that come from comparisons. */
enum VectorForm {
  FLOATS,
  INTS,
  FLOAT_MASK,
  INT_MASK;

  static VectorForm of(RegisterKind kind) {
    return switch (kind) {
      case FLOAT -> FLOATS;
      case INT -> INTS;
      case DOUBLE, LONG -> throw new IllegalArgumentException("no vectors of " + kind);
    };
  }

  static VectorForm of(DType dtype) {
    return of(RegisterKind.of(dtype));
  }

  VectorForm mask() {
    return switch (this) {
      case FLOATS, FLOAT_MASK -> FLOAT_MASK;
      case INTS, INT_MASK -> INT_MASK;
    };
  }

  boolean isMask() {
    return this == FLOAT_MASK || this == INT_MASK;
  }
}
