package dev.chainrule.documentation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The user guide's code is one program, which compiles, runs, and prints what the comments beside it say. */
class UserGuideTest {

  private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern PRINTED = Pattern.compile("// prints (.*)");

  @TempDir
  private Path folder;

  @Test
  void theGuidesProgramPrintsWhatItSays() throws IOException, InterruptedException {
    String guide = Files.readString(Path.of("..", "docs", "user-guide.md"));
    List<String> blocks = BLOCK.matcher(guide).results().map(r -> r.group(1)).toList();
    assertTrue(blocks.size() > 10, blocks.size() + " blocks");
    String source = blocks.getFirst() + "\nvoid main() throws Exception {\n" + String.join("\n", blocks.subList(1, blocks.size())) + "}\n";
    List<String> expected = PRINTED.matcher(source).results().map((MatchResult r) -> r.group(1)).toList();
    String output = run(Files.writeString(folder.resolve("Guide.java"), source));
    assertEquals(String.join("\n", expected), output.strip());
  }

  private static String run(Path source) throws IOException, InterruptedException {
    Path errors = source.resolveSibling("errors.txt");
    Process process = new ProcessBuilder(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
        "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), source.toString())
        .redirectError(errors.toFile()).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), () -> output + contents(errors));
    return output;
  }

  private static String contents(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
