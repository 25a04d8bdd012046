package dev.chainrule.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Evenly spaced elements between memory and arrays. Neighbours are copied in bulk, one element repeated fills, anything else is read
 * one by one. Traffic: each element once; a step of more than a cache line costs a line for each.
 */
final class Rows {

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  /** Below this a bulk copy costs more than it saves. */
  private static final int SHORT_ROW = 6;

  private Rows() {}

  /** to[at + i] = the element at address + i * stride, for i below n; the stride is in bytes. */
  interface Reader<A> {
    void read(long address, long stride, A to, int at, int n);
  }

  /** The element at address + i * stride = from[at + i], for i below n; the stride is in bytes. */
  interface Writer<A> {
    void write(long address, long stride, A from, int at, int n);
  }

  static void floats(long address, long stride, float[] to, int at, int n) {
    if (stride == Float.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(OffHeap.MEMORY, OffHeap.FLOAT, address, to, at, n);
    } else if (stride == 0) {
      Arrays.fill(to, at, at + n, OffHeap.MEMORY.get(OffHeap.FLOAT, address));
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = OffHeap.MEMORY.get(OffHeap.FLOAT, address + i * stride);
      }
    }
  }

  static void doubles(long address, long stride, double[] to, int at, int n) {
    if (stride == Double.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(OffHeap.MEMORY, OffHeap.DOUBLE, address, to, at, n);
    } else if (stride == 0) {
      Arrays.fill(to, at, at + n, OffHeap.MEMORY.get(OffHeap.DOUBLE, address));
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = OffHeap.MEMORY.get(OffHeap.DOUBLE, address + i * stride);
      }
    }
  }

  static void ints(long address, long stride, int[] to, int at, int n) {
    if (stride == Integer.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(OffHeap.MEMORY, INT, address, to, at, n);
    } else if (stride == 0) {
      Arrays.fill(to, at, at + n, OffHeap.MEMORY.get(INT, address));
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = OffHeap.MEMORY.get(INT, address + i * stride);
      }
    }
  }

  static void longs(long address, long stride, long[] to, int at, int n) {
    if (stride == Long.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(OffHeap.MEMORY, LONG, address, to, at, n);
    } else if (stride == 0) {
      Arrays.fill(to, at, at + n, OffHeap.MEMORY.get(LONG, address));
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = OffHeap.MEMORY.get(LONG, address + i * stride);
      }
    }
  }

  static void shorts(long address, long stride, short[] to, int at, int n) {
    if (stride == Short.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(OffHeap.MEMORY, SHORT, address, to, at, n);
    } else if (stride == 0) {
      Arrays.fill(to, at, at + n, OffHeap.MEMORY.get(SHORT, address));
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = OffHeap.MEMORY.get(SHORT, address + i * stride);
      }
    }
  }

  static void bytes(long address, long stride, byte[] to, int at, int n) {
    if (stride == Byte.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(OffHeap.MEMORY, ValueLayout.JAVA_BYTE, address, to, at, n);
    } else if (stride == 0) {
      Arrays.fill(to, at, at + n, OffHeap.MEMORY.get(ValueLayout.JAVA_BYTE, address));
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = OffHeap.MEMORY.get(ValueLayout.JAVA_BYTE, address + i * stride);
      }
    }
  }

  static void write(long address, long stride, float[] from, int at, int n) {
    if (stride == Float.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(from, at, OffHeap.MEMORY, OffHeap.FLOAT, address, n);
    } else {
      for (int i = 0; i < n; i++) {
        OffHeap.MEMORY.set(OffHeap.FLOAT, address + i * stride, from[at + i]);
      }
    }
  }

  static void write(long address, long stride, double[] from, int at, int n) {
    if (stride == Double.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(from, at, OffHeap.MEMORY, OffHeap.DOUBLE, address, n);
    } else {
      for (int i = 0; i < n; i++) {
        OffHeap.MEMORY.set(OffHeap.DOUBLE, address + i * stride, from[at + i]);
      }
    }
  }

  static void write(long address, long stride, int[] from, int at, int n) {
    if (stride == Integer.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(from, at, OffHeap.MEMORY, INT, address, n);
    } else {
      for (int i = 0; i < n; i++) {
        OffHeap.MEMORY.set(INT, address + i * stride, from[at + i]);
      }
    }
  }

  static void write(long address, long stride, long[] from, int at, int n) {
    if (stride == Long.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(from, at, OffHeap.MEMORY, LONG, address, n);
    } else {
      for (int i = 0; i < n; i++) {
        OffHeap.MEMORY.set(LONG, address + i * stride, from[at + i]);
      }
    }
  }

  static void write(long address, long stride, short[] from, int at, int n) {
    if (stride == Short.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(from, at, OffHeap.MEMORY, SHORT, address, n);
    } else {
      for (int i = 0; i < n; i++) {
        OffHeap.MEMORY.set(SHORT, address + i * stride, from[at + i]);
      }
    }
  }

  static void write(long address, long stride, byte[] from, int at, int n) {
    if (stride == Byte.BYTES && n > SHORT_ROW) {
      MemorySegment.copy(from, at, OffHeap.MEMORY, ValueLayout.JAVA_BYTE, address, n);
    } else {
      for (int i = 0; i < n; i++) {
        OffHeap.MEMORY.set(ValueLayout.JAVA_BYTE, address + i * stride, from[at + i]);
      }
    }
  }

  static void write(float[] from, long address, int n) {
    MemorySegment.copy(from, 0, OffHeap.MEMORY, OffHeap.FLOAT, address, n);
  }

  static void write(double[] from, long address, int n) {
    MemorySegment.copy(from, 0, OffHeap.MEMORY, OffHeap.DOUBLE, address, n);
  }

  static void write(int[] from, long address, int n) {
    MemorySegment.copy(from, 0, OffHeap.MEMORY, INT, address, n);
  }

  static void write(long[] from, long address, int n) {
    MemorySegment.copy(from, 0, OffHeap.MEMORY, LONG, address, n);
  }

  static void write(short[] from, long address, int n) {
    MemorySegment.copy(from, 0, OffHeap.MEMORY, SHORT, address, n);
  }

  static void write(byte[] from, long address, int n) {
    MemorySegment.copy(from, 0, OffHeap.MEMORY, ValueLayout.JAVA_BYTE, address, n);
  }
}
