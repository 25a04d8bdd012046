package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.backend.cpu.GemmCase.Layout;
import dev.chainrule.graph.Op;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs products in JVMs that stand for other machines: shorter vectors, and no Vector API at all. */
class GemmMachinesTest {
  /** Compares products with their definition and prints the kernel that computed them. */
  static final class SelfCheck {
    public static void main(String[] arguments) {
      try (Workers workers = new Workers(2)) {
        Gemm gemm = new Gemm(workers);
        for (Layout layoutA : Layout.values()) {
          for (Layout layoutB : Layout.values()) {
            for (int[] s : new int[][] {{3, 5, 2}, {64, 65, 70}, {29, 10, 300}, {150, 37, 31}}) {
              GemmCase product = new GemmCase(s[0], s[1], s[2], layoutA, layoutB, 1);
              if (!Arrays.equals(product.definition(), product.product(gemm))) {
                throw new AssertionError(product.toString());
              }
            }
          }
        }
        GemmKernel kernel = GemmKernels.fastest();
        System.out.println(kernel.getClass().getSimpleName() + " " + kernel.tileRows() + "x" + kernel.tileColumns());
      }
    }
  }

  @Test
  void sameBitsWithVectorsOf256Bits() throws Exception {
    assertEquals("VectorGemmKernel 6x16", last(run(SelfCheck.class, "--add-modules=jdk.incubator.vector", "-XX:MaxVectorSize=32")));
  }

  @Test
  void sameBitsWithVectorsOf128Bits() throws Exception {
    assertEquals("VectorGemmKernel 12x8", last(run(SelfCheck.class, "--add-modules=jdk.incubator.vector", "-XX:MaxVectorSize=16")));
  }

  @Test
  void sameBitsWithoutTheVectorApiAndTheLogNamesTheFlag() throws Exception {
    List<String> output = run(SelfCheck.class);
    assertEquals("ScalarGemmKernel 4x256", last(output));
    assertEquals(1, output.stream().filter(line -> line.contains("--add-modules=jdk.incubator.vector")).count());
  }

  static String last(List<String> lines) {
    return lines.getLast();
  }

  /** What a JVM with these flags and our classes prints that runs {@code main}. */
  static List<String> run(Class<?> main, String... flags) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(location(Gemm.class) + System.getProperty("path.separator") + location(main) + System.getProperty("path.separator")
        + location(Op.class));
    command.add(main.getName());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    assertEquals(0, process.waitFor(), () -> String.join("\n", lines));
    assertTrue(lines.size() >= 1);
    return lines;
  }

  private static Path location(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }
}
