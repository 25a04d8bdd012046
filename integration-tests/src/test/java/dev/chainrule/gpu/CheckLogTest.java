package dev.chainrule.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What has passed has passed on this card and with this build alone. */
class CheckLogTest {

  private static final Check CHECK = Check.all(true).getFirst();

  @Test
  void resultsOfAnotherCardOrBuildAreNotGoneOnWith(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("log");
    new CheckLog(file, "card", "build").record(CHECK, new Check.Outcome(Check.Kind.PASSED, "12 ms"));
    assertTrue(new CheckLog(file, "card", "build").hasPassed(CHECK));
    assertFalse(new CheckLog(file, "other card", "build").hasPassed(CHECK));
    assertFalse(new CheckLog(file, "card", "other build").hasPassed(CHECK));
  }

  @Test
  void anotherJarOrClassIsAnotherBuild(@TempDir Path folder) throws IOException {
    Path jar = Files.writeString(folder.resolve("a.jar"), "a");
    Path type = Files.writeString(Files.createDirectories(folder.resolve("classes/dev")).resolve("T.class"), "t");
    String path = jar + File.pathSeparator + folder.resolve("classes");
    String before = Build.digest(path);
    assertEquals(before, Build.digest(folder.resolve("classes") + File.pathSeparator + jar), "Java names jars of a folder in any order");
    assertEquals(before, Build.digest(path + File.pathSeparator), "an empty entry is the folder that it runs in, which changes");
    Files.writeString(jar, "b");
    String after = Build.digest(path);
    assertNotEquals(before, after);
    Files.writeString(type, "u");
    assertNotEquals(after, Build.digest(path));
  }
}
