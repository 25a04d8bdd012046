package dev.chainrule.backend.cuda;

import dev.chainrule.kernels.Dialect;
import dev.chainrule.kernels.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Gatherers;
import java.util.stream.IntStream;

/** Has nvcc compile kernels for all GPUs, in the form in which the backend looks for them. */
public final class AheadOfTime {

  private static final Pattern SPILLS = Pattern.compile(
      "entry function '(\\w+)' for 'sm_(\\w+)'\\R(?:.*\\R)??.* (\\d+) bytes spill stores, (\\d+) bytes spill loads");

  /** Machine code for these, that of 8.0 for 8.6 and 8.9 as well, and PTX for GPUs that are newer. */
  static final List<String> ARCHITECTURES = List.of("75", "80", "90");

  /** Has no tensor cores that our kernels could use. */
  private static final String OLDEST = "75";

  /** Kernels in a file: of a file all are loaded when one is wanted. */
  private static final int BATCH = 32;

  private AheadOfTime() {}

  /** Where the backend looks on the class path. */
  public static Path folder(Path classes) {
    return classes.resolve("dev/chainrule/backend/cuda/precompiled");
  }

  /**
   * Compiles kernels into a folder of their own, as {@code -Dchainrule.cuda.precompiled} may name it, some files at a time.
   *
   * @return which kernels spill registers, each with the GPU that it does so on
   */
  public static List<String> compile(Collection<Source> kernels, Path folder, Path nvcc) throws IOException {
    return compile(kernels, folder, nvcc, ARCHITECTURES);
  }

  /** The same for these GPUs, such as {@code 90a}, the oldest first. */
  public static List<String> compile(Collection<Source> kernels, Path folder, Path nvcc, List<String> architectures) throws IOException {
    Files.createDirectories(folder);
    List<List<Source>> batches = kernels.stream().collect(Collectors.partitioningBy(Source::tensorCores)).values().stream()
        .flatMap(alike -> alike.stream().gather(Gatherers.windowFixed(BATCH))).toList();
    List<String> spills = IntStream.range(0, batches.size()).parallel().boxed()
        .flatMap(i -> spills(batches.get(i), folder, file(i), nvcc, of(architectures, batches.get(i))).stream()).toList();
    writeIndex(batches, folder);
    return spills;
  }

  /** The same for the stand-in, by its compiler: machine code of this processor. */
  public static void compileForStandIn(Collection<Source> kernels, Path folder) throws IOException {
    KernelCompiler compiler = StandIn.here().installation().compiler().orElseThrow();
    List<List<Source>> batches = kernels.stream().gather(Gatherers.windowFixed(Math.ceilDiv(BATCH, Runtime.getRuntime().availableProcessors()))).toList();
    writeIndex(batches, folder);
    IntStream.range(0, batches.size()).parallel().forEach(i -> {
      try {
        Files.write(folder.resolve(file(i)), compiler.compile(program(batches.get(i)), "sm_90"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  private static void writeIndex(List<List<Source>> batches, Path folder) throws IOException {
    List<String> index = new ArrayList<>(List.of(Precompiled.head()));
    for (int i = 0; i < batches.size(); i++) {
      String file = file(i);
      batches.get(i).forEach(kernel -> index.add(kernel.name() + " " + file));
    }
    Files.write(folder.resolve(Precompiled.INDEX), index);
  }

  private static String program(List<Source> batch) {
    return Dialect.CUDA.head(true) + batch.stream().map(Source::text).collect(Collectors.joining("\n"));
  }

  private static String file(int batch) {
    return "kernels-" + batch + ".fatbin";
  }

  private static List<String> spills(List<Source> batch, Path folder, String file, Path nvcc, List<String> architectures) {
    try {
      Path source = Files.writeString(folder.resolve(file + ".cu"), program(batch));
      String report = StandIn.run(folder, command(nvcc, source, file, architectures));
      Files.delete(source);
      return spills(report, batch.size() * architectures.size());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> of(List<String> architectures, List<Source> batch) {
    return architectures.stream().filter(architecture -> !batch.getFirst().tensorCores() || !architecture.equals(OLDEST)).toList();
  }

  /** Of the assembler's report, which has some lines for each kernel and GPU, of which there are so many. */
  private static List<String> spills(String report, int expected) {
    List<MatchResult> found = SPILLS.matcher(report).results().toList();
    if (found.size() != expected) {
      throw new IllegalStateException("nvcc reports registers " + found.size() + " times, not " + expected + ":\n" + report);
    }
    return found.stream().filter(of -> !of.group(3).equals("0") || !of.group(4).equals("0"))
        .map(of -> "%s on sm_%s: %s bytes stored, %s loaded".formatted(of.group(1), of.group(2), of.group(3), of.group(4))).toList();
  }

  /** The front end, which takes longest, reads the text once, for the oldest GPU; the assembler makes machine code of it for each. */
  private static List<String> command(Path nvcc, Path source, String file, List<String> architectures) {
    List<String> command = new ArrayList<>(List.of(nvcc.toString(), "-fatbin", "-w", "-Xptxas", "-v", "-o", file));
    command.addAll(Nvrtc.OPTIONS);
    String codes = architectures.stream().map(architecture -> ",sm_" + architecture).collect(Collectors.joining());
    command.addAll(List.of("-gencode", "arch=compute_%1$s,code=[compute_%1$s%2$s]".formatted(architectures.getFirst(), codes)));
    command.add(source.toString());
    return command;
  }
}
