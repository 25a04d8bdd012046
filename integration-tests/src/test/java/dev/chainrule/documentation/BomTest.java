package dev.chainrule.documentation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Users import one version from the BOM: it has every artifact that is published, and the build's own version. */
class BomTest {

  private static final Path ROOT = Path.of("..");
  private static final Pattern MODULE = Pattern.compile("<module>([^/<]+)</module>");
  private static final Pattern ARTIFACT = Pattern.compile("<artifactId>(chainrule-[^<]+)</artifactId>");
  private static final Pattern VERSION = Pattern.compile("<version>([^<]+)</version>");

  private static List<String> groups(Pattern pattern, String text) {
    return pattern.matcher(text).results().map((MatchResult r) -> r.group(1)).toList();
  }

  /** What a module itself is called: the first artifact that is not its parent. */
  private static String artifact(String pom) {
    return groups(ARTIFACT, pom).stream().filter(a -> !a.equals("chainrule-parent")).findFirst().orElseThrow();
  }

  @Test
  void everyPublishedArtifactIsInTheBom() throws IOException {
    Set<String> published = new TreeSet<>();
    for (String module : groups(MODULE, Files.readString(ROOT.resolve("pom.xml")))) {
      String pom = Files.readString(ROOT.resolve(module).resolve("pom.xml"));
      if (!module.equals("bom") && !pom.contains("<maven.deploy.skip>true</maven.deploy.skip>")) {
        published.add(artifact(pom));
      }
    }
    Set<String> listed = new TreeSet<>(groups(ARTIFACT, Files.readString(ROOT.resolve("bom").resolve("pom.xml"))));
    listed.remove("chainrule-bom");
    assertEquals(published, listed);
    assertFalse(listed.isEmpty());
  }

  @Test
  void theBomHasTheBuildsVersion() throws IOException {
    assertEquals(groups(VERSION, Files.readString(ROOT.resolve("pom.xml"))).getFirst(),
        groups(VERSION, Files.readString(ROOT.resolve("bom").resolve("pom.xml"))).getFirst());
  }
}
