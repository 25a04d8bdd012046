package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The system's C++ compiler. */
final class CppCompiler {

  /** Each operation rounds: nothing is contracted. */
  private static final List<String> COMMAND = List.of(
      "c++", "-std=c++17", "-O1", "-ffp-contract=off", "-fno-math-errno", "-shared", "-fPIC", "-x", "c++", "-", "-lm", "-o");

  private CppCompiler() {}

  /** Skips the test where there is no compiler that works, with the reason; where {@code CI} is {@code true} that is a failure. */
  static void require() {
    try {
      compile("#include <cmath>\ndouble two() { return 2; }\n");
    } catch (UncheckedIOException | IllegalStateException absent) {
      String reason = "no C++ compiler that works: " + absent.getMessage();
      if ("true".equals(System.getenv("CI"))) {
        fail(reason);
      }
      System.out.println("skipped: " + reason);
      abort(reason);
    }
  }

  /**
   * The functions of a library that stays as long as somebody can reach them.
   *
   * @throws UncheckedIOException when {@code c++} cannot be started
   * @throws IllegalStateException with the compiler's messages when it refuses the source
   */
  static SymbolLookup compile(String source) {
    try {
      Path folder = Files.createTempDirectory("kernels");
      try {
        return loaded(source, folder);
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @SuppressWarnings("restricted") // the library is our own
  private static SymbolLookup loaded(String source, Path folder) throws IOException {
    Path library = folder.resolve("kernels.so");
    Path text = Files.writeString(folder.resolve("kernels.cpp"), source);
    List<String> command = new ArrayList<>(COMMAND);
    command.add(library.toString());
    Process compiler = new ProcessBuilder(command).redirectInput(text.toFile()).redirectErrorStream(true).start();
    String messages = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (compiler.onExit().join().exitValue() != 0) {
      throw new IllegalStateException("c++: " + messages + "\nin\n" + source);
    }
    return SymbolLookup.libraryLookup(library, Arena.ofAuto());
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
