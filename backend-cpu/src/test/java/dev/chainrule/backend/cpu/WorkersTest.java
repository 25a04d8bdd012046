package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkersTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void everyPartRunsExactlyOnce(int threads) {
    try (Workers workers = new Workers(threads)) {
      for (int round = 0; round < 500; round++) {
        for (int parts : new int[] {0, 1, 2, 3, 7, 64}) {
          AtomicIntegerArray runs = new AtomicIntegerArray(parts);
          workers.forEach(parts, runs::incrementAndGet);
          for (int part = 0; part < parts; part++) {
            assertEquals(1, runs.get(part));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void callerSeesWhatThePartsWrote(int threads) {
    try (Workers workers = new Workers(threads)) {
      int[] written = new int[64];
      int[] expected = new int[64];
      for (int round = 1; round < 5_000; round++) {
        int value = round;
        workers.forEach(64, part -> written[part] = value + part);
        for (int part = 0; part < 64; part++) {
          expected[part] = value + part;
        }
        assertArrayEquals(expected, written);
      }
    }
  }

  @Test
  void partsRunAtTheSameTimeOnAsManyThreadsAsAskedFor() {
    try (Workers workers = new Workers(3)) {
      CyclicBarrier together = new CyclicBarrier(3);
      Set<Thread> threads = ConcurrentHashMap.newKeySet();
      workers.forEach(
          3,
          part -> {
            threads.add(Thread.currentThread());
            await(together);
          });
      assertEquals(3, threads.size());
      assertTrue(threads.contains(Thread.currentThread()));
    }
  }

  @Test
  void oneThreadIsTheCaller() {
    Set<Thread> before = workerThreads();
    try (Workers workers = new Workers(1)) {
      assertTrue(before.containsAll(workerThreads()));
      List<Thread> threads = new ArrayList<>();
      workers.forEach(3, part -> threads.add(Thread.currentThread()));
      assertEquals(List.of(Thread.currentThread(), Thread.currentThread(), Thread.currentThread()), threads);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void failureOfAPartReachesTheCallerAndThePoolStaysUsable(int threads) {
    try (Workers workers = new Workers(threads)) {
      for (int round = 0; round < 200; round++) {
        int failing = round % 8;
        RuntimeException failure = new IllegalArgumentException("part " + failing);
        RuntimeException caught =
            assertThrows(
                IllegalArgumentException.class,
                () ->
                    workers.forEach(
                        8,
                        part -> {
                          if (part == failing) {
                            throw failure;
                          }
                        }));
        assertSame(failure, caught);
        AtomicIntegerArray runs = new AtomicIntegerArray(8);
        workers.forEach(8, runs::incrementAndGet);
        assertEquals("[1, 1, 1, 1, 1, 1, 1, 1]", runs.toString());
      }
    }
  }

  @Test
  void errorOfAPartReachesTheCaller() {
    try (Workers workers = new Workers(2)) {
      assertThrows(
          StackOverflowError.class,
          () ->
              workers.forEach(
                  4,
                  part -> {
                    throw new StackOverflowError();
                  }));
    }
  }

  @Test
  void nestedLoopRunsOnTheThreadThatStartsIt() {
    try (Workers workers = new Workers(4)) {
      AtomicIntegerArray runs = new AtomicIntegerArray(64);
      for (int round = 0; round < 200; round++) {
        workers.forEach(
            8,
            outer -> {
              Thread thread = Thread.currentThread();
              workers.forEach(
                  8,
                  inner -> {
                    assertSame(thread, Thread.currentThread());
                    runs.incrementAndGet(outer * 8 + inner);
                  });
            });
      }
      for (int i = 0; i < 64; i++) {
        assertEquals(200, runs.get(i));
      }
    }
  }

  @Test
  void callersOnSeveralThreadsDoNotDisturbEachOther() throws Exception {
    try (Workers workers = new Workers(3);
        var callers = Executors.newFixedThreadPool(4)) {
      List<Future<?>> calls = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        calls.add(
            callers.submit(
                () -> {
                  for (int round = 0; round < 1_000; round++) {
                    AtomicLong sum = new AtomicLong();
                    workers.forEach(10, part -> sum.addAndGet(part));
                    assertEquals(45, sum.get());
                  }
                }));
      }
      for (Future<?> call : calls) {
        call.get(50, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void idleWorkersUseNoProcessorTime() throws Exception {
    Set<Thread> before = workerThreads();
    try (Workers workers = new Workers(4)) {
      workers.forEach(16, part -> Thread.currentThread().interrupt()); // must not keep a worker awake either
      Thread.interrupted();
      Set<Thread> threads = workerThreads();
      threads.removeAll(before);
      assertEquals(3, threads.size());
      long used = processorNanos(threads);
      Thread.sleep(200);
      long more = processorNanos(threads) - used;
      assertTrue(more < 20_000_000, () -> more + " ns; three threads that spin would use up to 600 ms");
      // Parked threads come back to work.
      CyclicBarrier together = new CyclicBarrier(4);
      workers.forEach(4, part -> await(together));
    }
  }

  @Test
  void closeEndsTheThreads() throws Exception {
    Set<Thread> before = workerThreads();
    Workers workers = new Workers(4);
    Set<Thread> threads = workerThreads();
    threads.removeAll(before);
    assertEquals(3, threads.size());
    workers.close();
    for (Thread thread : threads) {
      thread.join(10_000);
      assertFalse(thread.isAlive());
    }
    assertThrows(IllegalStateException.class, () -> workers.forEach(2, part -> {}));
    workers.close();
  }

  @Test
  void loopsAllocateNothing() {
    var memory = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Workers workers = new Workers(2)) {
      int[] written = new int[2];
      PartTask task = part -> written[part]++;
      for (int round = 0; round < 2_000; round++) {
        workers.forEach(2, task);
      }
      long before = memory.getCurrentThreadAllocatedBytes();
      for (int round = 0; round < 10_000; round++) {
        workers.forEach(2, task);
      }
      long allocated = memory.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < 10_000, () -> allocated + " bytes in 10,000 loops");
    }
  }

  @Test
  void fewerThanOneThreadIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Workers(0));
  }

  private static Set<Thread> workerThreads() {
    Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
    threads.removeIf(thread -> !thread.getName().startsWith("chainrule-cpu-"));
    return threads;
  }

  private static long processorNanos(Set<Thread> threads) {
    return threads.stream()
        .mapToLong(thread -> ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.threadId()))
        .sum();
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
