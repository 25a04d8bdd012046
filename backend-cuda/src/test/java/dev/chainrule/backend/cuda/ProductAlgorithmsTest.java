package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Measured algorithms of the library for products; that of the stand-in has three, the last with other bits. */
class ProductAlgorithmsTest {

  private static final String FOLDER = "chainrule.tuning";

  /** Settings of the stand-in: which algorithms take long. */
  private static final int FIRST = 1;
  private static final int FIRST_TWO = 3;

  @TempDir
  private Path folder;

  @BeforeEach
  void haveTheFileHere() {
    System.setProperty(FOLDER, folder.toString());
  }

  @AfterEach
  void leaveAllAsItWas() {
    System.clearProperty(FOLDER);
    OnTheStandIn.standIn().set("slow", 0);
  }

  private static Settings tuning(boolean tunes) {
    return new Settings(true, false, tunes, OnTheStandIn.usual().cubins());
  }

  /** How many products have been computed, by an algorithm or all. */
  private static long count(String algorithm) {
    return Math.max(0, OnTheStandIn.standIn().count(algorithm));
  }

  private static Tensor random(DType dtype, long seed, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    return Tensor.of(HostArray.ofDoubles(type, new SplittableRandom(seed).doubles(type.elements(), -1, 1).toArray()));
  }

  /** A product whose sums depend on their order. */
  private static double[] product(DType dtype) {
    Step step = Step.evaluation(in -> List.of(in.get(0).matmul(in.get(1).transpose())));
    return step.run(random(dtype, 1, 9, 70), random(dtype, 2, 11, 70)).getFirst().toHostArray().toDoubleArray();
  }

  private List<String> algorithms() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.flatMap(file -> lines(file).stream()).filter(line -> line.startsWith("algorithm ")).toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void theFastestIsTakenAndKept() {
    double[][] expected = new double[1][];
    OnTheStandIn.with(tuning(false), _ -> expected[0] = product(DType.F32));
    OnTheStandIn.standIn().set("slow", FIRST);
    OnTheStandIn.with(tuning(true), _ -> {
      assertArrayEquals(expected[0], product(DType.F32));
      long second = count("second");
      assertArrayEquals(expected[0], product(DType.F32));
      assertEquals(1, count("second") - second, "measured once");
    });
    assertEquals(1, algorithms().size());
    assertTrue(algorithms().getFirst().endsWith(" = 1"), algorithms().getFirst());
    long all = count("products");
    long second = count("second");
    OnTheStandIn.with(tuning(false), _ -> assertArrayEquals(expected[0], product(DType.F32)));
    assertEquals(1, count("products") - all, "nothing is measured again");
    assertEquals(1, count("second") - second);
    OnTheStandIn.with(tuning(true), _ -> assertArrayEquals(expected[0], product(DType.F32)));
    assertEquals(2, count("products") - all, "what is known is not measured again");
  }

  /** In all types, each of which is a product of its own. */
  @Test
  void oneWithOtherBitsIsNeverTaken() {
    for (DType dtype : List.of(DType.F32, DType.F64, DType.BF16, DType.F16)) {
      double[][] expected = new double[1][];
      OnTheStandIn.with(tuning(false), _ -> expected[0] = product(dtype));
      OnTheStandIn.standIn().set("slow", FIRST_TWO);
      OnTheStandIn.with(tuning(true), _ -> assertArrayEquals(expected[0], product(dtype), dtype.toString()));
      OnTheStandIn.standIn().set("slow", 0);
    }
    assertEquals(4, algorithms().size());
    assertFalse(algorithms().stream().anyMatch(line -> line.endsWith(" = 2")), algorithms().toString());
  }

  @Test
  void nothingIsMeasuredUnlessThatIsAskedFor() throws IOException {
    long all = count("products");
    OnTheStandIn.with(tuning(false), _ -> product(DType.F32));
    assertEquals(1, count("products") - all);
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(0, files.count());
    }
  }

  /** Of a version of the library that is another, and of none of its algorithms. */
  @Test
  void linesThatSayNothingHereAreLeftAlone() throws IOException {
    OnTheStandIn.standIn().set("slow", FIRST);
    OnTheStandIn.with(tuning(true), _ -> product(DType.F32));
    Path file = file();
    String line = algorithms().getFirst();
    for (String other : List.of(line.replaceFirst("cublasLt-[0-9.]+", "cublasLt-12.0.0"), line.replaceFirst(" = .*", " = 7"),
        line.replaceFirst(" = .*", " = fast"), line.replaceFirst(" = .*", ""))) {
      Files.writeString(file, other + "\n");
      long first = count("first");
      OnTheStandIn.with(tuning(false), _ -> product(DType.F32));
      assertEquals(1, count("first") - first, other);
    }
  }

  private Path file() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findFirst().orElseThrow();
    }
  }
}
