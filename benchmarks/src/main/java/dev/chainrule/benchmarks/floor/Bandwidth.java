package dev.chainrule.benchmarks.floor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** How fast memory is read and written by threads that copy, each its own part. */
final class Bandwidth {

  private static final long LEAST = 1 << 20;
  private static final long MOST = 1 << 29;
  private static final int SAMPLES = 9;
  /** Much longer than it takes to start threads. */
  private static final double SAMPLE_SECONDS = 0.01;

  private Bandwidth() {}

  /**
   * Bytes a second, those read and those written.
   *
   * @param bytes how much memory is in use: what fits into a cache moves faster; at least 1 MiB and at most 512 MiB are used
   */
  static double measure(long bytes, int threads) {
    long half = Math.clamp(bytes, LEAST, MOST) / 2 / threads / 64 * 64;
    try (Arena arena = Arena.ofShared()) {
      List<MemorySegment[]> parts = IntStream.range(0, threads)
          .mapToObj(_ -> new MemorySegment[] {arena.allocate(half, 64), arena.allocate(half, 64)}).toList();
      int times = 1;
      while (seconds(parts, times) < SAMPLE_SECONDS) {
        times *= 2;
      }
      double[] samples = new double[SAMPLES];
      for (int i = 0; i < SAMPLES; i++) {
        samples[i] = 2.0 * half * threads * times / seconds(parts, times);
      }
      Arrays.sort(samples);
      return samples[SAMPLES / 2];
    }
  }

  private static double seconds(List<MemorySegment[]> parts, int times) {
    long start = System.nanoTime();
    List<Thread> others = parts.stream().skip(1).map(part -> Thread.ofPlatform().start(() -> copy(part, times))).toList();
    copy(parts.getFirst(), times);
    for (Thread thread : others) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted while measuring memory", e);
      }
    }
    return (System.nanoTime() - start) * 1e-9;
  }

  private static void copy(MemorySegment[] part, int times) {
    for (int i = 0; i < times; i++) {
      MemorySegment.copy(part[i & 1], 0, part[1 - (i & 1)], 0, part[0].byteSize());
    }
  }
}
