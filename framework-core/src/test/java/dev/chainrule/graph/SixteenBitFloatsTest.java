package dev.chainrule.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.function.DoubleFunction;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Both formats against their definition: (-1)^s 2^(e - bias) 1.f, for e = 0 0.f with the same exponent as e = 1, for the largest e inf. */
class SixteenBitFloatsTest {

  private static final int FRACTION_16 = 10;
  private static final int FRACTION_B16 = 7;

  private static double defined(int bits, int fractionBits) {
    int exponentBits = 15 - fractionBits;
    int largest = (1 << exponentBits) - 1;
    int bias = largest / 2;
    int exponent = (bits >>> fractionBits) & largest;
    int fraction = bits & ((1 << fractionBits) - 1);
    double size;
    if (exponent == largest) {
      size = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else {
      int hidden = exponent == 0 ? 0 : 1 << fractionBits;
      size = (hidden + fraction) * Math.pow(2, Math.max(exponent, 1) - bias - fractionBits);
    }
    return (bits & 0x8000) == 0 ? size : -size;
  }

  @Test
  @Tag("S1.1")
  void everyBinary16HasItsDefinedValue() {
    everyValue(FRACTION_16, bits -> Binary16.toFloat((short) bits), Binary16::fromDouble);
  }

  @Test
  @Tag("S1.1")
  void everyBfloat16HasItsDefinedValue() {
    everyValue(FRACTION_B16, bits -> Bfloat16.toFloat((short) bits), Bfloat16::fromDouble);
  }

  private static void everyValue(int fractionBits, IntFunction<Float> toFloat, DoubleFunction<Short> fromDouble) {
    for (int bits = 0; bits < 1 << 16; bits++) {
      double value = defined(bits, fractionBits);
      assertEquals(value, (double) toFloat.apply(bits), "0x" + Integer.toHexString(bits));
      short back = fromDouble.apply(value);
      if (Double.isNaN(value)) {
        assertTrue(Double.isNaN(defined(back & 0xffff, fractionBits)));
      } else {
        assertEquals((short) bits, back, "0x" + Integer.toHexString(bits));
      }
    }
  }

  @Test
  void binary16RoundsMidpointsToEvenAndTheirNeighboursToTheNearer() {
    everyMidpoint(FRACTION_16, Binary16::fromDouble);
  }

  @Test
  void bfloat16RoundsMidpointsToEvenAndTheirNeighboursToTheNearer() {
    everyMidpoint(FRACTION_B16, Bfloat16::fromDouble);
  }

  /** A double next to a midpoint is the case that rounding twice, by way of a float, gets wrong. */
  private static void everyMidpoint(int fractionBits, DoubleFunction<Short> fromDouble) {
    int infinity = ((1 << (15 - fractionBits)) - 1) << fractionBits;
    for (int bits = 0; bits < infinity; bits++) {
      double low = defined(bits, fractionBits);
      // Beyond the largest finite number, rounding goes as if the next one existed.
      double high = bits + 1 == infinity ? low + (low - defined(bits - 1, fractionBits)) : defined(bits + 1, fractionBits);
      double middle = (low + high) / 2;
      short even = (short) (bits % 2 == 0 ? bits : bits + 1);
      assertEquals(even, fromDouble.apply(middle), "midpoint above 0x" + Integer.toHexString(bits));
      assertEquals((short) bits, fromDouble.apply(Math.nextDown(middle)));
      assertEquals((short) (bits + 1), fromDouble.apply(Math.nextUp(middle)));
      assertEquals((short) (even | 0x8000), fromDouble.apply(-middle));
      assertEquals((short) (bits | 0x8000), fromDouble.apply(-Math.nextDown(middle)));
    }
  }

  @Test
  void numbersBeyondTheRangeBecomeInfinite() {
    assertEquals((short) 0x7c00, Binary16.fromDouble(65520));
    assertEquals((short) 0x7bff, Binary16.fromDouble(Math.nextDown(65520.0)));
    assertEquals((short) 0x7f80, Bfloat16.fromDouble(1e300));
    assertEquals((short) 0xff80, Bfloat16.fromDouble(-1e300));
    assertEquals((short) 0x8000, Bfloat16.fromDouble(-1e-300));
    assertEquals((short) 0, Binary16.fromDouble(Double.MIN_VALUE));
  }

  @Test
  void fromFloatAgreesWithFromDouble() {
    var random = new SplittableRandom(1);
    for (int i = 0; i < 1_000_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (!Float.isNaN(value)) {
        assertEquals(Bfloat16.fromDouble(value), Bfloat16.fromFloat(value));
        assertEquals(Binary16.fromDouble(value), Binary16.fromFloat(value));
      }
    }
  }
}
