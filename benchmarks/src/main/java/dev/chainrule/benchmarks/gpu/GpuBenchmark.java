package dev.chainrule.benchmarks.gpu;

import dev.chainrule.io.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Measures one workload on one device, in Chainrule and, where Python has it, in PyTorch with each of its modes: processes in turns, a
 * number of rounds, medians. Whether the contenders do the same work is settled before their times count. All samples are kept in a file;
 * what is there already is not measured again.
 *
 * <p>Arguments: device, workload or {@code all}, folder for samples, rounds. A workload whose name begins with {@code small} is for trying
 * this program, on any device. The variable {@code CHAINRULE_PYTHON} names the Python to use.
 */
public final class GpuBenchmark {

  static final String OURS = "chainrule";

  /** PyTorch's modes, the plainest first. */
  private static final List<String> MODES = List.of("eager", "compile", "max-autotune", "cuda-graph");

  private static final int NOT_FOR_THIS_DEVICE = 3;

  /** Initial values are drawn differently, so that losses before training are near each other and no more. */
  private static final double FIRST_LOSS = 0.1;

  private final String device;
  private final GpuWorkload workload;
  private final Samples samples;
  private final int rounds;
  private final Map<String, String> notRun = new LinkedHashMap<>();

  private GpuBenchmark(String device, GpuWorkload workload, Path folder, int rounds) throws IOException {
    this.device = device;
    this.workload = workload;
    this.samples = new Samples(Files.createDirectories(folder).resolve("samples-" + device.replace(':', '-') + "-" + workload.title() + ".jsonl"));
    this.rounds = rounds;
  }

  /** See the class. */
  public static void main(String[] args) throws IOException {
    List<GpuWorkload> chosen = args[1].equals("all") ? GpuWorkload.all() : List.of(GpuWorkload.titled(args[1]));
    System.out.println(GpuTable.HEAD);
    for (GpuWorkload workload : chosen) {
      System.out.println(row(args[0], workload, Path.of(args[2]), Integer.parseInt(args[3])));
    }
  }

  /** Measures what is missing; the workload's row of the table, and a line for each contender that did not run. */
  static String row(String device, GpuWorkload workload, Path folder, int rounds) throws IOException {
    var benchmark = new GpuBenchmark(device, workload, folder, rounds);
    benchmark.measure();
    var text = new StringBuilder(GpuTable.row(workload, benchmark.samples, MODES));
    benchmark.notRun.forEach((contender, why) -> text.append("%nNOT RUN %s on %s: %s".formatted(contender, workload.title(), why)));
    return text.toString();
  }

  private void measure() throws IOException {
    Optional<String> noTorch = whyThereIsNoTorch();
    noTorch.ifPresent(why -> notRun.put("PyTorch", why));
    Path script = script();
    try {
      for (int round = 0; round < rounds; round++) {
        measure(OURS, round, ours());
        for (String mode : noTorch.isPresent() ? List.<String>of() : MODES) {
          measure(mode, round, torch(mode, script));
        }
      }
    } finally {
      Files.delete(script);
    }
  }

  private void measure(String contender, int round, List<String> command) throws IOException {
    if (samples.count(contender) > round || notRun.containsKey(contender)) {
      return;
    }
    Ended ended = run(command);
    if (ended.status == 0) {
      requireSame(contender, ended.line);
      samples.add(contender, ended.line);
    } else if (contender.equals(OURS)) {
      throw new IllegalStateException("Chainrule's training of " + workload.title() + " ended with status " + ended.status + ": " + ended.said);
    } else {
      notRun.put(contender, ended.status == NOT_FOR_THIS_DEVICE ? "not for " + device : "status " + ended.status + ": " + ended.said);
    }
  }

  /** Otherwise there is nothing to compare. */
  private void requireSame(String contender, Json.Obj line) {
    double first = number(line, "firstLoss");
    double last = number(line, "lastLoss");
    if (!(last < first)) {
      throw new IllegalStateException(contender + " does not learn " + workload.title() + ": its loss was " + first + " and is " + last);
    }
    double ours = samples.figure(OURS, "firstLoss").orElse(first);
    if (!(Math.abs(first - ours) <= FIRST_LOSS * ours)) {
      throw new IllegalStateException("%s begins %s with a loss of %s, Chainrule with %s".formatted(contender, workload.title(), first, ours));
    }
    double parameters = samples.figure(OURS, "parameters").orElse(number(line, "parameters"));
    if (parameters != number(line, "parameters")) {
      throw new IllegalStateException("%s trains %.0f parameters of %s, Chainrule %.0f"
          .formatted(contender, number(line, "parameters"), workload.title(), parameters));
    }
  }

  private static double number(Json.Obj line, String name) {
    return line.get(name).orElseThrow().asDouble().orElseThrow();
  }

  // --- processes -------------------------------------------------------------------------------------------------------------------

  /** Steps to warm up, blocks, steps in a block. */
  private List<String> lengths() {
    return GpuWorkload.small().contains(workload) ? List.of("20", "2", "4") : List.of("10", "3", "20");
  }

  private List<String> ours() {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
    System.getProperties().stringPropertyNames().stream().filter(name -> name.startsWith("chainrule."))
        .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
    command.addAll(List.of(GpuTrainingProcess.class.getName(), device, workload.title()));
    command.addAll(lengths());
    return command;
  }

  private List<String> torch(String mode, Path script) {
    List<String> command = new ArrayList<>(List.of(python(), script.toString(), mode));
    command.addAll(workload.model().arguments());
    command.addAll(List.of(Integer.toString(workload.batch()), precision(), Double.toString(workload.rate()), device));
    command.addAll(lengths());
    return command;
  }

  private String precision() {
    return switch (workload.precision()) {
      case AS_WRITTEN -> "f32";
      case TF32 -> "tf32";
      case MIXED_BF16 -> "bf16";
      case MIXED_F16 -> "f16";
    };
  }

  private static String python() {
    return Optional.ofNullable(System.getenv("CHAINRULE_PYTHON")).orElse("python3");
  }

  private static Optional<String> whyThereIsNoTorch() {
    try {
      Ended ended = run(List.of(python(), "-c", "import torch"));
      return ended.status == 0 ? Optional.empty() : Optional.of(python() + " has no torch (" + ended.said + ")");
    } catch (IOException e) {
      return Optional.of("there is no " + python());
    }
  }

  private static Path script() throws IOException {
    Path script = Files.createTempFile("torch_training", ".py");
    try (InputStream text = Objects.requireNonNull(GpuBenchmark.class.getResourceAsStream("torch_training.py"))) {
      Files.write(script, text.readAllBytes());
    }
    return script;
  }

  /**
   * What a process left.
   *
   * @param line its JSON
   * @param said the last line of anything else
   */
  private record Ended(int status, Json.Obj line, String said) {}

  private static Ended run(List<String> command) throws IOException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("LD_LIBRARY_PATH"); // with it PyTorch finds another cuDNN than its own
    Process process = builder.start();
    var json = new Json.Obj(new LinkedHashMap<>());
    String said = "";
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("{") && Json.parse("a process", line) instanceof Json.Obj found) {
          json = found;
        } else if (!line.isBlank()) {
          said = line.strip();
        }
      }
      return new Ended(process.waitFor(), json, said);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      process.destroy();
    }
  }
}
