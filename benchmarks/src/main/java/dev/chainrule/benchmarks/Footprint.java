package dev.chainrule.benchmarks;

import dev.chainrule.plan.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * What a process holds after a collection.
 *
 * @param heap bytes of live objects
 * @param device bytes that the current device's engine counts: values, variables, arena, plans
 * @param direct bytes that the JVM has given out outside its heap
 * @param resident bytes of the process in memory; empty where the system has no {@code /proc/self/status}
 * @param classes loaded now, generated ones included
 */
record Footprint(long heap, long device, long direct, OptionalLong resident, int classes) {

  private static final Path STATUS = Path.of("/proc/self/status");

  /** A collection finds what refers to device memory, which the engine then frees, so one is not enough. */
  private static final int COLLECTIONS = 4;

  private static final int ENQUEUE_MILLIS = 50;

  /** Collects, then measures. */
  static Footprint now() {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
      sleep();
      Engine.current().liveBytes(); // frees what the collector has found
    }
    Runtime runtime = Runtime.getRuntime();
    long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream().mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
    return new Footprint(runtime.totalMemory() - runtime.freeMemory(), Engine.current().liveBytes(), direct, residentNow(),
        ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
  }

  private static void sleep() {
    try {
      Thread.sleep(ENQUEUE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static OptionalLong residentNow() {
    if (!Files.exists(STATUS)) {
      return OptionalLong.empty();
    }
    try {
      return Files.readAllLines(STATUS).stream().filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024).findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What has grown since {@code earlier} by more than {@code allowed} has room for, in words; empty if nothing has. */
  List<String> growth(Footprint earlier, Footprint allowed) {
    List<String> grown = new ArrayList<>();
    note(grown, "heap", heap - earlier.heap, allowed.heap);
    note(grown, "device memory", device - earlier.device, allowed.device);
    note(grown, "direct memory", direct - earlier.direct, allowed.direct);
    note(grown, "resident memory", resident.orElse(0) - earlier.resident.orElse(0), allowed.resident.orElse(0));
    note(grown, "classes", classes - earlier.classes, allowed.classes);
    return grown;
  }

  private static void note(List<String> grown, String what, long by, long allowed) {
    if (by > allowed) {
      grown.add(String.format(Locale.ROOT, "%s by %,d, allowed are %,d", what, by, allowed));
    }
  }
}
