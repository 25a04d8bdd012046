package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.conformance.TestedDevices.TestedDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every type into every other, against the table of conversions worked out in exact arithmetic: neither the interpreter nor the
 * framework's 16-bit formats have a say in what is expected.
 */
class ConversionTest {

  private static final String DEVICES = "dev.chainrule.conformance.TestedDevices#stream";

  // --- the table ---------------------------------------------------------------------------------------------------------------------

  /** An element of an array: a floating number, or an integer, true being 1. */
  private record Number(OptionalDouble real, long integer) {
    static Number of(double real) {
      return new Number(OptionalDouble.of(real), 0);
    }

    static Number of(long integer) {
      return new Number(OptionalDouble.empty(), integer);
    }

    Number to(DType dtype) {
      return switch (dtype) {
        case F32, F64, F16, BF16 -> real.isPresent() ? of(rounded(real.getAsDouble(), dtype)) : of(rounded(integer, dtype));
        case I32, I64, U8 -> of(real.isPresent() ? truncated(real.getAsDouble(), dtype) : wrapped(integer, dtype));
        case BOOL -> of(real.isPresent() ? real.getAsDouble() == 0 ? 0 : 1 : integer == 0 ? 0L : 1L);
      };
    }
  }

  /** Beyond 2^53 an i64 goes to bf16 by way of the nearest f64; that is the one exception. */
  private static double rounded(long value, DType dtype) {
    if (dtype == DType.BF16) {
      return rounded((double) value, dtype);
    }
    return value == 0 ? 0 : nearest(BigDecimal.valueOf(value), BigInteger.valueOf(value).abs().bitLength() - 1, FloatFormat.of(dtype));
  }

  private static double rounded(double value, DType dtype) {
    return value == 0 || !Double.isFinite(value) ? value : nearest(new BigDecimal(value), Math.getExponent(value), FloatFormat.of(dtype));
  }

  /** The number as a count of the format's steps at its exponent, rounded to an even count from halfway. */
  private static double nearest(BigDecimal value, int exponent, FloatFormat format) {
    int step = Math.max(exponent, format.smallestExponent()) - format.fractionBits();
    BigDecimal size = step < 0 ? BigDecimal.ONE.divide(BigDecimal.TWO.pow(-step)) : BigDecimal.TWO.pow(step);
    BigDecimal count = value.divide(size).setScale(0, RoundingMode.HALF_EVEN);
    BigDecimal nearest = count.multiply(size);
    if (nearest.abs().compareTo(new BigDecimal(format.largest())) > 0) {
      return value.signum() * Double.POSITIVE_INFINITY;
    }
    return nearest.signum() == 0 ? value.signum() * 0.0 : nearest.doubleValue();
  }

  private static long truncated(double value, DType dtype) {
    if (Double.isNaN(value)) {
      return 0;
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? largest(dtype).longValueExact() : smallest(dtype).longValueExact();
    }
    return new BigDecimal(value).toBigInteger().min(largest(dtype)).max(smallest(dtype)).longValueExact();
  }

  private static long wrapped(long value, DType dtype) {
    BigInteger range = largest(dtype).subtract(smallest(dtype)).add(BigInteger.ONE);
    return BigInteger.valueOf(value).subtract(smallest(dtype)).mod(range).add(smallest(dtype)).longValueExact();
  }

  private static BigInteger smallest(DType dtype) {
    return dtype == DType.U8 ? BigInteger.ZERO : BigInteger.TWO.pow(8 * dtype.bytes() - 1).negate();
  }

  private static BigInteger largest(DType dtype) {
    return BigInteger.TWO.pow(dtype == DType.U8 ? 8 : 8 * dtype.bytes() - 1).subtract(BigInteger.ONE);
  }

  // --- elements of arrays ------------------------------------------------------------------------------------------------------------

  private static Number at(HostArray array, int i) {
    MemorySegment bytes = array.segment();
    return switch (array.type().dtype()) {
      case F32 -> Number.of(bytes.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i));
      case F64 -> Number.of(bytes.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i));
      case F16, BF16 -> Number.of(defined(bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i), FloatFormat.of(array.type().dtype())));
      case I32 -> Number.of((long) bytes.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i));
      case I64 -> Number.of(bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i));
      case U8, BOOL -> Number.of(bytes.get(ValueLayout.JAVA_BYTE, i) & 0xffL);
    };
  }

  /** (-1)^s 2^e 1.f; for the smallest exponent field 0.f with the exponent of the next, for the largest infinity or NaN. */
  private static double defined(int bits, FloatFormat format) {
    int field = (bits & 0x7fff) >>> format.fractionBits();
    int fraction = bits & ((1 << format.fractionBits()) - 1);
    double size;
    if (field == (1 << (15 - format.fractionBits())) - 1) {
      size = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else {
      int hidden = field == 0 ? 0 : 1 << format.fractionBits();
      size = (hidden + fraction) * Math.pow(2, Math.max(field, 1) - 1 + format.smallestExponent() - format.fractionBits());
    }
    return (bits & 0x8000) == 0 ? size : -size;
  }

  private static HostArray everyPattern(DType dtype) {
    byte[] bytes = new byte[2 << 16];
    for (int bits = 0; bits < 1 << 16; bits++) {
      MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * bits, (short) bits);
    }
    return HostArray.owning(TensorType.of(dtype, 1 << 16), bytes);
  }

  private static void assertConverted(TestedDevice device, HostArray x, DType to) {
    HostArray y = device.with(() -> Tensor.of(x).cast(to).toHostArray());
    assertEquals(x.type().withDType(to), y.type());
    for (int i = 0; i < x.elements(); i++) {
      Number expected = at(x, i).to(to);
      if (!expected.equals(at(y, i))) {
        int element = i;
        assertEquals(expected, at(y, i), () -> at(x, element) + " of " + x.type().dtype() + " to " + to);
      }
    }
  }

  // --- promises ----------------------------------------------------------------------------------------------------------------------

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S2.1") @Tag("S2.2") @Tag("S2.3")
  void everyTypeBecomesEveryOtherAsTheTableSays(TestedDevice device) {
    for (DType from : DType.values()) {
      for (DType to : DType.values()) {
        assertConverted(device, Samples.specials(from), to);
        assertConverted(device, Samples.anyBits(from, 1, 5_000), to);
        assertConverted(device, Samples.between(from, 0, 300, 2, 1_000), to);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S1.1") @Tag("S2.1")
  void eachOfThe65536PatternsOfA16BitFormatIsItsNumberInEveryType(TestedDevice device) {
    for (DType from : List.of(DType.F16, DType.BF16)) {
      for (DType to : DType.values()) {
        assertConverted(device, everyPattern(from), to);
      }
    }
  }

  /** Between any two neighbours the tie goes to the even one and what is next to the tie to the nearer; rounding twice gets that wrong. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S2.1")
  void everyMidpointOfA16BitFormatRoundsToEvenAndItsNeighboursToTheNearer(TestedDevice device) {
    for (DType to : List.of(DType.F16, DType.BF16)) {
      FloatFormat format = FloatFormat.of(to);
      List<Double> wide = new ArrayList<>();
      for (int bits = 0; bits < 1 << 15; bits++) {
        double low = defined(bits, format);
        if (Double.isFinite(low)) {
          double middle = low + format.ulp(low) / 2;
          wide.addAll(List.of(middle, -middle, Math.nextUp(middle), Math.nextDown(middle),
              (double) Math.nextUp((float) middle), (double) -Math.nextDown((float) middle)));
        }
      }
      double[] values = wide.stream().mapToDouble(Double::doubleValue).toArray();
      assertConverted(device, HostArray.ofDoubles(TensorType.of(DType.F64, values.length), values), to);
      assertConverted(device, HostArray.ofDoubles(TensorType.of(DType.F32, values.length), values), to);
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S2.2")
  void aLongBecomesABfloat16ByWayOfADouble(TestedDevice device) {
    Tensor x = Tensor.of(new long[] {(1L << 62) + (1L << 54) + 1});
    assertEquals(0x1p62, device.with(() -> x.cast(DType.BF16).item()));
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S2.3")
  void nanIsTrueAndMinusZeroIsFalse(TestedDevice device) {
    for (DType dtype : Samples.FLOATING) {
      HostArray x = HostArray.ofDoubles(TensorType.of(dtype, 2), Double.NaN, -0.0);
      assertEquals(HostArray.ofLongs(TensorType.of(DType.BOOL, 2), 1, 0), device.with(() -> Tensor.of(x).cast(DType.BOOL).toHostArray()));
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S2.4")
  void floatsSaturateInAByteAndIntegersWrap(TestedDevice device) {
    HostArray saturated = HostArray.ofLongs(TensorType.of(DType.U8, 2), 255, 0);
    HostArray wrapped = HostArray.ofLongs(TensorType.of(DType.U8, 2), 44, 255);
    for (DType dtype : Samples.FLOATING) {
      HostArray x = HostArray.ofDoubles(TensorType.of(dtype, 2), 300, -1);
      assertEquals(saturated, device.with(() -> Tensor.of(x).cast(DType.U8).toHostArray()));
    }
    for (DType dtype : List.of(DType.I32, DType.I64)) {
      HostArray x = HostArray.ofLongs(TensorType.of(dtype, 2), 300, -1);
      assertEquals(wrapped, device.with(() -> Tensor.of(x).cast(DType.U8).toHostArray()));
    }
  }
}
