package dev.chainrule.endurance;

import dev.chainrule.backend.cpu.CpuDevice;
import dev.chainrule.device.Devices;
import dev.chainrule.train.Step;
import java.util.Locale;

/**
 * A program that trains until runs of the plan allocate nothing on any thread, and fails for networks whose runs still do so after
 * {@value #PATIENCE_SECONDS} s. Tracing and binding, which are not the device's, may allocate.
 */
final class Garbage {

  private static final int PATIENCE_SECONDS = 20;

  /** Runs one after the other that allocate nothing. */
  private static final int QUIET = 100;

  private Garbage() {}

  public static void main(String[] arguments) {
    boolean quiet = true;
    for (int threads : new int[] {1, 3}) {
      try (var cpu = new CpuDevice(threads)) {
        for (SmallTraining training : SmallTraining.values()) {
          quiet &= isQuiet(training, new MeteredDevice(cpu), threads);
        }
      }
    }
    System.out.println(quiet ? "quiet" : "loud");
    System.exit(quiet ? 0 : 1);
  }

  private static boolean isQuiet(SmallTraining training, MeteredDevice device, int threads) {
    Step step = training.step();
    return Devices.with(device, () -> {
      long start = System.nanoTime();
      int quiet = 0;
      long last = 0;
      while (quiet < QUIET && System.nanoTime() - start < PATIENCE_SECONDS * 1_000_000_000L) {
        step.run();
        long bytes = device.takeAllocated();
        last = bytes > 0 ? bytes : last;
        quiet = bytes == 0 ? quiet + 1 : 0;
      }
      System.out.printf(Locale.ROOT, "%s, %d of %d threads: %s after %d steps and %.1f s; the last run that allocated took %,d bytes%n",
          training, device.threads(), threads, quiet == QUIET ? "quiet" : "loud", step.runs(), (System.nanoTime() - start) * 1e-9, last);
      return quiet == QUIET && device.threads() == threads;
    });
  }
}
