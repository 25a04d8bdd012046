package dev.chainrule.documentation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's program is compiled and run as a reader would: copied into a file, started with {@code java}. */
class ReadmeTest {

  private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern RESULT = Pattern.compile("\\{accuracy=(0\\.\\d+)}");

  @TempDir
  private Path folder;

  @Test
  void theExampleIsShortAndTrainsANetwork() throws IOException, InterruptedException {
    Matcher program = PROGRAM.matcher(Files.readString(Path.of("..", "README.md")));
    assertTrue(program.find(), "a java block in README.md");
    String source = program.group(1);
    assertTrue(source.lines().count() < 20, source.lines().count() + " lines");

    Matcher result = RESULT.matcher(run(Files.writeString(folder.resolve("Example.java"), source)));
    assertTrue(result.find(), "the accuracy is printed");
    assertTrue(Double.parseDouble(result.group(1)) > 0.9, result.group(1));
  }

  private static String run(Path source) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
        "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), source.toString())
        .redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
