package dev.chainrule.graph;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.Stability;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.DoubleSupplier;

/**
 * An immutable dense row-major tensor in the JVM's heap: what goes into a graph from Java and what comes out. Elements lie in native
 * byte order; BOOL and U8 take a byte each.
 */
@Stability(Stability.Level.API)
public final class HostArray implements Value {

  /** The longest array that every virtual machine makes. */
  private static final long MAX_BYTES = Integer.MAX_VALUE - 8;

  private final TensorType type;
  private final byte[] bytes;

  /** Of type and bytes; 0 until it is asked for, since plans ask for that of each literal at each run. */
  private int hash;

  private HostArray(TensorType type, byte[] bytes) {
    this.type = type;
    this.bytes = bytes;
  }

  private static byte[] room(TensorType type) {
    long bytes = type.bytes();
    if (bytes > MAX_BYTES) {
      throw new InvalidArgumentException("tensor",
          String.format(Locale.ROOT, "%s takes %,d bytes on the host, at most %,d are possible", type, bytes, MAX_BYTES),
          "Split it into several tensors, or take a narrower type.");
    }
    return new byte[(int) bytes];
  }

  /**
   * All elements 0.
   *
   * @throws InvalidArgumentException when the type takes 2 GiB or more, as of every array here
   */
  public static HostArray zeros(TensorType type) {
    return new HostArray(type, room(type));
  }

  /** Elements drawn one after the other, in row-major order; each rounded or converted to the type as {@code cast} does. */
  public static HostArray generated(TensorType type, DoubleSupplier element) {
    HostArray array = zeros(type);
    for (long i = 0; i < type.elements(); i++) {
      array.putDouble(i, element.getAsDouble());
    }
    return array;
  }

  /** A copy of the first {@code type.bytes()} bytes of a segment. */
  public static HostArray copyOf(TensorType type, MemorySegment source) {
    byte[] bytes = room(type);
    MemorySegment.copy(source, 0, MemorySegment.ofArray(bytes), 0, bytes.length);
    return new HostArray(type, bytes);
  }

  /** A copy of the first {@code type.bytes()} bytes of a segment whose elements lie in {@code order}. */
  public static HostArray copyOf(TensorType type, MemorySegment source, ByteOrder order) {
    byte[] bytes = room(type);
    ValueLayout element = switch (type.dtype().bytes()) {
      case 1 -> ValueLayout.JAVA_BYTE;
      case 2 -> ValueLayout.JAVA_SHORT_UNALIGNED;
      case 4 -> ValueLayout.JAVA_INT_UNALIGNED;
      default -> ValueLayout.JAVA_LONG_UNALIGNED;
    };
    MemorySegment.copy(source, element.withOrder(order), 0, MemorySegment.ofArray(bytes), element, 0, type.elements());
    return new HostArray(type, bytes);
  }

  /**
   * Adopts bytes without a copy, for loaders that fill large arrays: elements in native byte order, BOOL as 0 or 1. The caller gives
   * the array away and must not write to it again.
   */
  @Stability(Stability.Level.SPI)
  public static HostArray owning(TensorType type, byte[] bytes) {
    if (bytes.length != type.bytes()) {
      throw new ShapeMismatchException("tensor", bytes.length + " bytes for " + type + " (" + type.bytes() + ")", "");
    }
    return new HostArray(type, bytes);
  }

  /** Each value rounded or converted to the type as {@code cast} does; F32 takes them bit for bit. */
  public static HostArray ofFloats(TensorType type, float... values) {
    return type.dtype() == DType.F32 ? copyOf(sized(type, values.length), MemorySegment.ofArray(values))
        : builder(type, values.length, (a, i) -> a.putDouble(i, values[i]));
  }

  /** Each value rounded or converted to the type as {@code cast} does. */
  public static HostArray ofDoubles(TensorType type, double... values) {
    return builder(type, values.length, (a, i) -> a.putDouble(i, values[i]));
  }

  /** Each value converted to the type as {@code cast} does. */
  public static HostArray ofLongs(TensorType type, long... values) {
    return builder(type, values.length, (a, i) -> a.putLong(i, values[i]));
  }

  private interface Put {
    void at(HostArray array, int i);
  }

  private static HostArray builder(TensorType type, int count, Put put) {
    HostArray array = zeros(sized(type, count));
    for (int i = 0; i < count; i++) {
      put.at(array, i);
    }
    return array;
  }

  private static TensorType sized(TensorType type, int count) {
    if (type.elements() != count) {
      throw new ShapeMismatchException("tensor", count + " values for " + type + " (" + type.elements() + ")", "");
    }
    return type;
  }

  @Override
  public TensorType type() {
    return type;
  }

  /** The number of elements. */
  public long elements() {
    return type.elements();
  }

  /** A read-only view of the bytes. */
  public MemorySegment segment() {
    return MemorySegment.ofArray(bytes).asReadOnly();
  }

  /** Element i in row-major order as a double, to which I64 is rounded; BOOL as 0 or 1. */
  public double doubleAt(long i) {
    return switch (type.dtype()) {
      case F32 -> all().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
      case F64 -> all().getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i);
      case F16 -> Float.float16ToFloat(all().getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i));
      case BF16 -> Bfloat16.toFloat(all().getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i));
      case I32, I64, U8, BOOL -> longAt(i);
    };
  }

  /** Element i in row-major order as a long; floats as {@code cast} to I64 does. */
  public long longAt(long i) {
    return switch (type.dtype()) {
      case I32 -> all().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i);
      case I64 -> all().getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i);
      case U8, BOOL -> bytes[Math.toIntExact(i)] & 0xff;
      case F32, F64, F16, BF16 -> (long) doubleAt(i);
    };
  }

  private MemorySegment all() {
    return MemorySegment.ofArray(bytes);
  }

  private void putDouble(long i, double v) {
    switch (type.dtype()) {
      case F32 -> all().setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) v);
      case F64 -> all().setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i, v);
      case F16 -> all().setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, Binary16.fromDouble(v));
      case BF16 -> all().setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, Bfloat16.fromDouble(v));
      case BOOL -> bytes[Math.toIntExact(i)] = (byte) (v != 0 ? 1 : 0);
      case U8 -> bytes[Math.toIntExact(i)] = (byte) Math.clamp((long) v, 0, 255);
      case I32 -> all().setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, (int) v);
      case I64 -> all().setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, (long) v);
    }
  }

  private void putLong(long i, long v) {
    switch (type.dtype()) {
      case I32 -> all().setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, (int) v);
      case I64 -> all().setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, v);
      case U8 -> bytes[Math.toIntExact(i)] = (byte) v;
      case BOOL -> bytes[Math.toIntExact(i)] = (byte) (v != 0 ? 1 : 0);
      case F32 -> all().setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) v);
      case F64, F16, BF16 -> putDouble(i, v);
    }
  }

  /** A copy of all elements in row-major order, each rounded to a float. */
  public float[] toFloatArray() {
    float[] values = new float[Math.toIntExact(elements())];
    if (type.dtype() == DType.F32) {
      MemorySegment.copy(all(), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values, 0, values.length);
    } else {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) doubleAt(i);
      }
    }
    return values;
  }

  /** A copy of all elements in row-major order, each as {@link #doubleAt} gives it. */
  public double[] toDoubleArray() {
    double[] values = new double[Math.toIntExact(elements())];
    Arrays.setAll(values, this::doubleAt);
    return values;
  }

  /** A copy of all elements in row-major order, each as {@link #longAt} gives it. */
  public long[] toLongArray() {
    long[] values = new long[Math.toIntExact(elements())];
    Arrays.setAll(values, this::longAt);
    return values;
  }

  /** Equal type and equal bits. */
  @Override
  public boolean equals(Object other) {
    return this == other || other instanceof HostArray a && type.equals(a.type) && Arrays.equals(bytes, a.bytes);
  }

  @Override
  public int hashCode() {
    int known = hash;
    if (known == 0) {
      known = 31 * type.hashCode() + Arrays.hashCode(bytes);
      hash = known;
    }
    return known;
  }

  /** The type and the values as {@link ArrayPrinter} shows them: {@code f32[2] [1.  0.5]}; below the type if they take several lines. */
  @Override
  public String toString() {
    String values = ArrayPrinter.toText(this);
    return type + (values.indexOf('\n') < 0 ? " " : "\n") + values;
  }
}
