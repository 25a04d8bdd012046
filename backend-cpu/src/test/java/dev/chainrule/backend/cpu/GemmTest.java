package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.backend.cpu.GemmCase.Layout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GemmTest {
  private static final Workers ONE = new Workers(1);

  /** The products of a small classifier and their gradients, ragged edges, and sizes around every block's. */
  static Stream<GemmCase> cases() {
    List<GemmCase> cases = new ArrayList<>();
    int[][] layers = {{64, 512, 784}, {64, 256, 512}, {64, 10, 256}};
    for (int[] s : layers) {
      cases.add(new GemmCase(s[0], s[1], s[2], Layout.ROWS, Layout.ROWS, 1));
      cases.add(new GemmCase(s[2], s[1], s[0], Layout.COLUMNS, Layout.ROWS, 2));
      cases.add(new GemmCase(s[0], s[2], s[1], Layout.ROWS, Layout.COLUMNS, 3));
    }
    int[][] ragged = {
      {1, 1, 1}, {3, 5, 2}, {1, 300, 7}, {300, 1, 7}, {12, 32, 256}, {13, 33, 257}, {11, 31, 255}, {6, 16, 3},
      {145, 65, 300}, {289, 47, 513}, {97, 129, 1}, {5, 5, 1025}
    };
    for (int[] s : ragged) {
      cases.add(new GemmCase(s[0], s[1], s[2], Layout.ROWS, Layout.ROWS, 4));
      cases.add(new GemmCase(s[0], s[1], s[2], Layout.COLUMNS, Layout.COLUMNS, 5));
    }
    Random random = new Random(6);
    for (Layout layoutA : Layout.values()) {
      for (Layout layoutB : Layout.values()) {
        for (int limit : new int[] {20, 300}) {
          cases.add(
              new GemmCase(
                  1 + random.nextInt(limit),
                  1 + random.nextInt(limit),
                  1 + random.nextInt(2 * limit),
                  layoutA,
                  layoutB,
                  random.nextLong()));
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void productIsWithinTheBoundOfTheExactOne(GemmCase product) {
    float[] c = product.product(new Gemm(ONE));
    for (int row = 0; row < product.m; row++) {
      for (int column = 0; column < product.n; column++) {
        assertEquals(product.exact(row, column), c[row * product.n + column], product.bound(row, column));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bitsAreDefinedWhateverTheKernelAndTheNumberOfThreads(GemmCase product) {
    float[] expected = product.definition();
    for (int threads = 1; threads <= 4; threads++) {
      try (Workers workers = new Workers(threads)) {
        assertArrayEquals(expected, product.product(new Gemm(workers, new VectorGemmKernel())), "vector");
        assertArrayEquals(expected, product.product(new Gemm(workers, new ScalarGemmKernel())), "scalar");
      }
    }
  }

  @Test
  void largeOperandsAreWorkedOnInChunksWithTheSameBits() {
    GemmCase product = new GemmCase(150, 2100, 600, Layout.ROWS, Layout.COLUMNS, 7);
    float[] expected = product.definition();
    for (int threads : new int[] {1, 3}) {
      try (Workers workers = new Workers(threads)) {
        assertArrayEquals(expected, product.product(new Gemm(workers)));
      }
    }
  }

  @Test
  void vectorKernelIsTheOneInUse() {
    assertInstanceOf(VectorGemmKernel.class, GemmKernels.fastest());
  }

  @Test
  void nanAndInfinityReachExactlyTheirRow() {
    GemmCase product = new GemmCase(30, 70, 300, Layout.ROWS, Layout.ROWS, 8);
    product.setA(3, 299, Float.NaN);
    product.setA(20, 0, Float.POSITIVE_INFINITY);
    for (GemmKernel kernel : List.of(new VectorGemmKernel(), new ScalarGemmKernel())) {
      float[] c = product.product(new Gemm(ONE, kernel));
      for (int i = 0; i < c.length; i++) {
        int row = i / product.n;
        assertEquals(row == 3, Float.isNaN(c[i]));
        assertEquals(row == 20, Float.isInfinite(c[i]));
      }
    }
  }

  @Test
  void infinityTimesZeroIsNaN() {
    MemorySegment infinity = floats(Float.NEGATIVE_INFINITY);
    MemorySegment zero = floats(0);
    MemorySegment c = floats(1);
    new Gemm(ONE).sgemm(1, 1, 1, infinity, 0, 1, 1, zero, 0, 1, 1, c, 0, 1);
    assertTrue(Float.isNaN(c.get(ValueLayout.JAVA_FLOAT, 0)));
  }

  @Test
  void depthZeroGivesZeros() {
    MemorySegment empty = floats();
    MemorySegment c = floats(1, 2, 3, 4, 5, 6, 7);
    new Gemm(ONE).sgemm(2, 2, 0, empty, 0, 0, 1, empty, 0, 2, 1, c, 1, 3);
    assertArrayEquals(new float[] {1, 0, 0, 4, 0, 0, 7}, c.toArray(ValueLayout.JAVA_FLOAT));
  }

  @Test
  void emptyResultTouchesNothing() {
    MemorySegment some = floats(1, 2, 3);
    MemorySegment c = floats(9);
    Gemm gemm = new Gemm(ONE);
    gemm.sgemm(0, 1, 3, floats(), 0, 3, 1, some, 0, 1, 1, c, 0, 1);
    gemm.sgemm(1, 0, 3, some, 0, 3, 1, floats(), 0, 0, 1, c, 0, 0);
    gemm.sgemm(0, 0, 0, floats(), 0, 0, 1, floats(), 0, 0, 1, c, 0, 0);
    assertEquals(9, c.get(ValueLayout.JAVA_FLOAT, 0));
  }

  @Test
  void matricesOutsideTheirSegmentsAreRefused() {
    MemorySegment six = floats(1, 2, 3, 4, 5, 6);
    MemorySegment four = floats(0, 0, 0, 0);
    Gemm gemm = new Gemm(ONE);
    gemm.sgemm(2, 2, 3, six, 0, 3, 1, six, 0, 2, 1, four, 0, 2);
    assertThrows(
        IndexOutOfBoundsException.class, () -> gemm.sgemm(2, 2, 3, six, 1, 3, 1, six, 0, 2, 1, four, 0, 2));
    assertThrows(
        IndexOutOfBoundsException.class, () -> gemm.sgemm(2, 2, 3, six, 0, 3, 1, six, 0, 3, 1, four, 0, 2));
    assertThrows(
        IndexOutOfBoundsException.class, () -> gemm.sgemm(2, 2, 3, six, 0, -3, 1, six, 0, 2, 1, four, 0, 2));
    assertThrows(
        IndexOutOfBoundsException.class, () -> gemm.sgemm(2, 2, 3, six, 0, 3, 1, six, 0, 2, 1, four, 0, 3));
  }

  @Test
  void argumentsWithoutMeaningAreRefused() {
    MemorySegment four = floats(0, 0, 0, 0);
    Gemm gemm = new Gemm(ONE);
    assertThrows(
        IllegalArgumentException.class, () -> gemm.sgemm(-1, 2, 1, four, 0, 1, 1, four, 0, 2, 1, four, 0, 2));
    assertThrows(
        IllegalArgumentException.class, () -> gemm.sgemm(2, 2, 1, four, 0, 1, 1, four, 0, 2, 1, four, 0, 1));
    MemorySegment onHeap = MemorySegment.ofArray(new float[4]);
    assertThrows(
        IllegalArgumentException.class, () -> gemm.sgemm(2, 2, 1, onHeap, 0, 1, 1, four, 0, 2, 1, four, 0, 2));
    MemorySegment readOnly = four.asReadOnly();
    assertThrows(
        IllegalArgumentException.class, () -> gemm.sgemm(2, 2, 1, four, 0, 1, 1, four, 0, 2, 1, readOnly, 0, 2));
    MemorySegment freed;
    try (Arena arena = Arena.ofShared()) {
      freed = arena.allocate(16);
    }
    assertThrows(
        IllegalStateException.class, () -> gemm.sgemm(2, 2, 1, freed, 0, 1, 1, four, 0, 2, 1, four, 0, 2));
  }

  @Test
  void severalThreadsMayUseOneGemmAlsoInsideALoop() throws Exception {
    GemmCase product = new GemmCase(100, 90, 300, Layout.ROWS, Layout.ROWS, 9);
    float[] expected = product.definition();
    try (Workers workers = new Workers(3);
        var callers = Executors.newFixedThreadPool(3)) {
      Gemm gemm = new Gemm(workers);
      List<Future<?>> calls = new ArrayList<>();
      for (int caller = 0; caller < 3; caller++) {
        calls.add(
            callers.submit(
                () -> {
                  for (int round = 0; round < 20; round++) {
                    assertArrayEquals(expected, product.product(gemm));
                    workers.forEach(4, part -> assertArrayEquals(expected, product.product(gemm)));
                  }
                }));
      }
      for (Future<?> call : calls) {
        call.get();
      }
    }
  }

  private static MemorySegment floats(float... values) {
    MemorySegment segment = Arena.ofAuto().allocate((long) values.length * Float.BYTES, Float.BYTES);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
    return segment;
  }
}
