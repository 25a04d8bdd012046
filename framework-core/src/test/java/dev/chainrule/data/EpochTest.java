package dev.chainrule.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DataFormatException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The life of loader threads. */
@Timeout(60)
class EpochTest {

  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final AtomicInteger reads = new AtomicInteger();

  /** A thousand examples, i32[] with their numbers; {@code before} runs ahead of each read. */
  private Dataset dataset(IntConsumer before) {
    return new Dataset() {
      @Override
      public int size() {
        return 1000;
      }

      @Override
      public List<TensorType> fields() {
        return List.of(TensorType.scalar(DType.I32));
      }

      @Override
      public void read(int index, List<MemorySegment> targets) {
        threads.add(Thread.currentThread());
        reads.incrementAndGet();
        before.accept(index);
        targets.getFirst().set(ValueLayout.JAVA_INT_UNALIGNED, 0, index);
      }
    };
  }

  private void assertThreadsEnded() throws InterruptedException {
    for (Thread thread : threads) {
      if (thread != Thread.currentThread()) {
        thread.join(10_000);
        assertFalse(thread.isAlive(), thread.toString());
      }
    }
  }

  @Test
  void threadsAreDaemonsAndEndWithTheEpoch() throws InterruptedException {
    int count = 0;
    for (Batch batch : DataLoader.of(dataset(_ -> { }), 10).withThreads(3, 4).epoch(0)) {
      assertEquals(count++ * 10L, batch.fields().getFirst().longAt(0));
    }
    assertEquals(100, count);
    assertFalse(threads.contains(Thread.currentThread()));
    assertTrue(threads.size() <= 3, threads.toString());
    assertTrue(threads.stream().allMatch(t -> t.isDaemon() && t.getName().startsWith("chainrule-loader-")), threads.toString());
    assertThreadsEnded();
  }

  @Test
  void withoutThreadsTheConsumerReads() {
    try (Epoch epoch = DataLoader.of(dataset(_ -> { }), 10).epoch(0)) {
      epoch.iterator().next();
    }
    assertEquals(Set.of(Thread.currentThread()), threads);
    assertEquals(10, reads.get());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void eachExampleIsReadOnce(int loaders) {
    DataLoader loader = DataLoader.of(dataset(_ -> { }), 10).withThreads(loaders, 4);
    loader.epoch(0).forEach(batch -> assertEquals(10, batch.size()));
    assertEquals(1000, reads.get());
  }

  @Test
  void closingEarlyEndsTheThreads() throws InterruptedException {
    Iterator<Batch> batches;
    try (Epoch epoch = DataLoader.of(dataset(_ -> { }), 10).withThreads(3, 4).epoch(0)) {
      batches = epoch.iterator();
      batches.next();
    }
    assertThreadsEnded();
    int after = reads.get();
    assertTrue(after <= 50, "reads " + after);
    assertFalse(batches.hasNext());
    assertThrows(NoSuchElementException.class, batches::next);
  }

  @Test
  void noMoreThanThePrefetchIsMadeAhead() throws InterruptedException {
    try (Epoch epoch = DataLoader.of(dataset(_ -> { }), 10).withThreads(4, 3).epoch(0)) {
      Iterator<Batch> batches = epoch.iterator();
      for (int taken = 0; taken < 10; taken++) {
        assertTrue(reads.get() <= (taken + 3) * 10, "reads " + reads.get() + " after " + taken);
        batches.next();
        Thread.sleep(5);
      }
    }
  }

  @Test
  void aForgottenEpochLetsItsThreadsEnd() throws InterruptedException {
    DataLoader.of(dataset(_ -> { }), 10).withThreads(3, 4).epoch(0).iterator().next();
    assertThreadsEnded();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4})
  void anErrorReachesTheConsumerInPlaceOfItsBatch(int count) throws InterruptedException {
    var broken = new DataFormatException("image 555", "truncated", "");
    IntConsumer fails = index -> {
      if (index == 555) {
        throw broken;
      }
    };
    Epoch epoch = DataLoader.of(dataset(fails), 10).withThreads(count, 8).epoch(0);
    Iterator<Batch> batches = epoch.iterator();
    for (int i = 0; i < 55; i++) {
      assertEquals(i * 10L, batches.next().fields().getFirst().longAt(0));
    }
    assertSame(broken, assertThrows(DataFormatException.class, batches::next));
    assertFalse(batches.hasNext());
    assertThreadsEnded();
  }

  @Test
  void errorsAreNotSwallowed() {
    try (Epoch epoch = DataLoader.of(dataset(_ -> { throw new StackOverflowError("deep"); }), 10).withThreads(1, 1).epoch(0)) {
      assertThrows(StackOverflowError.class, epoch.iterator()::next);
    }
  }

  @Test
  void anInterruptedConsumerStopsWaiting() throws InterruptedException {
    var release = new CountDownLatch(1);
    Dataset slow = dataset(_ -> {
      try {
        release.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    });
    Epoch epoch = DataLoader.of(slow, 10).withThreads(1, 1).epoch(0);
    Thread.currentThread().interrupt();
    assertThrows(CancellationException.class, epoch.iterator()::next);
    assertTrue(Thread.interrupted());
    release.countDown();
    assertThreadsEnded();
  }

  @Test
  void manyEpochsLeaveNothingBehind() throws InterruptedException {
    DataLoader loader = DataLoader.of(dataset(_ -> { }), 100).withShuffle(true).withThreads(2, 4);
    for (int epoch = 0; epoch < 200; epoch++) {
      try (Epoch batches = loader.epoch(epoch)) {
        batches.forEach(b -> assertEquals(100, b.size()));
      }
    }
    assertThreadsEnded();
  }
}
