package dev.chainrule.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chainrule.backend.cuda.StandIn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program that checks a card goes through all its kinds of checks where the stand-in is the card. */
class GpuCheckTest {

  private record Ended(int status, List<String> lines) {
    /** The last lines. */
    List<String> table() {
      return lines.subList(lines.lastIndexOf("| check | outcome | figures |"), lines.size());
    }
  }

  private static Ended check(Path results, double minutes) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
        "-Dchainrule.cuda.libraries=" + StandIn.here().folder(), "-Dchainrule.cuda.cubins=" + StandIn.cubins(),
        GpuCheck.class.getName(), results.toString(), Double.toString(minutes), "small"));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("CHAINRULE_PYTHON", "no-python");
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), said.lines().toList());
  }

  @Test
  void allChecksPassOnTheStandInOneRunGoesOnWhereTheOtherStoppedAndTheTableComesLast(@TempDir Path results) throws Exception {
    assumeTrue(StandIn.isPossible(), "no g++ to build the stand-in");
    Ended cut = check(results, 0);
    assertEquals(0, cut.status, cut.toString());
    assertTrue(cut.table().stream().skip(2).allMatch(line -> line.contains("| NOT RUN |")), cut.toString());

    Ended whole = check(results, 10);
    assertEquals(0, whole.status, String.join("\n", whole.lines));
    List<String> rows = whole.table().subList(2, whole.table().size());
    assertEquals(Check.all(true).size(), rows.size());
    assertTrue(rows.stream().allMatch(row -> row.contains("| passed |")), rows.toString());
    assertTrue(rows.stream().filter(row -> row.contains("benchmark: small")).allMatch(row -> row.contains("NOT RUN PyTorch")), rows.toString());

    Ended again = check(results, 10);
    assertEquals(Check.all(true).size(), again.lines.stream().filter(line -> line.endsWith(": done in an earlier run")).count());
    assertEquals(whole.table(), again.table());
    try (Stream<Path> files = Files.list(results)) {
      List<String> names = files.map(file -> file.getFileName().toString()).filter(name -> name.matches("\\d{4}-.*-small\\.(md|json)")).toList();
      assertEquals(2, names.size(), names.toString());
    }
  }
}
