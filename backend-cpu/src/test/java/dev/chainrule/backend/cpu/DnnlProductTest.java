package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.chainrule.backend.cpu.GemmCase.Layout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products by oneDNN, where this machine has it. */
class DnnlProductTest {

  @BeforeAll
  static void oneDnnIsHere() {
    assumeTrue(DnnlSearch.here().library().isPresent(), DnnlSearch.here()::finding);
  }

  private static Optional<Dnnl> library() {
    return DnnlSearch.here().library();
  }

  /** Products of a network, ragged ones, and those whose last blocks would be a row or a column wide. */
  static Stream<GemmCase> cases() {
    int[][] narrow = {{64, 49, 700}, {64, 97, 400}, {33, 145, 513}, {65, 193, 256}, {17, 300, 260}, {25, 385, 257}, {41, 200, 90},
      {2, 500, 500}, {500, 2, 500}, {300, 1600, 30}, {1030, 40, 40}, {40, 130, 512}, {300, 70, 1024}};
    Stream<GemmCase> edges = Arrays.stream(narrow).flatMap(s -> Stream.of(Layout.ROWS, Layout.COLUMNS).flatMap(
        a -> Stream.of(Layout.ROWS, Layout.COLUMNS, Layout.PADDED_ROWS).map(b -> new GemmCase(s[0], s[1], s[2], a, b, 11))));
    return Stream.concat(GemmTest.cases(), edges);
  }

  @ParameterizedTest
  @MethodSource("cases")
  @Tag("S19.14")
  void bitsAreThoseOfTheDefinitionOnAnyNumberOfThreads(GemmCase product) {
    float[] expected = product.definition();
    for (int threads = 1; threads <= 4; threads++) {
      try (Workers workers = new Workers(threads)) {
        var gemm = new Gemm(workers, _ -> library());
        assertArrayEquals(expected, product.product(gemm), threads + " threads");
        assertArrayEquals(expected, product.product(gemm), "again on " + threads + " threads");
      }
    }
  }

  @Test
  void randomShapesHaveTheBitsOfTheJavaKernel() {
    Random random = new Random(12);
    try (Workers workers = new Workers(2)) {
      var natively = new Gemm(workers, _ -> library());
      var inJava = new Gemm(workers);
      for (int i = 0; i < 400; i++) {
        var product = new GemmCase(1 + random.nextInt(150), 1 + random.nextInt(250), 1 + random.nextInt(400),
            random.nextBoolean() ? Layout.ROWS : Layout.COLUMNS, random.nextBoolean() ? Layout.ROWS : Layout.COLUMNS, i);
        assertArrayEquals(product.product(inJava), product.product(natively), product.toString());
      }
    }
  }

  @Test
  void whatIsInTheResultBeforeDoesNotMatter() {
    int size = 64;
    MemorySegment ones = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, size * size);
    MemorySegment c = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, size * size);
    for (int i = 0; i < size * size; i++) {
      ones.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
      c.setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 2 == 0 ? Float.NaN : Float.POSITIVE_INFINITY);
    }
    try (Workers workers = new Workers(1)) {
      new Gemm(workers, _ -> library()).sgemm(size, size, size, ones, 0, size, 1, ones, 0, size, 1, c, 0, size);
    }
    for (float value : c.toArray(ValueLayout.JAVA_FLOAT)) {
      assertEquals(size, value);
    }
  }

  @Test
  void nanAndInfinityReachExactlyTheirRow() {
    GemmCase product = new GemmCase(30, 70, 300, Layout.ROWS, Layout.ROWS, 8);
    product.setA(3, 299, Float.NaN);
    product.setA(20, 0, Float.POSITIVE_INFINITY);
    try (Workers workers = new Workers(1)) {
      float[] c = product.product(new Gemm(workers, _ -> library()));
      for (int i = 0; i < c.length; i++) {
        assertEquals(i / product.n == 3, Float.isNaN(c[i]));
        assertEquals(i / product.n == 20, Float.isInfinite(c[i]));
      }
    }
  }

  @Test
  void aFollowerIsToldOfEachElementOnceAndWhenItIsThere() {
    int m = 300;
    int n = 1000;
    int k = 520;
    MemorySegment floats = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, (long) k * (m + n) + m * n);
    floats.asSlice(0, 4L * k * (m + n)).fill((byte) 0x3f);
    try (Workers workers = new Workers(3)) {
      var told = new AtomicIntegerArray(m * n);
      var values = new AtomicIntegerArray(m * n);
      long c = (long) k * (m + n);
      new Gemm(workers, _ -> library()).sgemm(m, n, k, floats, 0, k, 1, floats, (long) k * m, n, 1, floats, c, n,
          (row, rows, column, columns) -> {
            for (int i = row; i < row + rows; i++) {
              for (int j = column; j < column + columns; j++) {
                told.incrementAndGet(i * n + j);
                values.set(i * n + j, Float.floatToRawIntBits(floats.getAtIndex(ValueLayout.JAVA_FLOAT, c + i * n + j)));
              }
            }
          });
      for (int i = 0; i < m * n; i++) {
        assertEquals(1, told.get(i));
        assertEquals(Float.floatToRawIntBits(floats.getAtIndex(ValueLayout.JAVA_FLOAT, c + i)), values.get(i));
      }
    }
  }

  /** Once compiled, which may take its time. */
  @Test
  void productsLeaveNothingToTheCollector() {
    var meter = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    MemorySegment floats = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, 3 * 64 * 64);
    try (Workers workers = new Workers(1)) {
      var gemm = new Gemm(workers, Natives.ON::dnnlFor);
      long deadline = System.nanoTime() + 20_000_000_000L;
      long bytes;
      do {
        long before = meter.getThreadAllocatedBytes(Thread.currentThread().threadId());
        for (int i = 0; i < 1000; i++) {
          gemm.sgemm(64, 64, 64, floats, 0, 64, 1, floats, 4096, 1, 64, floats, 8192, 64);
        }
        bytes = meter.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
      } while (bytes != 0 && System.nanoTime() < deadline);
      assertEquals(0, bytes);
    }
  }

  @Test
  void networksProductsGoToOneDnnAndTinyOrOddOnesDoNot() {
    assertTrue(DnnlProduct.takes(64, 512, 784, 784, 1, 512, 1));
    assertTrue(DnnlProduct.takes(784, 512, 64, 1, 784, 512, 1), "A by columns");
    assertTrue(DnnlProduct.takes(64, 784, 500, 500, 1, 1, 500), "B by columns");
    assertTrue(DnnlProduct.takes(64, 10, 256, 256, 1, 10, 1));
    assertFalse(DnnlProduct.takes(16, 16, 16, 16, 1, 16, 1), "too small");
    assertFalse(DnnlProduct.takes(64, 64, 64, 128, 2, 64, 1), "every other element");
    assertFalse(DnnlProduct.takes(64, 64, 64, 0, 1, 64, 1), "one row repeated");
    assertFalse(DnnlProduct.takes(64, 64, 64, -64, 1, 64, 1), "rows in reverse");
    assertFalse(DnnlProduct.takes(16, 500, 500, 500, 1, 1, 500), "few rows by B's columns");
    assertFalse(DnnlProduct.takes(1, 500, 500, 500, 1, 500, 1), "a row");
  }

  /** A hand-over between Java's threads and OpenMP's would cost more than most products. */
  @Test
  void eachThreadComputesItsCallsAlone() {
    Dnnl dnnl = library().orElseThrow();
    int[] threads = new int[16];
    try (Workers workers = new Workers(4)) {
      workers.forEach(threads.length, part -> threads[part] = dnnl.threads());
    }
    for (int count : threads) {
      assertEquals(1, count);
    }
  }
}
