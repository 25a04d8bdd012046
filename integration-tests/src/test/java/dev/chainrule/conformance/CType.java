package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;

/**
 * A type of elements in C: the table that another dialect of C would replace.
 *
 * @param memory what an element is in memory
 * @param value what it is in a variable; the 16-bit floats are floats that have been rounded to their type
 * @param computes what its operations compute in: the result is rounded to the type. In double the products of two numbers of 16 bits
 *     are exact, so that they round once even where bf16's have fewer digits than a float's
 * @param wide what sums and products are accumulated in
 * @param bits the unsigned integer of its width
 * @param name the end of the names of functions on what it computes in
 */
record CType(DType dtype, String memory, String value, String computes, String wide, String bits, String name) {

  static CType of(DType dtype) {
    return switch (dtype) {
      case F32 -> new CType(dtype, "float", "float", "float", "double", "uint32_t", "f32");
      case F64 -> new CType(dtype, "double", "double", "double", "double", "uint64_t", "f64");
      case F16, BF16 -> new CType(dtype, "uint16_t", "float", "double", "double", "uint16_t", "f64");
      case I32 -> new CType(dtype, "int32_t", "int32_t", "int32_t", "int32_t", "uint32_t", "i32");
      case I64 -> new CType(dtype, "int64_t", "int64_t", "int64_t", "int64_t", "uint64_t", "i64");
      case U8, BOOL -> new CType(dtype, "uint8_t", "uint8_t", "uint8_t", "uint8_t", "uint8_t", "u8");
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
  String toBits(String value) {
    return dtype.isFloating() ? dtype + "_bits(" + value + ")" : "(" + bits + ")" + value;
  }

  /** The value with such bits. */
  String fromBits(String bits) {
    return dtype.isFloating() ? dtype + "_value(" + bits + ")" : "(" + value + ")" + bits;
  }

  /** A function of the C library on what the type computes in. */
  String library(String function) {
    return computes.equals("float") ? function + "f" : function;
  }

  /** What combining nothing gives. */
  String neutral(Op.Fold fold) {
    return switch (fold) {
      case SUM -> "0";
      case PROD -> "1";
      case MAX -> switch (dtype) {
        case F32, F64, F16, BF16 -> "-INFINITY";
        case I32 -> "INT32_MIN";
        case I64 -> "INT64_MIN";
        case U8, BOOL -> "0";
      };
      case MIN -> switch (dtype) {
        case F32, F64, F16, BF16 -> "INFINITY";
        case I32 -> "INT32_MAX";
        case I64 -> "INT64_MAX";
        case U8 -> "255";
        case BOOL -> "1";
      };
    };
  }

  private boolean isNarrow() {
    return dtype == DType.F16 || dtype == DType.BF16;
  }
}
