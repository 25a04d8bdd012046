package dev.chainrule.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The command in a process of its own, with the classes of the tests. */
public final class CommandProcess {

  private static final long MOST_MINUTES = 5;

  private CommandProcess() {}

  /**
   * How it ended.
   *
   * @param output what it printed, errors included
   */
  public record Ended(int status, String output) {}

  /**
   * Runs it to its end.
   *
   * @param environment in addition to this process's
   * @param options for the JVM
   * @param arguments of the command
   * @throws IllegalStateException if it does not end within five minutes
   */
  public static Ended run(Map<String, String> environment, List<String> options, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
    command.addAll(options);
    command.add("dev.chainrule.cli.Main");
    command.addAll(List.of(arguments));
    Path said = Files.createTempFile("command", ".log"); // not a pipe, which a process that hangs would keep open
    try {
      var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      boolean ended = process.waitFor(MOST_MINUTES, TimeUnit.MINUTES);
      var output = new String(Files.readAllBytes(said), StandardCharsets.UTF_8);
      if (!ended) {
        process.destroyForcibly();
        throw new IllegalStateException("does not end: " + command + "\n" + output);
      }
      return new Ended(process.exitValue(), output);
    } finally {
      Files.delete(said);
    }
  }
}
