package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Philox;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RandomStreamTest {

  private static final Shape MANY = Shape.of(200, 100);

  @Test
  void bitsArePhiloxBlocksInOrder() {
    long[] bits = readLongs(RandomStream.of(42).bits(Shape.of(3, 5)));
    long key = Philox.key(42, 0);
    for (int i = 0; i < bits.length; i++) {
      int[] block = Philox.block(i / 4, 0, 0, 0, (int) key, (int) (key >>> 32));
      assertEquals(block[i % 4], bits[i]);
    }
  }

  @Test
  void bitsInAStepAreAddressedBySeedRunPathAndCall() {
    Trace.record(Mode.TRAINING, 7, 3, false, () -> {
      Trace trace = Trace.surrounding().orElseThrow();
      trace.at("net/dropout", () -> trace.random());
      long[] bits = readLongs(trace.at("net/dropout", () -> trace.random()).bits(Shape.of(6)));
      long key = Philox.key(7, Philox.stream("net/dropout", 1));
      for (int i = 0; i < bits.length; i++) {
        assertEquals(Philox.block(i / 4, 0, 3, 0, (int) key, (int) (key >>> 32))[i % 4], bits[i]);
      }
      return List.of();
    });
  }

  @Test
  void aStreamIsAValueAndItsSplitsAreOthers() {
    RandomStream stream = RandomStream.of(1);
    assertArrayEquals(readLongs(stream.bits(Shape.of(8))), readLongs(stream.bits(Shape.of(8))));
    Set<List<Long>> seen = new HashSet<>();
    List<RandomStream> streams = new ArrayList<>(List.of(stream, RandomStream.of(2), stream.split(0), stream.split(1),
        stream.split(0).split(0), stream.split(0).split(1), stream.split(1).split(0), RandomStream.of(2).split(0)));
    for (RandomStream s : streams) {
      assertTrue(seen.add(Arrays.stream(readLongs(s.bits(Shape.of(8)))).boxed().toList()));
    }
  }

  @Test
  void uniformIsTheUpperBitsOfEachWord() {
    Tensor uniform = RandomStream.of(5).uniform(MANY);
    assertEquals(DType.F32, uniform.dtype());
    long[] bits = readLongs(RandomStream.of(5).bits(MANY));
    double[] values = read(uniform);
    double mean = 0;
    double square = 0;
    for (int i = 0; i < values.length; i++) {
      assertEquals(((bits[i] & 0xffffffffL) >>> 8) / (double) (1 << 24), values[i]);
      assertTrue(values[i] >= 0 && values[i] < 1);
      mean += values[i] / values.length;
      square += values[i] * values[i] / values.length;
    }
    assertEquals(0.5, mean, 5 * Math.sqrt(1 / 12.0 / values.length));
    assertEquals(1 / 12.0, square - mean * mean, 0.005);
  }

  @Test
  void bernoulliComparesTheRawWordWithItsThreshold() {
    long[] bits = readLongs(RandomStream.of(9).bits(MANY));
    for (double p : new double[] {0, 0x1p-32, 0.1, 0.5, 1 / 3.0, 1 - 0x1p-32, 1}) {
      Tensor drawn = RandomStream.of(9).bernoulli(p, MANY);
      assertEquals(DType.BOOL, drawn.dtype());
      long[] values = readLongs(drawn);
      long count = 0;
      for (int i = 0; i < values.length; i++) {
        // The word as a number from 0 to 2^32 - 1, its sign bit turned.
        long word = (bits[i] & 0xffffffffL) ^ 0x80000000L;
        assertEquals(word < Math.round(p * 0x1p32) ? 1 : 0, values[i]);
        count += values[i];
      }
      assertEquals(p, count / (double) values.length, 5 * Math.sqrt(p * (1 - p) / values.length) + 1e-9);
    }
    assertThrows(InvalidArgumentException.class, () -> RandomStream.of(1).bernoulli(1.01, MANY));
    assertThrows(InvalidArgumentException.class, () -> RandomStream.of(1).bernoulli(Double.NaN, MANY));
  }

  @Test
  void theThresholdIsTheNearestOf2To32() {
    for (double p : new double[] {0, 0x1p-32, 1.4 * 0x1p-32, 1.6 * 0x1p-32, 0.3, 1 - 0x1p-32}) {
      Node threshold = RandomStream.of(9).bernoulli(p, Shape.of(4)).node().input(1).input(0);
      long words = Math.round(p * 4294967296.0);
      assertEquals(Integer.MIN_VALUE + words, ((ScalarValue) threshold.value().orElseThrow()).number().longValue());
    }
  }

  @Test
  void normalHasTheMomentsOfTheNormalDistribution() {
    Tensor normal = RandomStream.of(11).normal(MANY);
    assertEquals(DType.F32, normal.dtype());
    double[] x = read(normal);
    double n = x.length;
    double[] moments = new double[5];
    for (double v : x) {
      assertTrue(Double.isFinite(v));
      for (int k = 1; k <= 4; k++) {
        moments[k] += Math.pow(v, k) / n;
      }
    }
    // Five standard errors: the variance of x^k is E[x^2k] - E[x^k]^2, with E[x^2k] = 1, 3, 15, 105.
    assertEquals(0, moments[1], 5 * Math.sqrt(1 / n));
    assertEquals(1, moments[2], 5 * Math.sqrt(2 / n));
    assertEquals(0, moments[3], 5 * Math.sqrt(15 / n));
    assertEquals(3, moments[4], 5 * Math.sqrt(96 / n));
    long below = Arrays.stream(x).filter(v -> v < -1).count();
    assertEquals(0.15865525, below / n, 5 * Math.sqrt(0.16 * 0.84 / n));
    assertFalse(Arrays.equals(x, read(RandomStream.of(12).normal(MANY))));
  }
}
