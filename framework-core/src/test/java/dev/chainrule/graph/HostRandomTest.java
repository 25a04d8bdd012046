package dev.chainrule.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostRandomTest {

  /** The five numbers from 1234567 on that implementations of SplitMix64 quote (Rosetta Code). */
  @Test
  void isSplitMix64() {
    var random = new HostRandom(1234567);
    for (String expected : new String[] {"6457827717110365317", "3203168211198807973", "9817491932198370423", "4593380528125082431",
        "16408922859458223821"}) {
      assertEquals(new BigInteger(expected).longValue(), random.nextLong());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 10, 1000})
  void integersAreUniform(int bound) {
    var random = new HostRandom(5);
    int draws = 200 * bound;
    int[] seen = new int[bound];
    for (int i = 0; i < draws; i++) {
      seen[random.nextInt(bound)]++;
    }
    double chi2 = Arrays.stream(seen).mapToDouble(n -> (n - 200.0) * (n - 200.0) / 200).sum();
    // Mean bound - 1, variance 2 (bound - 1); five deviations above the mean.
    assertTrue(chi2 <= bound - 1 + 5 * Math.sqrt(2.0 * bound), "chi squared " + chi2);
  }

  /** A plain modulus or a product without rejection would give a third of the values twice the weight. */
  @Test
  void largeBoundsAreUnbiased() {
    int bound = 3 << 29;
    var random = new HostRandom(6);
    int low = 0;
    for (int i = 0; i < 100_000; i++) {
      int value = random.nextInt(bound);
      assertTrue(value >= 0 && value < bound);
      low += value % 3 == 0 ? 1 : 0;
    }
    assertEquals(1 / 3.0, low / 100_000.0, 0.008);
  }

  @Test
  void boundsMustBePositive() {
    assertThrows(InvalidArgumentException.class, () -> new HostRandom(0).nextInt(0));
    assertThrows(InvalidArgumentException.class, () -> new HostRandom(0).nextInt(-1));
  }

  @Test
  void doublesLieInTheUnitInterval() {
    var random = new HostRandom(8);
    double[] values = IntStream.range(0, 100_000).mapToDouble(_ -> random.nextDouble()).toArray();
    assertTrue(Arrays.stream(values).allMatch(v -> v >= 0 && v < 1));
    assertEquals(0.5, Arrays.stream(values).average().orElseThrow(), 0.005);
    assertEquals(1 / 12.0, Arrays.stream(values).map(v -> (v - 0.5) * (v - 0.5)).average().orElseThrow(), 0.002);
  }

  @Test
  void allOrdersAreEquallyLikely() {
    var random = new HostRandom(9);
    var seen = new HashMap<String, Integer>();
    for (int i = 0; i < 24_000; i++) {
      int[] values = {0, 1, 2, 3};
      random.shuffle(values);
      seen.merge(Arrays.toString(values), 1, Integer::sum);
    }
    assertEquals(24, seen.size());
    seen.forEach((order, count) -> assertEquals(1000, count, 160, order));
  }

  @Test
  void purposesAndNumbersGiveUnrelatedStreams() {
    var first = new HashSet<Long>();
    for (long seed = 0; seed < 10; seed++) {
      for (String purpose : new String[] {"shuffle", "transform"}) {
        for (long epoch = 0; epoch < 10; epoch++) {
          for (long index = 0; index < 100; index++) {
            first.add(HostRandom.of(seed, purpose, epoch, index).nextLong());
          }
        }
      }
    }
    assertEquals(20_000, first.size());
    assertNotEquals(HostRandom.of(1, "a", 2, 3).nextLong(), HostRandom.of(1, "a", 3, 2).nextLong());
    assertEquals(HostRandom.of(1, "a", 2, 3).nextLong(), HostRandom.of(1, "a", 2, 3).nextLong());
  }
}
