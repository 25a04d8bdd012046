package dev.chainrule.graph;

import static dev.chainrule.graph.Reference.eval;
import static dev.chainrule.graph.Reference.scalar;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PhiloxTest {

  /** Random123's tests/kat_vectors, the three lines "philox4x32 10". */
  @Test
  @Tag("S18.1")
  void givesThePublishedKnownAnswers() {
    assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, Philox.block(0, 0, 0, 0, 0, 0));
    assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, Philox.block(-1, -1, -1, -1, -1, -1));
    assertArrayEquals(new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
        Philox.block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0));
  }

  @Test
  @Tag("S6.7")
  void bitsDependOnSeedStreamRunAndIteration() {
    long[] bits = bits(8, 1, 2, 3, 4);
    assertArrayEquals(bits, bits(8, 1, 2, 3, 4));
    assertEquals(8, Arrays.stream(bits).distinct().count());
    assertNotEquals(Arrays.toString(bits), Arrays.toString(bits(8, 9, 2, 3, 4)));
    assertNotEquals(Arrays.toString(bits), Arrays.toString(bits(8, 1, 9, 3, 4)));
    assertNotEquals(Arrays.toString(bits), Arrays.toString(bits(8, 1, 2, 9, 4)));
    assertNotEquals(Arrays.toString(bits), Arrays.toString(bits(8, 1, 2, 3, 9)));
  }

  @Test
  void aLongerDrawBeginsWithTheShorter() {
    assertArrayEquals(bits(5, 1, 2, 3, 4), Arrays.copyOf(bits(1003, 1, 2, 3, 4), 5));
  }

  private static long[] bits(int count, long stream, int seed, int run, int iteration) {
    return eval(new Op.PhiloxBits(Shape.of(count), stream),
        scalar(DType.I64, seed), scalar(DType.I64, run), scalar(DType.I64, iteration)).toLongArray();
  }
}
