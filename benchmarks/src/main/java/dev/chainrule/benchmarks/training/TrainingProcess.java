package dev.chainrule.benchmarks.training;

import com.sun.management.OperatingSystemMXBean;
import dev.chainrule.io.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * What the process of a library does: trains one workload and prints two lines of JSON, one as soon as it has read its first loss, one
 * when it has been measured. Anything else that it prints is for people.
 */
public final class TrainingProcess {

  /** The environment variable that names the precision policy of Chainrule's steps; as written without it. */
  public static final String PRECISION = "CHAINRULE_BENCHMARK_PRECISION";

  /** Even a slow workload takes so many steps before it is measured, and while it is. */
  private static final int LEAST_STEPS = 3;
  /** More than there is time for. */
  private static final int MOST_STEPS = 1 << 20;

  /** How a library makes a training. */
  @FunctionalInterface
  public interface Library {

    /** Ready to train with this many threads, with initial values of its own. */
    Training train(Workload workload, int threads);
  }

  private TrainingProcess() {}

  /**
   * The whole of a library's {@code main}.
   *
   * @param args workload, threads, seconds to warm up, seconds to measure, steps to measure at most
   */
  public static void run(String[] args, Library library) {
    Training training = library.train(Workload.titled(args[0]), Integer.parseInt(args[1]));
    double first = training.step();
    print(Map.of("firstLoss", first));
    long warmUp = repeat(training, Double.parseDouble(args[2]), MOST_STEPS).length;
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long cpu = system.getProcessCpuTime();
    long[] steps = repeat(training, Double.parseDouble(args[3]), Math.min(Integer.parseInt(args[4]), MOST_STEPS));
    long cpuNanos = system.getProcessCpuTime() - cpu;
    SequencedMap<String, Object> result = new LinkedHashMap<>();
    result.put("library", training.library());
    result.put("parameters", training.parameters());
    result.put("bytesMoved", training.bytesMoved());
    result.put("bytesNeeded", training.bytesNeeded());
    result.put("lastLoss", training.step());
    result.put("warmUpSteps", warmUp);
    result.put("cpuNanosPerStep", cpuNanos / steps.length);
    result.put("peakResidentBytes", peakResidentBytes());
    result.put("stepNanos", Arrays.stream(steps).boxed().toList());
    print(result);
    // Some libraries leave threads behind that are not daemons.
    System.exit(0);
  }

  private static long[] repeat(Training training, double seconds, int most) {
    long[] nanos = new long[most];
    long begin = System.nanoTime();
    long before = begin;
    int steps = 0;
    while (steps < most && (steps < LEAST_STEPS || before - begin < seconds * 1e9)) {
      training.step();
      long now = System.nanoTime();
      nanos[steps++] = now - before;
      before = now;
    }
    return Arrays.copyOf(nanos, steps);
  }

  private static void print(Map<String, Object> members) {
    System.out.println(Json.of(members).text());
    System.out.flush();
  }

  /** The most memory that the process has had so far, as Linux counts it. */
  private static long peakResidentBytes() {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      return 1024 * lines.filter(line -> line.startsWith("VmHWM:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst().orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read how much memory the process has had", e);
    }
  }
}
