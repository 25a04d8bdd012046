package dev.chainrule.benchmarks.training;

import dev.chainrule.DataFormatException;
import dev.chainrule.io.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A Java program that prints lines of JSON, on processors of its own.
 *
 * @param what it does, for messages
 * @param classPath with all that it needs
 * @param environment variables to set beside those of this process
 */
record Child(String what, List<String> classPath, String main, Map<String, String> environment, List<String> arguments, Cores cores) {

  /**
   * The same for all, and those of the script {@code chainrule}: with one processor the JVM would choose another collector than with two,
   * and a large young generation would be counted as a library's memory.
   */
  private static final List<String> FLAGS =
      List.of("-XX:+UseParallelGC", "-Xmn24m", "--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector");

  /** A line and when it came, in nanoseconds from the start of the process. */
  record Line(long nanos, Json.Obj json) {

    String text(String name) {
      return member(name) instanceof Json.Str(String text) ? text : "";
    }

    long whole(String name) {
      return whole(member(name));
    }

    List<Long> wholes(String name) {
      return member(name) instanceof Json.Arr(var elements) ? elements.stream().map(Line::whole).toList() : List.of();
    }

    double real(String name) {
      return member(name).asDouble().orElse(Double.NaN);
    }

    private static long whole(Json value) {
      return value instanceof Json.Int(long number) ? number : 0;
    }

    private Json member(String name) {
      return json.get(name).orElseThrow(() -> new DataFormatException("a process's line", "has no '" + name + "': " + json.text(), ""));
    }
  }

  /**
   * Runs the program to its end.
   *
   * @return its lines of JSON
   * @throws IllegalStateException when it fails; the message has the end of what it said
   */
  List<Line> run() {
    try {
      Path said = Files.createTempFile("benchmark", ".log");
      try {
        return run(said);
      } finally {
        Files.delete(said);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + what, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while running " + what, e);
    }
  }

  private List<Line> run(Path said) throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command());
    builder.environment().putAll(environment);
    builder.redirectError(said.toFile());
    long start = System.nanoTime();
    Process process = builder.start();
    List<Line> lines = new ArrayList<>();
    try (BufferedReader out = process.inputReader()) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        long nanos = System.nanoTime() - start;
        if (line.startsWith("{") && Json.parse(what, line) instanceof Json.Obj json) {
          lines.add(new Line(nanos, json));
        }
      }
    } finally {
      process.destroy();
    }
    int status = process.waitFor();
    if (status != 0) {
      throw new IllegalStateException(what + " ended with status " + status + ":\n" + Files.readString(said).lines().limit(12)
          .collect(Collectors.joining("\n")));
    }
    return lines;
  }

  private List<String> command() {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    List<String> command = new ArrayList<>(List.of("taskset", "-c", cores.text(), java.toString()));
    command.addAll(FLAGS);
    command.add("-cp");
    command.add(String.join(":", classPath));
    command.add(main);
    command.addAll(arguments);
    return command;
  }
}
