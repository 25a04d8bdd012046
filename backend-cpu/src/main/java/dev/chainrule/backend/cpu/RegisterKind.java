package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;

/** In what kind of array elements are computed. */
enum RegisterKind {
  FLOAT,
  DOUBLE,
  INT,
  LONG;

  static RegisterKind of(DType dtype) {
    return switch (dtype) {
      case F32, F16, BF16 -> FLOAT;
      case F64 -> DOUBLE;
      case I32, U8, BOOL -> INT;
      case I64 -> LONG;
    };
  }
}
