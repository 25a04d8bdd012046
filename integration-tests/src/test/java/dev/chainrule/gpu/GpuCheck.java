package dev.chainrule.gpu;

import dev.chainrule.device.Backend;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Diagnosis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What only a card can show, as a program: conformance suite, parity with the CPU, a training, ceilings, training benchmarks. Each check
 * is a process of its own, which a GPU that breaks takes along, and what has ended well is not done again, so that a run which a time
 * limit cuts off is gone on with by the next. The table comes last.
 *
 * <p>Arguments: a folder for results, the minutes that a run may take, and {@code small} to try the program itself.
 */
final class GpuCheck {

  private static final int UNAVAILABLE = 69;
  private static final int FAILED = 1;

  private final Path results;
  private final long deadline;
  private final List<Check> checks;
  private final CheckLog log;

  /** Behind the names of files: what was tried in small is not taken for a result. */
  private final String suffix;

  private GpuCheck(Path results, Duration limit, boolean small, String device) throws IOException {
    this.results = results;
    this.deadline = System.nanoTime() + limit.toNanos();
    this.checks = Check.all(small);
    this.suffix = small ? "-small" : "";
    this.log = new CheckLog(results.resolve("gpu-check" + suffix + ".properties"), device, Build.digest(System.getProperty("java.class.path")));
  }

  public static void main(String[] args) throws IOException {
    Path results = Path.of(args.length > 0 ? args[0] : "results");
    var limit = Duration.ofSeconds(Math.round(60 * (args.length > 1 ? Double.parseDouble(args[1]) : 8.5)));
    boolean small = args.length > 2 && args[2].equals("small");
    Files.createDirectories(results);
    Backend cuda = Devices.backends().stream().filter(b -> b.name().equals("cuda")).findFirst().orElseThrow();
    Optional<DeviceInfo> device = cuda.discover().stream().findFirst();
    print(cuda.diagnose());
    System.out.println(device.map(d -> d.id() + ": " + d.description()).orElse("cuda: no device"));
    var check = new GpuCheck(results, limit, small, device.map(DeviceInfo::description).orElse("none"));
    if (device.isPresent()) {
      check.run();
    }
    System.exit(check.report(device));
  }

  private static void print(Diagnosis diagnosis) {
    diagnosis.findings().forEach(finding -> System.out.println("cuda: " + finding));
    if (!diagnosis.remedy().isEmpty()) {
      System.out.println("fix:  " + diagnosis.remedy());
    }
  }

  private void run() throws IOException {
    for (Check check : checks) {
      long left = deadline - System.nanoTime();
      if (log.hasPassed(check)) {
        System.out.println("--- " + check.name() + ": done in an earlier run");
      } else if (left <= 0) {
        System.out.println("--- " + check.name() + ": no time left, run again");
      } else {
        System.out.println("--- " + check.name());
        log.record(check, check.run(results, Duration.ofNanos(left)));
      }
    }
  }

  /** Prints and writes the table; the status of the program. */
  private int report(Optional<DeviceInfo> device) throws IOException {
    List<String> lines = new ArrayList<>(List.of("| check | outcome | figures |", "|---|---|---|"));
    boolean failed = false;
    for (Check check : checks) {
      Check.Outcome outcome = log.outcome(check);
      failed |= outcome.kind() == Check.Kind.FAILED;
      lines.add("| %s | %s | %s |".formatted(check.name(), outcome.kind().text(), outcome.figures()));
    }
    if (device.isPresent()) {
      String name = LocalDate.now() + "-" + device.get().description().replaceAll(",.*", "").replaceAll("\\W+", "-") + suffix;
      Files.write(results.resolve(name + ".md"), lines);
      Files.writeString(results.resolve(name + ".json"), log.json(checks));
    }
    lines.forEach(System.out::println);
    return device.isEmpty() ? UNAVAILABLE : failed ? FAILED : 0;
  }
}
