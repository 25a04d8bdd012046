package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Binary16;
import dev.chainrule.graph.Bfloat16;
import dev.chainrule.graph.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Single elements at absolute addresses, for kernels whose time does not matter. */
final class Elements {

  private static final MemorySegment MEMORY = OffHeap.MEMORY;

  private Elements() {}

  /** An element of an integer type or BOOL. */
  static long integer(DType dtype, long address) {
    return switch (dtype) {
      case I32 -> MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, address);
      case I64 -> MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
      case U8, BOOL -> MEMORY.get(ValueLayout.JAVA_BYTE, address) & 0xff;
      case F32, F64, F16, BF16 -> throw new IllegalArgumentException(dtype + " is no integer type");
    };
  }

  /** An element of a floating type. */
  static double real(DType dtype, long address) {
    return switch (dtype) {
      case F32 -> MEMORY.get(OffHeap.FLOAT, address);
      case F64 -> MEMORY.get(OffHeap.DOUBLE, address);
      case F16 -> Binary16.toFloat(MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, address));
      case BF16 -> Bfloat16.toFloat(MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, address));
      case I32, I64, U8, BOOL -> throw new IllegalArgumentException(dtype + " is no floating type");
    };
  }

  /** Stores an integer, wrapped. */
  static void put(DType dtype, long address, long value) {
    switch (dtype) {
      case I32 -> MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, address, (int) value);
      case I64 -> MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, address, value);
      case U8, BOOL -> MEMORY.set(ValueLayout.JAVA_BYTE, address, (byte) value);
      case F32, F64, F16, BF16 -> throw new IllegalArgumentException(dtype + " is no integer type");
    }
  }

  /** Stores a real number, rounded once. */
  static void put(DType dtype, long address, double value) {
    switch (dtype) {
      case F32 -> MEMORY.set(OffHeap.FLOAT, address, (float) value);
      case F64 -> MEMORY.set(OffHeap.DOUBLE, address, value);
      case F16 -> MEMORY.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, Binary16.fromDouble(value));
      case BF16 -> MEMORY.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, Bfloat16.fromDouble(value));
      case I32, I64, U8, BOOL -> throw new IllegalArgumentException(dtype + " is no floating type");
    }
  }
}
