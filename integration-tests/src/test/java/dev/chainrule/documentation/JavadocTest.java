package dev.chainrule.documentation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything public in published modules has a comment, and Javadoc is made of them without a warning. */
class JavadocTest {

  /** Without interop-nd4j, since ND4J is not on this module's class path; the profile {@code release} runs javadoc over that, too. */
  private static final List<String> PUBLISHED =
      List.of("framework-core", "kernels", "backend-cpu", "backend-opencl", "backend-cuda", "datasets");

  /**
   * A comment for each component and result would often say the sentence again, a constructor without parameters says nothing that its
   * class does not, and fields of exceptions are only for serialization.
   */
  private static final Pattern LEFT_OUT = Pattern.compile(
      "warning: (no @(param|return|throws)|use of default constructor)|FaultedRun\\.java:\\d+: warning: no comment");

  private static final Pattern FINDING = Pattern.compile("^.*\\.java:\\d+: (warning|error): .*", Pattern.MULTILINE);

  @TempDir
  private Path folder;

  /** What javadoc finds wrong with sources. */
  private List<String> findings(List<Path> sources) {
    List<String> command = new ArrayList<>(List.of("-quiet", "-Xdoclint:all", "-Xmaxwarns", "10000", "-Xmaxerrs", "1000",
        "--add-modules", "jdk.incubator.vector", "-encoding", "UTF-8", "-d", folder.resolve("out").toString(),
        "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
    sources.forEach(source -> command.add(source.toString()));
    var output = new StringWriter();
    var writer = new PrintWriter(output);
    int status = ToolProvider.findFirst("javadoc").orElseThrow().run(writer, writer, command.toArray(String[]::new));
    List<String> found = FINDING.matcher(output.toString()).results().map(r -> r.group())
        .filter(line -> !LEFT_OUT.matcher(line).find()).toList();
    return status == 0 || !found.isEmpty() ? found : List.of(output.toString());
  }

  @Test
  void javadocHasNothingToSay() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String module : PUBLISHED) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
      }
    }
    assertTrue(sources.size() > 300, sources.size() + " sources");
    assertEquals("", String.join("\n", findings(sources)));
  }

  @Test
  void itWouldSaySo() throws IOException {
    for (String body : List.of("  public void uncommented() {}", "  /** See {@link Absent}. */\n  public void linked() {}",
        "  /** A <b>half. */\n  public void marked() {}")) {
      Path source = Files.writeString(folder.resolve("Sample.java"), "/** A sample. */\npublic class Sample {\n" + body + "\n}\n");
      assertNotEquals(List.of(), findings(List.of(source)), body);
    }
  }
}
