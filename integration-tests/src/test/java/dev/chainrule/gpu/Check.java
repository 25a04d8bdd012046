package dev.chainrule.gpu;

import dev.chainrule.benchmarks.gpu.GpuBenchmark;
import dev.chainrule.benchmarks.gpu.GpuWorkload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One check: a program with the class path of this one.
 *
 * @param figures what of the program's output is shown: the first group of each match
 */
record Check(String name, List<String> command, Pattern figures) {

  private static final String SUITE = "dev.chainrule.gpu.Suite";
  /** Stands for the folder of results in a command. */
  private static final String RESULTS = "$results";

  private static final String ROUNDS = "5";

  /** For a process that is told to end, and does not. */
  private static final long SECONDS_TO_END = 5;

  private static final String CONFORMANCE = "dev.chainrule.conformance.";

  /** What has come of a check. */
  enum Kind {
    PASSED("passed"),
    FAILED("FAILED"),
    CUT_OFF("cut off"),
    NOT_RUN("NOT RUN");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  record Outcome(Kind kind, String figures) {}

  /**
   * All, in order.
   *
   * @param small only what takes seconds on any device, to try this program; its figures mean nothing
   */
  static List<Check> all(boolean small) {
    List<Check> all = new ArrayList<>();
    List<String> tests = small ? List.of("StateTest", "RandomBitsTest") : List.of("StateTest", "FaultsTest", "RunsAheadTest",
        "RandomBitsTest", "ConversionTest", "ConformanceTest", "FunctionConformanceTest", "MemoryTest", "ParityTest", "GpuWorkloadsTest");
    for (String test : tests) {
      all.add(suite(test, test, "-Dchainrule.cuda.rehearse=" + test.endsWith("ConformanceTest")));
    }
    if (!small) {
      for (String test : List.of("ConformanceTest", "FunctionConformanceTest")) {
        all.add(suite(test + " on kernels of our own", test, "-Dchainrule.cuda.cublas=false", "-Dchainrule.cuda.cudnn=false"));
      }
    }
    all.add(command("parity of the mnist recipe", "(parity .*)", "parity", "--backends", "cuda", "--steps", small ? "2" : "100"));
    List<String> steps = small ? List.of("--max-steps", "4") : List.of("--epochs", "5");
    for (List<String> graphs : List.of(List.<String>of(), List.of("--no-graphs"))) {
      List<String> words = new ArrayList<>(List.of("train", "mnist", "--backend", "cuda"));
      words.addAll(steps);
      words.addAll(graphs);
      all.add(command(graphs.isEmpty() ? "training: mnist" : "training: mnist without graphs", "(trained .*|test accuracy.*)",
          words.toArray(String[]::new)));
    }
    List<String> ceilings = new ArrayList<>(List.of("dev.chainrule.gpu.Ceilings", "cuda"));
    ceilings.addAll(small ? List.of("4096", "32") : List.of());
    all.add(new Check("ceilings", ceilings, Pattern.compile("(.*(?:GB/s|TFLOP/s).*)")));
    for (GpuWorkload workload : small ? GpuWorkload.small() : GpuWorkload.all()) {
      all.add(new Check("benchmark: " + workload.title(),
          List.of(GpuBenchmark.class.getName(), "cuda", workload.title(), RESULTS, small ? "1" : ROUNDS),
          Pattern.compile("(\\| " + workload.title() + " .*|NOT RUN .*)")));
    }
    return all;
  }

  private static Check suite(String name, String test, String... properties) {
    List<String> command = new ArrayList<>(List.of("-Dchainrule.conformance.backends=cuda"));
    command.addAll(List.of(properties));
    command.addAll(List.of(SUITE, CONFORMANCE + test));
    return new Check("conformance: " + name, command, Pattern.compile("(\\d+ tests passed.*)"));
  }

  private static Check command(String name, String figures, String... words) {
    List<String> command = new ArrayList<>(List.of("dev.chainrule.cli.Main"));
    command.addAll(List.of(words));
    return new Check(name, command, Pattern.compile(figures));
  }

  /** Runs the program to its end or the limit; what it says is shown, and kept in a file beside the results. */
  Outcome run(Path results, Duration limit) throws IOException {
    List<String> line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
    System.getProperties().stringPropertyNames().stream().filter(property -> property.startsWith("chainrule."))
        .forEach(property -> line.add("-D" + property + "=" + System.getProperty(property)));
    command.forEach(word -> line.add(word.equals(RESULTS) ? results.toString() : word));
    Path said = results.resolve(name.replaceAll("\\W+", "-") + ".log");
    var builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(said.toFile());
    long start = System.nanoTime();
    Process process = builder.start();
    boolean ended = waited(process, limit);
    // Cut off in the middle of a letter, perhaps.
    var output = new String(Files.readAllBytes(said), StandardCharsets.UTF_8);
    System.out.print(output);
    String seconds = "%.0f s".formatted((System.nanoTime() - start) / 1e9);
    if (!ended) {
      return new Outcome(Kind.CUT_OFF, "after " + seconds);
    }
    Matcher found = figures.matcher(output);
    // Rows of tables are shown in one column of another.
    String shown = found.results().map(r -> r.group(1).replaceAll("^\\| | \\|$", "").replace(" | ", "; ").strip()).collect(Collectors.joining("; "));
    return new Outcome(process.exitValue() == 0 ? Kind.PASSED : Kind.FAILED, shown.isEmpty() ? seconds : shown + ", " + seconds);
  }

  private static boolean waited(Process process, Duration limit) {
    try {
      if (process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        return true;
      }
      // Its own processes would go on using the GPU beside the next check.
      List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
      all.forEach(ProcessHandle::destroy);
      if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
        all.forEach(ProcessHandle::destroyForcibly);
      }
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
