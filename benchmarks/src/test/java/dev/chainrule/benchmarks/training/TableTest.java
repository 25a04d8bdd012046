package dev.chainrule.benchmarks.training;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** From samples to figures. */
class TableTest {

  private static final Contender OURS = contender(Contender.OURS, "");

  private static Contender contender(String library, String settings) {
    return new Contender(library, settings, Path.of("."), "Main", Map.of(), _ -> true);
  }

  /** With steps of these milliseconds. */
  private static Sample sample(long parameters, double firstLoss, double lastLoss, long bytesMoved, long... millis) {
    List<Long> nanos = Arrays.stream(millis).map(m -> m * 1_000_000).boxed().toList();
    return new Sample("library", parameters, firstLoss, lastLoss, 500_000_000, 3, 20_000_000, 300_000_000, bytesMoved, 0, nanos);
  }

  private static Sample sample(long... millis) {
    return sample(10, 2.3, 2.0, 0, millis);
  }

  @Test
  void theMiddleProcessCountsAndThePeersBestSetting() {
    var cell = new Cell(Workload.LENET, 2);
    cell.add(OURS, sample(90, 10, 8));
    cell.add(OURS, sample(12, 12, 12));
    cell.add(OURS, sample(70, 80, 90));
    cell.add(contender("peer", "slow"), sample(30));
    cell.add(contender("peer", "fast"), sample(24));
    assertEquals("| lenet | 2 | 12.0 | peer (fast) | 24.0 | 2.00 | 20.0 | 20.0 | 300 | 300 | 0.50 | 0.50 | - | - |", row(cell));
  }

  @Test
  void theFloorIsProductsAndThenMemoryOfTheFastestProcess() {
    var cell = new Cell(Workload.GPT, 1);
    cell.add(OURS, sample(10, 4.5, 4.0, 2_000_000, 9));
    // 1 ms of products, and 2 MB at 1 GB/s.
    cell.add(new Floor("library", List.of(1_000_000L), 1e9));
    cell.add(new Floor("library", List.of(9_000_000L), 1e9));
    cell.add(new Floor("library", List.of(8_000_000L), 1e9));
    assertEquals("| gpt | 1 | 9.00 | - | - | - | 20.0 | - | 300 | - | 0.50 | - | 3.00 | 3.00 |", row(cell));
  }

  private static String row(Cell cell) {
    return Table.of(List.of(cell)).lines().skip(2).findFirst().orElseThrow();
  }

  @Test
  void theMedianOfAnEvenCountIsBetweenTheTwoInTheMiddle() {
    assertEquals(2.5, Median.of(List.of(9, 1, 2, 3)));
    assertThrows(IllegalArgumentException.class, () -> Median.of(List.of()));
  }

  @Test
  void othersWorkIsNotCompared() {
    Sample ours = sample(10, 2.3, 2.0, 0, 1);
    assertDoesNotThrow(() -> Agreement.requireSame("peer", ours, sample(10, 2.45, 2.0, 0, 1)));
    assertThrows(IllegalStateException.class, () -> Agreement.requireSame("peer", ours, sample(11, 2.3, 2.0, 0, 1)));
    assertThrows(IllegalStateException.class, () -> Agreement.requireSame("peer", ours, sample(10, 2.6, 2.0, 0, 1)));
    assertThrows(IllegalStateException.class, () -> Agreement.requireSame("peer", ours, sample(10, Double.NaN, 2.0, 0, 1)));
  }

  @Test
  void aTrainingThatDoesNotLearnIsNotMeasured() {
    assertDoesNotThrow(() -> Agreement.requireLearning("peer", sample(10, 2.3, 2.2, 0, 1)));
    assertThrows(IllegalStateException.class, () -> Agreement.requireLearning("peer", sample(10, 2.3, 2.3, 0, 1)));
    assertThrows(IllegalStateException.class, () -> Agreement.requireLearning("peer", sample(10, 2.3, Double.NaN, 0, 1)));
  }
}
