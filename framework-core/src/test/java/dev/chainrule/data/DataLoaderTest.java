package dev.chainrule.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataLoaderTest {

  private static final int SIZE = 103;

  /** Images of random bytes, and the examples' numbers as labels. */
  private static Dataset dataset() {
    var random = new HostRandom(1);
    TensorType images = TensorType.of(DType.U8, SIZE, 6, 7);
    long[] pixels = LongStream.generate(() -> random.nextInt(256)).limit(images.elements()).toArray();
    return Dataset.of(Column.unitScaled(HostArray.ofLongs(images, pixels)),
        Column.labels(HostArray.ofLongs(TensorType.of(DType.U8, SIZE), LongStream.range(0, SIZE).toArray())));
  }

  private static DataLoader shuffling() {
    return DataLoader.of(dataset(), 10).withSeed(42).withShuffle(true).withTransforms(new RandomShift(2));
  }

  private static List<Batch> batches(DataLoader loader, int epoch) {
    try (Epoch batches = loader.epoch(epoch)) {
      var all = new ArrayList<Batch>();
      batches.forEach(all::add);
      return all;
    }
  }

  private static List<Long> labels(List<Batch> batches) {
    return batches.stream().flatMapToLong(b -> LongStream.of(b.fields().get(1).toLongArray())).boxed().toList();
  }

  private static List<Long> inOrder(int count) {
    return LongStream.range(0, count).boxed().toList();
  }

  @ParameterizedTest
  @CsvSource({"1,1", "1,4", "4,1", "4,3", "4,50"})
  void threadsChangeNothing(int threads, int ahead) {
    for (int epoch = 0; epoch < 3; epoch++) {
      assertEquals(batches(shuffling(), epoch), batches(shuffling().withThreads(threads, ahead), epoch));
    }
  }

  @Test
  void epochsDoNotDependOnEpochsBefore() {
    DataLoader loader = shuffling();
    batches(loader, 0);
    assertEquals(batches(shuffling(), 1), batches(loader, 1));
  }

  @Test
  void eachExampleComesOncePerEpoch() {
    for (int epoch = 0; epoch < 5; epoch++) {
      assertEquals(inOrder(SIZE), labels(batches(shuffling(), epoch)).stream().sorted().toList());
    }
  }

  @Test
  void epochsAndSeedsDiffer() {
    assertNotEquals(labels(batches(shuffling(), 0)), labels(batches(shuffling(), 1)));
    assertNotEquals(labels(batches(shuffling(), 0)), labels(batches(shuffling().withSeed(43), 0)));
  }

  /** Pinned: a checkpoint of one release resumed by another must see the same order. */
  @Test
  @Tag("S18.12")
  void theOrderIsThatOfFisherAndYates() {
    int[] order = new int[SIZE];
    for (int i = 0; i < SIZE; i++) {
      order[i] = i;
    }
    var random = HostRandom.of(42, "shuffle", 3);
    for (int last = SIZE - 1; last > 0; last--) {
      int chosen = random.nextInt(last + 1);
      int kept = order[last];
      order[last] = order[chosen];
      order[chosen] = kept;
    }
    List<Long> expected = LongStream.range(0, SIZE).map(i -> order[(int) i]).boxed().toList();
    assertEquals(expected, labels(batches(shuffling(), 3)));
  }

  @Test
  void withoutShuffleTheOrderIsTheDatasets() {
    assertEquals(inOrder(SIZE), labels(batches(DataLoader.of(dataset(), 10), 5)));
  }

  @Test
  void transformsFollowTheExampleNotItsPlace() {
    DataLoader plain = DataLoader.of(dataset(), SIZE).withSeed(42).withTransforms(new RandomShift(2));
    HostArray straight = batches(plain, 1).getFirst().fields().getFirst();
    Batch mixed = batches(plain.withShuffle(true), 1).getFirst();
    long pixels = 6 * 7;
    for (int i = 0; i < SIZE; i++) {
      long example = mixed.fields().get(1).longAt(i);
      for (long p = 0; p < pixels; p++) {
        assertEquals(straight.doubleAt(example * pixels + p), mixed.fields().getFirst().doubleAt(i * pixels + p));
      }
    }
    assertNotEquals(batches(plain, 0).getFirst().fields().getFirst(), straight);
    assertNotEquals(batches(plain.withTransforms(), 1).getFirst().fields().getFirst(), straight);
  }

  @Test
  void batchesHaveTheirTypes() {
    List<Batch> kept = batches(DataLoader.of(dataset(), 10), 0);
    assertEquals(11, kept.size());
    assertEquals(List.of(TensorType.of(DType.F32, 10, 6, 7), TensorType.of(DType.I32, 10)),
        kept.getFirst().fields().stream().map(HostArray::type).toList());
    assertEquals(3, kept.getLast().size());
    assertEquals(TensorType.of(DType.F32, 3, 6, 7), kept.getLast().fields().getFirst().type());
    DataLoader dropping = DataLoader.of(dataset(), 10).withLast(LastBatch.DROP);
    assertEquals(10, dropping.batches());
    assertEquals(inOrder(100), labels(batches(dropping, 0)));
    assertEquals(11, DataLoader.of(dataset().subset(0, 99), 9).batches());
    assertEquals(11, DataLoader.of(dataset().subset(0, 99), 9).withLast(LastBatch.DROP).batches());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 10, 11})
  void anEpochCanBeResumed(int firstBatch) {
    DataLoader loader = shuffling().withThreads(2, 3);
    var rest = new ArrayList<Batch>();
    try (Epoch epoch = loader.epoch(2, firstBatch)) {
      epoch.forEach(rest::add);
    }
    assertEquals(batches(loader, 2).subList(firstBatch, 11), rest);
  }

  @Test
  void anEmptyDatasetHasNoBatches() {
    assertTrue(batches(DataLoader.of(dataset().subset(5, 5), 10).withShuffle(true), 0).isEmpty());
    assertTrue(batches(DataLoader.of(dataset().subset(5, 5), 10).withLast(LastBatch.DROP), 0).isEmpty());
  }

  @Test
  void faultyOptionsAreRefused() {
    Dataset data = dataset();
    assertThrows(InvalidArgumentException.class, () -> DataLoader.of(data, 0));
    assertThrows(InvalidArgumentException.class, () -> DataLoader.of(data, 1).withThreads(-1, 1));
    assertThrows(InvalidArgumentException.class, () -> DataLoader.of(data, 1).withThreads(1, 0));
    assertThrows(InvalidArgumentException.class, () -> DataLoader.of(data, 1).epoch(-1));
    assertThrows(InvalidArgumentException.class, () -> DataLoader.of(data, 10).epoch(0, 12));
    assertThrows(InvalidArgumentException.class, () -> DataLoader.of(data, 104).withLast(LastBatch.DROP).epoch(0));
    Dataset flat = Dataset.of(Column.of(HostArray.ofFloats(TensorType.of(DType.F32, 1, 2), 1, 2)));
    assertThrows(ShapeMismatchException.class, () -> DataLoader.of(flat, 1).withTransforms(new RandomShift(1)));
  }
}
