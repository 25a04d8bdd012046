package dev.chainrule.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code chainrule} in a tree that looks built, with a program of one line: how it starts the JVM, and when with an archive. */
class LauncherTest {

  private static final String MAIN = "dev/chainrule/cli/Main.class";
  private static final String SHARED = "dev.chainrule.cli.Main source: shared objects file";
  private static final Map<String, String> LOG_CLASSES = Map.of("CHAINRULE_JAVA_OPTS", "-Xlog:class+load");

  @TempDir
  private Path tree;

  private Path app;
  private Path archive;

  /** What a run left behind. */
  private record Run(int exitCode, String out, String err) {}

  @BeforeEach
  void aTreeThatIsBuilt() throws IOException {
    app = Files.createDirectories(tree.resolve("cli/target/app"));
    archive = app.resolve("start.jsa");
    Files.createDirectories(tree.resolve("cli/src/main"));
    Files.writeString(tree.resolve("pom.xml"), "");
    Files.writeString(tree.resolve("cli/pom.xml"), "");
    Files.copy(Path.of("..", "chainrule"), tree.resolve("chainrule"));
    writeJar("first");
    Files.writeString(app.resolve(".built"), "");
    Files.setLastModifiedTime(app.resolve(".built"), FileTime.from(Instant.now().plusSeconds(3600)));
  }

  private void writeJar(String word) throws IOException {
    Path source = Files.writeString(tree.resolve("Main.java"), """
        package dev.chainrule.cli;
        public class Main {
          public static void main(String[] arguments) {
            System.out.println("%s " + String.join(",", arguments));
          }
        }
        """.formatted(word));
    Path classes = tree.resolve("classes");
    assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", classes.toString(), source.toString()));
    Path jar = tree.resolve("new.jar");
    try (OutputStream file = Files.newOutputStream(jar); JarOutputStream out = new JarOutputStream(file)) {
      out.putNextEntry(new JarEntry(MAIN));
      out.write(Files.readAllBytes(classes.resolve(MAIN)));
    }
    Files.move(jar, app.resolve("main.jar"), StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void theFirstStartMakesAnArchiveAndLaterOnesUseIt() throws Exception {
    assertRuns("first a,b c", run(tree, Map.of(), "a", "b c"));
    assertTrue(Files.size(archive) > 10_000);
    FileTime made = Files.getLastModifiedTime(archive);

    assertTrue(run(tree, LOG_CLASSES).out.contains(SHARED));
    assertEquals(made, Files.getLastModifiedTime(archive));
  }

  @Test
  void otherDirectoriesUseItToo(@TempDir Path elsewhere) throws Exception {
    run(tree, Map.of());
    assertRuns("first x", run(elsewhere, Map.of(), "x"));
    assertTrue(run(elsewhere, LOG_CLASSES).out.contains(SHARED));

    Path link = Files.createSymbolicLink(elsewhere.resolve("link"), tree.resolve("chainrule"));
    assertTrue(start(elsewhere, LOG_CLASSES, link.toString()).out.contains(SHARED));
  }

  @Test
  void newerJarsGetANewArchive() throws Exception {
    run(tree, Map.of());
    FileTime made = Files.getLastModifiedTime(archive);
    writeJar("second");
    assertRuns("second ", run(tree, Map.of()));
    assertNotEquals(made, Files.getLastModifiedTime(archive));
    assertTrue(run(tree, LOG_CLASSES).out.contains(SHARED));
  }

  @Test
  void anArchiveOfOtherJarsIsIgnoredInSilence() throws Exception {
    run(tree, Map.of());
    writeJar("second");
    Files.setLastModifiedTime(app.resolve("main.jar"), FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));
    assertRuns("second y", run(tree, Map.of(), "y"));
    assertFalse(run(tree, LOG_CLASSES).out.contains(SHARED));
  }

  @Test
  void brokenAndMissingArchivesAreIgnoredInSilence() throws Exception {
    run(tree, Map.of());
    byte[] whole = Files.readAllBytes(archive);
    byte[] half = Arrays.copyOf(whole, whole.length / 2);
    for (byte[] content : List.of(half, "no archive".getBytes(StandardCharsets.UTF_8), new byte[0])) {
      Files.write(archive, content);
      assertRuns("first z", run(tree, Map.of(), "z"));
    }
  }

  @Test
  void optionsThatRuleItOutDoNotMatter() throws Exception {
    run(tree, Map.of());
    for (String option : List.of("-XX:+UseSerialGC", "-XX:-UseCompressedOops", "-Xshare:off")) {
      assertRuns("first ", run(tree, Map.of("CHAINRULE_JAVA_OPTS", option)));
    }
  }

  /** Without a word on standard error but the JVM's own about the Vector API. */
  private static void assertRuns(String line, Run run) {
    assertEquals(0, run.exitCode, run.err);
    assertEquals(line + "\n", run.out);
    assertEquals("WARNING: Using incubator modules: jdk.incubator.vector\n", run.err);
  }

  private Run run(Path directory, Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
    return start(directory, environment, tree.resolve("chainrule").toString(), arguments);
  }

  private Run start(Path directory, Map<String, String> environment, String command, String... arguments)
      throws IOException, InterruptedException {
    Path err = tree.resolve("err");
    var builder = new ProcessBuilder(Stream.concat(
        Stream.of("sh", command), Stream.of(arguments)).toList());
    builder.directory(directory.toFile()).redirectError(err.toFile());
    builder.environment().remove("CHAINRULE_JAVA_OPTS");
    builder.environment().put("CHAINRULE_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out, Files.readString(err));
  }
}
