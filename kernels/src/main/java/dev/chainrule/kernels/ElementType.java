package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;

/**
 * A type of elements in the dialect; see {@code types.h}.
 *
 * @param memory what an element is in memory
 * @param value what it is in a variable; the 16-bit floats are floats that have been rounded to their type
 * @param name the end of the names of functions on what it computes in
 */
record ElementType(DType dtype, String memory, String value, String name) {

  static ElementType of(DType dtype) {
    String name = switch (dtype) {
      case F32, F16, BF16 -> "f32";
      case F64 -> "f64";
      case I32 -> "i32";
      case I64 -> "i64";
      case U8, BOOL -> "u8";
    };
    return new ElementType(dtype, isNarrow(dtype) ? "u16" : name, name, name);
  }

  /** The unsigned integer that an element of so many bytes is when it is only moved. */
  static DType moved(DType dtype) {
    return switch (dtype.bytes()) {
      case 1 -> DType.U8;
      case 2 -> DType.F16;
      case 4 -> DType.I32;
      case 8 -> DType.I64;
      default -> throw new IllegalArgumentException(dtype + " has " + dtype.bytes() + " bytes");
    };
  }

  /** The value of an element in memory. */
  String loaded(String element) {
    return isNarrow() ? dtype + "_value(" + element + ")" : element;
  }

  /** The element for a value. */
  String stored(String value) {
    return isNarrow() ? dtype + "_bits(" + value + ")" : value;
  }

  /** The value for what has been computed. */
  String rounded(String computed) {
    return isNarrow() ? dtype + "_round(" + computed + ")" : "(" + value + ")(" + computed + ")";
  }

  /** A value's bits. */
  String toBits(String x) {
    return dtype.isFloating() ? dtype + "_bits(" + x + ")" : x;
  }

  /** The value with such bits. */
  String fromBits(String bits) {
    return dtype.isFloating() ? dtype + "_value(" + bits + ")" : "(" + value + ")(" + bits + ")";
  }

  /** A function of the C library on what the type computes in. */
  String library(String function) {
    return "LIBRARY_" + name + "(" + function + ")";
  }

  /** What combining nothing gives. */
  String neutral(Op.Fold fold) {
    return switch (fold) {
      case SUM -> "0";
      case PROD -> "1";
      case MAX -> switch (dtype) {
        case F32, F64, F16, BF16 -> "-INFINITY";
        case I32 -> "-0x7fffffff - 1";
        case I64 -> "(i64)((u64)1 << 63)";
        case U8, BOOL -> "0";
      };
      case MIN -> switch (dtype) {
        case F32, F64, F16, BF16 -> "INFINITY";
        case I32 -> "0x7fffffff";
        case I64 -> "(i64)(~(u64)0 >> 1)";
        case U8 -> "255";
        case BOOL -> "1";
      };
    };
  }

  boolean isNarrow() {
    return isNarrow(dtype);
  }

  private static boolean isNarrow(DType dtype) {
    return dtype == DType.F16 || dtype == DType.BF16;
  }
}
