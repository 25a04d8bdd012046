package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.IndexRangeException;
import dev.chainrule.conformance.TestedDevices.TestedDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.train.Step;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random bits of devices against Philox4x32-10 written down a second time, from the paper and in exact integers, and checked against
 * the answers that its authors published.
 */
class RandomBitsTest {

  private static final String DEVICES = "dev.chainrule.conformance.TestedDevices#stream";
  private static final BigInteger WORD = BigInteger.TWO.pow(32);
  private static final BigInteger LONG = BigInteger.TWO.pow(64);
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  // --- the definition ----------------------------------------------------------------------------------------------------------------

  /** Ten rounds on the counter's four words; the key's two words are raised by the Weyl constants after each. */
  private static long[] philox(long[] counter, long[] key) {
    long[] c = counter.clone();
    long[] k = key.clone();
    for (int round = 0; round < 10; round++) {
      BigInteger even = BigInteger.valueOf(c[0]).multiply(BigInteger.valueOf(0xD2511F53L));
      BigInteger odd = BigInteger.valueOf(c[2]).multiply(BigInteger.valueOf(0xCD9E8D57L));
      c = new long[] {
        odd.divide(WORD).longValue() ^ c[1] ^ k[0], odd.mod(WORD).longValue(), even.divide(WORD).longValue() ^ c[3] ^ k[1],
        even.mod(WORD).longValue()};
      k = new long[] {(k[0] + 0x9E3779B9L) % (1L << 32), (k[1] + 0xBB67AE85L) % (1L << 32)};
    }
    return c;
  }

  private static BigInteger unsigned(long value) {
    return BigInteger.valueOf(value).mod(LONG);
  }

  /** The finaliser of SplitMix64 (Steele, Lea and Flood, 2014). */
  private static long mix(long value) {
    BigInteger z = unsigned(value);
    z = z.xor(z.shiftRight(30)).multiply(new BigInteger("bf58476d1ce4e5b9", 16)).mod(LONG);
    z = z.xor(z.shiftRight(27)).multiply(new BigInteger("94d049bb133111eb", 16)).mod(LONG);
    return z.xor(z.shiftRight(31)).longValue();
  }

  private static long fnv1a(String text) {
    BigInteger hash = new BigInteger("cbf29ce484222325", 16);
    for (char c : text.toCharArray()) {
      hash = hash.xor(BigInteger.valueOf(c)).multiply(new BigInteger("100000001b3", 16)).mod(LONG);
    }
    return hash.longValue();
  }

  private static long[] expected(int count, long seed, long stream, long run, long iteration) {
    long key = mix(seed + GOLDEN * (mix(stream) | 1));
    long[] words = new long[count];
    for (int i = 0; i < count; i++) {
      long block = i / 4;
      long[] counter = {block % (1L << 32), block >>> 32, run & 0xffffffffL, iteration & 0xffffffffL};
      words[i] = (int) philox(counter, new long[] {key & 0xffffffffL, key >>> 32})[i % 4];
    }
    return words;
  }

  private static long[] bits(long seed, long stream, long run, long iteration, long... shape) {
    return PointwiseCases.apply(new Op.PhiloxBits(Shape.of(shape), stream), Tensor.scalar(DType.I64, seed),
        Tensor.scalar(DType.I64, run), Tensor.scalar(DType.I64, iteration)).toLongArray();
  }

  /** Random123's tests/kat_vectors, the three lines "philox4x32 10". */
  @Test
  void theDefinitionGivesThePublishedKnownAnswers() {
    assertArrayEquals(new long[] {0x6627e8d5L, 0xe169c58dL, 0xbc57ac4cL, 0x9b00dbd8L}, philox(new long[4], new long[2]));
    long ones = 0xffffffffL;
    assertArrayEquals(new long[] {0x408f276dL, 0x41c83b0eL, 0xa20bc7c6L, 0x6d5451fdL},
        philox(new long[] {ones, ones, ones, ones}, new long[] {ones, ones}));
    assertArrayEquals(new long[] {0xd16cfe09L, 0x94fdccebL, 0x5001e420L, 0x24126ea1L},
        philox(new long[] {0x243f6a88L, 0x85a308d3L, 0x13198a2eL, 0x03707344L}, new long[] {0xa4093822L, 0x299f31d0L}));
  }

  /** The key 0 is that of the seed whose mixture with stream 0 is 0: the known answer for a counter and a key of zeros. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S18.1") @Tag("S18.2")
  void devicesGiveThePublishedKnownAnswer(TestedDevice device) {
    long seed = -(GOLDEN * (mix(0) | 1));
    assertArrayEquals(new long[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, device.with(() -> bits(seed, 0, 0, 0, 4)));
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S18.1") @Tag("S18.2") @Tag("S18.3")
  void bitsFollowTheDefinitionForEverySeedStreamRunAndIteration(TestedDevice device) {
    for (int count : new int[] {1, 3, 4, 7, 1_000, Samples.LARGE}) {
      assertArrayEquals(expected(count, 42, 7, 3, 0), device.with(() -> bits(42, 7, 3, 0, count)));
    }
    long[][] addresses = {{-1, -1, 1, 0}, {Long.MIN_VALUE, Long.MAX_VALUE, 3, 5}, {1L << 33, 1L << 40, (1L << 32) + 9, (1L << 32) + 11},
        {0, 0, 0xffffffffL, -1}};
    for (long[] a : addresses) {
      assertArrayEquals(expected(35, a[0], a[1], a[2], a[3]), device.with(() -> bits(a[0], a[1], a[2], a[3], 5, 7)));
    }
  }

  // --- addresses within Steps --------------------------------------------------------------------------------------------------------

  private static Tensor draw(String path) {
    Trace trace = Trace.surrounding().orElseThrow();
    return trace.at(path, () -> trace.random()).bits(Shape.of(10));
  }

  private static Step drawing(String... paths) {
    return Step.training(_ -> List.of(paths).stream().map(RandomBitsTest::draw).toList());
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S18.3") @Tag("S18.4") @Tag("S18.5")
  void aStepsBitsFollowFromSeedRunPathAndCall(TestedDevice device) {
    Step step = drawing("net/a", "net/a", "net/b").withSeed(99);
    for (long run : new long[] {0, 1, 1_000}) {
      step.resumeAt(run);
      List<Tensor> drawn = device.with(() -> step.run());
      assertArrayEquals(expected(10, 99, mix(fnv1a("net/a")), run, 0), drawn.get(0).toLongArray());
      assertArrayEquals(expected(10, 99, mix(fnv1a("net/a") + 1), run, 0), drawn.get(1).toLongArray());
      assertArrayEquals(expected(10, 99, mix(fnv1a("net/b")), run, 0), drawn.get(2).toLongArray());
      assertEquals(run + 1, step.runs());
    }
    long[] withoutSeed = device.with(() -> drawing("net/a").run().getFirst().toLongArray());
    assertArrayEquals(expected(10, 0, mix(fnv1a("net/a")), 0, 0), withoutSeed);
  }

  /** The number of the repetition is the counter's last word, also where a loop is run as a loop of loops. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S18.3") @Tag("S18.16")
  void aLoopsBitsAreThoseOfTheRepetition(TestedDevice device) {
    for (int length : new int[] {1, 3, 20}) {
      Step step = Step.training(_ -> Loop.scan(length, List.of(Tensor.scalar(0)), List.of(),
          (_, carries, _) -> new Loop.Results(carries, List.of(RandomStream.of(3).bits(Shape.of(10))))).outputs());
      long[] drawn = device.with(() -> step.run().getFirst().toLongArray());
      for (int i = 0; i < length; i++) {
        assertArrayEquals(expected(10, 3, 0, 0, i), Arrays.copyOfRange(drawn, 10 * i, 10 * i + 10));
      }
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.3") @Tag("S18.5")
  void aFaultedRunAdvancesTheNumberOfTheRun(TestedDevice device) {
    Step step = Step.training(in -> List.of(draw("net"), in.getFirst().take(0, in.getFirst())));
    device.run(() -> {
      assertThrows(IndexRangeException.class, () -> step.run(Tensor.of(new int[] {5})).getLast().toLongArray());
      assertEquals(1, step.runs());
      assertArrayEquals(expected(10, 0, mix(fnv1a("net")), 1, 0), step.run(Tensor.of(new int[] {0})).getFirst().toLongArray());
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S18.6")
  void equalSeedsDrawEqualBitsAtEqualPlacesAndOtherSeedsOthers(TestedDevice device) {
    Supplier<long[]> plain = () -> drawing("net/a").withSeed(5).run().getFirst().toLongArray();
    assertArrayEquals(device.with(plain), device.with(() -> drawing("net/a", "net/b").withSeed(5).run().getFirst().toLongArray()));
    assertNotEquals(device.with(plain)[0], device.with(() -> drawing("net/a").withSeed(6).run().getFirst().toLongArray())[0]);
    long[] stream = device.with(() -> RandomStream.of(5).bits(Shape.of(10)).toLongArray());
    assertArrayEquals(stream, device.with(() -> RandomStream.of(5).bits(Shape.of(10)).toLongArray()));
    assertNotEquals(stream[0], device.with(() -> RandomStream.of(6).bits(Shape.of(10)).toLongArray())[0]);
    assertNotEquals(stream[0], device.with(() -> RandomStream.of(5).split(0).bits(Shape.of(10)).toLongArray())[0]);
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S18.7")
  void randomCallsUnderOtherPathsChangeNothing(TestedDevice device) {
    long[] alone = device.with(() -> drawing("net/b").run().getFirst().toLongArray());
    assertArrayEquals(alone, device.with(() -> drawing("net/a", "net/a", "net/b").run().getLast().toLongArray()));
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S18.8") @Tag("S18.10")
  void uniformAndBernoulliAreFunctionsOfTheBits(TestedDevice device) {
    Shape shape = Shape.of(10_000);
    long[] words = expected(10_000, 3, 0, 0, 0);
    float[] uniform = device.with(() -> RandomStream.of(3).uniform(shape).toFloatArray());
    for (double p : new double[] {0, 0x1p-32, 0.3, 1 - 0x1p-32, 1}) {
      long[] drawn = device.with(() -> RandomStream.of(3).bernoulli(p, shape).toLongArray());
      // Of all 2^32 signed words the lowest round(p 2^32).
      long threshold = Integer.MIN_VALUE + Math.round(p * 4294967296.0);
      for (int i = 0; i < words.length; i++) {
        assertEquals(words[i] < threshold ? 1 : 0, drawn[i]);
        assertEquals((words[i] & 0xffffffffL) / 256 / 16777216.0f, uniform[i]);
      }
    }
  }
}
