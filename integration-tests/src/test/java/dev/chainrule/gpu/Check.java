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

  static List<Check> all() {
    List<Check> all = new ArrayList<>();
    for (String test : List.of("StateTest", "FaultsTest", "RandomBitsTest", "ConversionTest", "ConformanceTest", "MemoryTest", "ParityTest",
        "GpuWorkloadsTest")) {
      all.add(new Check("conformance: " + test, List.of("-Dchainrule.conformance.backends=cuda",
          "-Dchainrule.cuda.rehearse=" + test.equals("ConformanceTest"), SUITE, CONFORMANCE + test),
          Pattern.compile("(\\d+ tests passed.*)")));
    }
    all.add(new Check("conformance: ConformanceTest on kernels of our own", List.of("-Dchainrule.conformance.backends=cuda",
        "-Dchainrule.cuda.cublas=false", SUITE, CONFORMANCE + "ConformanceTest"), Pattern.compile("(\\d+ tests passed.*)")));
    all.add(new Check("parity of the mnist recipe", List.of("dev.chainrule.cli.Main", "parity", "--backends", "cuda"),
        Pattern.compile("(parity .*)")));
    all.add(new Check("training: mnist", List.of("dev.chainrule.cli.Main", "train", "mnist", "--backend", "cuda", "--epochs", "5"),
        Pattern.compile("(trained .*|test accuracy.*)")));
    all.add(new Check("training: mnist without graphs",
        List.of("dev.chainrule.cli.Main", "train", "mnist", "--backend", "cuda", "--epochs", "5", "--no-graphs"),
        Pattern.compile("(trained .*|test accuracy.*)")));
    all.add(new Check("ceilings", List.of("dev.chainrule.gpu.Ceilings"), Pattern.compile("(.*(?:GB/s|TFLOP/s).*)")));
    for (GpuWorkload workload : GpuWorkload.all()) {
      all.add(new Check("benchmark: " + workload.title(), List.of(GpuBenchmark.class.getName(), "cuda", workload.title(), RESULTS, ROUNDS),
          Pattern.compile("(\\| " + workload.title() + " .*|NOT RUN .*)")));
    }
    return all;
  }

  /** Runs the program to its end or the limit; what it says is shown, and kept in a file beside the results. */
  Outcome run(Path results, Duration limit) throws IOException {
    List<String> line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
    command.forEach(word -> line.add(word.equals(RESULTS) ? results.toString() : word));
    Path said = results.resolve(name.replaceAll("\\W+", "-") + ".log");
    var builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(said.toFile());
    long start = System.nanoTime();
    Process process = builder.start();
    boolean ended = waited(process, limit);
    String output = Files.readString(said, StandardCharsets.UTF_8);
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
      process.destroy();
      process.waitFor();
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
