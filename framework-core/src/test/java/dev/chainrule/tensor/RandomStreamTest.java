package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Philox;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class RandomStreamTest {

  private static final Shape MANY = Shape.of(200, 100);

  @Test
  @Tag("S18.1") @Tag("S18.2")
  void bitsArePhiloxBlocksInOrder() {
    long[] bits = readLongs(RandomStream.of(42).bits(Shape.of(3, 5)));
    long key = Philox.key(42, 0);
    for (int i = 0; i < bits.length; i++) {
      int[] block = Philox.block(i / 4, 0, 0, 0, (int) key, (int) (key >>> 32));
      assertEquals(block[i % 4], bits[i]);
    }
  }

  @Test
  @Tag("S18.3") @Tag("S18.4")
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

  /** What a method draws for itself: a stream under its name below the stream 0 of a seed. */
  private static long[] part(long seed, String method, int i, Shape shape) {
    var op = new Op.PhiloxBits(shape, Philox.mix(Philox.stream(method, i)));
    Tensor zero = Tensor.of(Ops.scalar(DType.I64, 0));
    return readLongs(Tensor.of(Ops.node(op, Ops.scalar(DType.I64, seed), zero.node(), zero.node())));
  }

  /** The numbers of the streams that a tensor's bits are drawn from. */
  private static List<Long> streams(Tensor drawn) {
    return Graphs.topological(List.of(drawn.node())).stream()
        .flatMap(n -> n.op() instanceof Op.PhiloxBits(_, long stream) ? Stream.of(stream) : Stream.empty()).toList();
  }

  @Test
  @Tag("S18.9") @Tag("S18.14") @Tag("S18.15")
  void whatMethodsDrawForThemselvesIsNoSplitNorAnotherMethods() {
    RandomStream stream = RandomStream.of(3);
    List<Long> drawn = new ArrayList<>(streams(stream.bits(MANY)));
    List<RandomStream> all = new ArrayList<>(List.of(stream));
    for (int i = -1; i < 20; i++) {
      all.add(stream.split(i));
      drawn.addAll(streams(stream.split(i).bits(MANY)));
    }
    for (RandomStream s : all) {
      drawn.addAll(streams(s.normal(MANY)));
      drawn.addAll(streams(s.integers(new TensorType(DType.I32, MANY), 0, 10)));
      drawn.addAll(streams(s.permutation(10)));
    }
    assertEquals(22 + 22 * 6, drawn.size());
    assertEquals(drawn.size(), new HashSet<>(drawn).size());
  }

  /** The size of a normal number falls with the first number it is made of: were that a split of the stream, they would correlate by -0.67. */
  @Test
  @Tag("S18.9")
  void normalNumbersDoNotCorrelateWithThoseOfSplits() {
    double[] sizes = read(RandomStream.of(3).normal(MANY).abs());
    double mean = Arrays.stream(sizes).average().orElseThrow();
    for (int split = 0; split < 4; split++) {
      double[] other = read(RandomStream.of(3).split(split).uniform(MANY));
      double sum = 0;
      for (int i = 0; i < sizes.length; i++) {
        sum += (sizes[i] - mean) * (other[i] - 0.5) / sizes.length;
      }
      // The deviations: sqrt(1 - 2 / pi) of the sizes, sqrt(1 / 12) of the uniform numbers.
      assertEquals(0, sum / Math.sqrt((1 - 2 / Math.PI) / 12), 5 / Math.sqrt(sizes.length));
    }
  }

  @Test
  @Tag("S18.8")
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
  @Tag("S18.10")
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
  @Tag("S18.10")
  void theThresholdIsTheNearestOf2To32() {
    for (double p : new double[] {0, 0x1p-32, 1.4 * 0x1p-32, 1.6 * 0x1p-32, 0.3, 1 - 0x1p-32}) {
      Node threshold = RandomStream.of(9).bernoulli(p, Shape.of(4)).node().input(1).input(0);
      long words = Math.round(p * 4294967296.0);
      assertEquals(Integer.MIN_VALUE + words, ((ScalarValue) threshold.value().orElseThrow()).number().longValue());
    }
  }

  @Test
  @Tag("S18.9")
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

  // --- fills -------------------------------------------------------------------------------------------------------------------------

  @Test
  @Tag("S18.13")
  void uniformOnAnIntervalStaysInsideIt() {
    double[] unit = read(RandomStream.of(5).uniform(MANY));
    double[][] intervals = {{-3, 5}, {0, 1}, {0.1, 0.3}, {1e6, 1e6 + 0.25}, {-1e-40, 1e-40}, {1, 1 + 0x1p-23}, {-1e38, 1e38}};
    for (double[] ends : intervals) {
      float low = (float) ends[0];
      float high = (float) ends[1];
      double[] values = read(RandomStream.of(5).uniform(MANY, ends[0], ends[1]));
      for (int i = 0; i < values.length; i++) {
        assertEquals(Math.min((float) unit[i] * (high - low) + low, Math.nextDown(high)), values[i]);
        assertTrue(values[i] >= low && values[i] < high, values[i] + " in [" + low + ", " + high + ")");
      }
    }
    double infinity = Double.POSITIVE_INFINITY;
    for (double[] wrong : new double[][] {{1, 1}, {2, 1}, {0, Double.NaN}, {0, infinity}, {-3e38, 3e38}, {0, 1e-60}, {0, 1e300}}) {
      assertThrows(InvalidArgumentException.class, () -> RandomStream.of(1).uniform(MANY, wrong[0], wrong[1]));
    }
  }

  @Test
  @Tag("S18.13")
  void normalIsScaledAndMoved() {
    double[] standard = read(RandomStream.of(11).normal(MANY));
    double[] values = read(RandomStream.of(11).normal(MANY, -2.5, 0.1));
    for (int i = 0; i < values.length; i++) {
      assertEquals((float) standard[i] * 0.1f - 2.5f, values[i]);
    }
    assertArrayEquals(new double[] {4, 4}, read(RandomStream.of(11).normal(Shape.of(2), 4, 0)));
    for (double[] wrong : new double[][] {{0, -1}, {0, Double.NaN}, {Double.NaN, 1}, {0, Double.POSITIVE_INFINITY}}) {
      assertThrows(InvalidArgumentException.class, () -> RandomStream.of(1).normal(MANY, wrong[0], wrong[1]));
    }
  }

  /** The largest z there is, 5.77, is finite in f32 after scaling. */
  @Test
  @Tag("S18.13")
  void normalNumbersAreFiniteInF32() {
    for (double[] wrong : new double[][] {{0, 1e39}, {1e39, 1}, {-1e39, 0}, {0, 1e38}, {-3e38, 1e37}, {1e39, 1e39}}) {
      var e = assertThrows(InvalidArgumentException.class, () -> RandomStream.of(1).normal(MANY, wrong[0], wrong[1]));
      assertTrue(e.getMessage().startsWith("[normal] mean " + wrong[0] + ", deviation " + wrong[1]), e.getMessage());
    }
    for (double[] right : new double[][] {{0, 5.6e37}, {3e38, 5e36}, {-3.4e38, 0}, {1, 1e-60}}) {
      assertTrue(Arrays.stream(read(RandomStream.of(1).normal(MANY, right[0], right[1]))).allMatch(Double::isFinite));
    }
  }

  /** The upper half of a 64-bit number times the count, in exact arithmetic. */
  @Test
  @Tag("S18.14")
  void integersAreTheUpperHalfOfAProduct() {
    long[] upper = part(4, "integers", 0, MANY);
    long[] lower = part(4, "integers", 1, MANY);
    long[][] ranges = {{0, 10}, {-7, -6}, {-3, 4}, {0, 256}, {Integer.MIN_VALUE, 1L << 31}, {0, Integer.MAX_VALUE}};
    for (long[] range : ranges) {
      for (DType dtype : List.of(DType.I32, DType.I64, DType.U8)) {
        if (dtype == DType.U8 && (range[0] < 0 || range[1] > 256)) {
          continue;
        }
        Tensor drawn = RandomStream.of(4).integers(new TensorType(dtype, MANY), range[0], range[1]);
        assertEquals(new TensorType(dtype, MANY), drawn.type());
        long[] values = readLongs(drawn);
        for (int i = 0; i < values.length; i++) {
          BigInteger word = BigInteger.valueOf(upper[i] & 0xffffffffL).shiftLeft(32).or(BigInteger.valueOf(lower[i] & 0xffffffffL));
          assertEquals(range[0] + word.multiply(BigInteger.valueOf(range[1] - range[0])).shiftRight(64).longValueExact(), values[i]);
          assertTrue(values[i] >= range[0] && values[i] < range[1]);
        }
      }
    }
    long far = Long.MIN_VALUE + 3;
    for (long value : readLongs(RandomStream.of(4).integers(TensorType.of(DType.I64, 100), far, far + 2))) {
      assertTrue(value == far || value == far + 1);
    }
  }

  @Test
  void integersAreEquallyLikely() {
    int[] count = new int[7];
    for (long value : readLongs(RandomStream.of(8).integers(new TensorType(DType.I32, MANY), 0, 7))) {
      count[(int) value]++;
    }
    double chiSquare = 0;
    double expected = MANY.elements() / 7.0;
    for (int c : count) {
      chiSquare += (c - expected) * (c - expected) / expected;
    }
    assertTrue(chiSquare < 22.5, "chi-square " + chiSquare + " with 6 degrees of freedom: beyond 22.46 with probability 0.001");
  }

  @Test
  void integersOutsideTheirTypeAreRefused() {
    RandomStream stream = RandomStream.of(1);
    assertThrows(InvalidArgumentException.class, () -> stream.integers(TensorType.of(DType.I32, 2), 3, 3));
    assertThrows(InvalidArgumentException.class, () -> stream.integers(TensorType.of(DType.I64, 2), 4, 3));
    assertThrows(InvalidArgumentException.class, () -> stream.integers(TensorType.of(DType.I64, 2), 0, (1L << 32) + 1));
    assertThrows(InvalidArgumentException.class, () -> stream.integers(TensorType.of(DType.I64, 2), Long.MIN_VALUE, Long.MAX_VALUE));
    assertThrows(DTypeMismatchException.class, () -> stream.integers(TensorType.of(DType.I32, 2), 0, (1L << 31) + 1));
    assertThrows(DTypeMismatchException.class, () -> stream.integers(TensorType.of(DType.U8, 2), -1, 3));
    assertThrows(DTypeMismatchException.class, () -> stream.integers(TensorType.of(DType.F32, 2), 0, 3));
    assertThrows(DTypeMismatchException.class, () -> stream.integers(TensorType.of(DType.BOOL, 2), 0, 2));
  }

  /** Sorting the same 64-bit numbers in Java; among the most of them some are equal in their upper halves. */
  @Test
  @Tag("S18.15")
  void aPermutationIsTheOrderOfRandomNumbers() {
    for (int n : new int[] {0, 1, 2, 3, 200_000}) {
      Tensor drawn = RandomStream.of(6).permutation(n);
      assertEquals(TensorType.of(DType.I32, n), drawn.type());
      long[] upper = part(6, "permutation", 0, Shape.of(n));
      long[] lower = part(6, "permutation", 1, Shape.of(n));
      long[] expected = IntStream.range(0, n).boxed()
          .sorted(Comparator.comparingLong(i -> upper[i] << 32 | lower[i] & 0xffffffffL)).mapToLong(i -> i).toArray();
      assertArrayEquals(expected, readLongs(drawn));
      assertArrayEquals(LongStream.range(0, n).toArray(), Arrays.stream(readLongs(drawn)).sorted().toArray());
    }
  }

  @Test
  void eachOrderOfThreeIsEquallyLikely() {
    Map<List<Long>, Integer> count = new HashMap<>();
    int draws = 1200;
    for (int i = 0; i < draws; i++) {
      count.merge(Arrays.stream(readLongs(RandomStream.of(i).permutation(3))).boxed().toList(), 1, Integer::sum);
    }
    assertEquals(6, count.size());
    double chiSquare = count.values().stream().mapToDouble(c -> (c - draws / 6.0) * (c - draws / 6.0) / (draws / 6.0)).sum();
    assertTrue(chiSquare < 20.5, "chi-square " + chiSquare + " with 5 degrees of freedom: beyond 20.5 with probability 0.001");
  }
}
