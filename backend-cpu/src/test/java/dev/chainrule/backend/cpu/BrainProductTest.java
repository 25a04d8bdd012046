package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Layout;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Products of bf16 by instructions of the processor, where this one has them. */
class BrainProductTest {

  @BeforeAll
  static void theProcessorHasThem() {
    assumeTrue(DnnlSearch.here().library().filter(Dnnl::hasBf16).isPresent(), "oneDNN is not here, or the processor multiplies no bf16");
  }

  @Test
  void productsInOneBlockAndInSeveralAgree() {
    for (int[] size : new int[][] {{64, 512, 784}, {130, 70, 33}, {1, 300, 200}, {300, 1, 200}, {17, 2000, 129}, {1000, 40, 301}, {9, 7, 9000},
        {2, 3, 1}, {1, 1, 1}}) {
      int m = size[0];
      int n = size[1];
      int k = size[2];
      Node a = Samples.plain(DType.BF16, 1, m, k);
      Node b = Samples.plain(DType.BF16, 2, k, n);
      Node columns = LayoutTest.permute(Samples.plain(DType.BF16, 1, k, m), 1, 0);
      Node rows = LayoutTest.permute(Samples.plain(DType.BF16, 2, n, k), 1, 0);
      for (Node x : List.of(a, columns)) {
        for (Node y : List.of(b, rows)) {
          agrees(x, y);
        }
      }
    }
  }

  /** Operands that are parts of others, and what lies in no lines and is made dense. */
  @Test
  void stridedAndRepeatedOperandsAgree() {
    Node x = Samples.plain(DType.BF16, 3, 90, 200);
    Node y = Samples.plain(DType.BF16, 4, 150, 130);
    agrees(LayoutTest.slice(x, new Op.Range(3, 80, 1), new Op.Range(7, 150, 1)),
        LayoutTest.slice(y, new Op.Range(0, 150, 1), new Op.Range(1, 90, 1)));
    agrees(LayoutTest.slice(x, new Op.Range(89, 28, -3), new Op.Range(20, 150, 1)), y);
    agrees(LayoutTest.slice(x, new Op.Range(0, 90, 1), new Op.Range(0, 100, 2)),
        LayoutTest.slice(y, new Op.Range(40, 100, 1), new Op.Range(129, 60, -2)));
    agrees(LayoutTest.expand(Samples.plain(DType.BF16, 5, 1, 150), 70, 150), LayoutTest.expand(Samples.plain(DType.BF16, 6, 150, 1), 150, 65));
  }

  @Test
  void batchesOfSmallAndOfLargeProductsAgree() {
    agrees(Samples.plain(DType.BF16, 7, 5, 6, 20, 33), Samples.plain(DType.BF16, 8, 5, 6, 33, 24));
    agrees(Samples.plain(DType.BF16, 9, 3, 128, 160), Samples.plain(DType.BF16, 10, 3, 160, 200));
    agrees(LayoutTest.permute(Samples.plain(DType.BF16, 11, 6, 20, 5, 32), 0, 2, 1, 3),
        LayoutTest.permute(Samples.plain(DType.BF16, 12, 6, 24, 5, 32), 0, 2, 3, 1));
  }

  @Test
  void whatIsNotFiniteSpoilsItsRowsAndColumns() {
    double[] numbers = Samples.plainArray(DType.BF16, 13, 40L * 50).toDoubleArray();
    numbers[7] = Double.NaN;
    numbers[3 * 50 + 9] = Double.POSITIVE_INFINITY;
    Node x = Ops.input(HostArray.ofDoubles(TensorType.of(DType.BF16, 40, 50), numbers));
    agrees(x, Samples.plain(DType.BF16, 14, 50, 60));
    agrees(Samples.plain(DType.BF16, 15, 30, 40), x);
  }

  /** Which shows that the instructions are used, and that they are not where libraries are switched off. */
  @Test
  @Tag("S19.18")
  void denormalOperandsCountAsZeroThereAndNowhereElse() {
    Node x = Ops.input(HostArray.ofDoubles(TensorType.of(DType.BF16, 2, 2), 0x1p-130, 0x1p-126, 1, 0x1p-127));
    Node y = Ops.input(HostArray.ofDoubles(TensorType.of(DType.BF16, 2, 1), 0x1p100, 1));
    Node product = Ops.node(new Op.Dot(), x, y);
    assertArrayEquals(new double[] {0x1p-126, 0x1p100}, Agreement.onDevice(Agreement.DEVICES.getFirst(), product).toDoubleArray());
    try (var device = new CpuDevice(1, Generation.ON, Natives.OFF)) {
      assertArrayEquals(new double[] {0x1p-30, 0x1p100}, Agreement.onDevice(device, product).toDoubleArray());
    }
  }

  /** Once compiled, which may take its time. */
  @Test
  void productsLeaveNothingToTheCollector() {
    var meter = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    var workers = new Workers(1);
    try (workers; var device = new CpuDevice(1); var holds = new DnnlHolds()) {
      var product = new BrainProduct(DnnlSearch.here().library().orElseThrow(), 130, 200, 160, Layout.dense(Shape.of(130, 160)),
          Layout.dense(Shape.of(160, 200)), holds);
      long a = CpuMemory.of(device.allocate(130 * 160 * 2)).address();
      long b = CpuMemory.of(device.allocate(160 * 200 * 2)).address();
      long c = CpuMemory.of(device.allocate(130 * 200 * 2)).address();
      long deadline = System.nanoTime() + 20_000_000_000L;
      long bytes;
      do {
        long before = meter.getThreadAllocatedBytes(Thread.currentThread().threadId());
        for (int i = 0; i < 500; i++) {
          product.run(a, b, c, workers, null);
        }
        bytes = meter.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
      } while (bytes != 0 && System.nanoTime() < deadline);
      assertEquals(0, bytes);
    }
  }

  /** Told by a denormal operand, which only the processor's instructions take for 0. */
  @Test
  void whatOneDnnRefusesIsWidenedOrMadeDense() {
    DnnlCache<DnnlMatmul.Shape, DnnlMatmul> products = DnnlSearch.here().library().orElseThrow().products();
    refuse(products, new DnnlMatmul.Shape(3, 1, 2, List.of(2L, 1L), List.of(1L, 1L), 1));
    double[] numbers = {0x1p-130, 0x1p-126, 1, 0x1p-127, 1, 1};
    Node y = Ops.input(HostArray.ofDoubles(TensorType.of(DType.BF16, 2, 1), 0x1p100, 1));
    for (CpuDevice device : Agreement.DEVICES) {
      Node widened = Ops.node(new Op.Dot(), Ops.input(HostArray.ofDoubles(TensorType.of(DType.BF16, 3, 2), numbers)), y);
      assertArrayEquals(new double[] {0x1p-30, 0x1p100, 0x1p100}, Agreement.onDevice(device, widened).toDoubleArray());
    }

    refuse(products, new DnnlMatmul.Shape(2, 1, 2, List.of(1L, 2L), List.of(1L, 1L), 1));
    Node columns = Ops.input(HostArray.ofDoubles(TensorType.of(DType.BF16, 2, 2), 0x1p-130, 1, 0x1p-126, 0x1p-127));
    for (CpuDevice device : Agreement.DEVICES) {
      Node dense = Ops.node(new Op.Dot(), LayoutTest.permute(columns, 1, 0), y);
      assertArrayEquals(new double[] {0x1p-126, 0x1p100}, Agreement.onDevice(device, dense).toDoubleArray());
    }
  }

  private static void refuse(DnnlCache<DnnlMatmul.Shape, DnnlMatmul> products, DnnlMatmul.Shape shape) {
    products.refuse(shape, new Dnnl.RefusedException("for a test"));
  }

  @Test
  void primitivesFollowThePlansThatThereAre() {
    Dnnl dnnl = DnnlSearch.here().library().orElseThrow();
    long before = 0;
    for (int rows = 1; rows <= 3 * DnnlCache.MOST_IDLE; rows++) {
      if (rows == 2 * DnnlCache.MOST_IDLE) {
        before = dnnl.objects();
      }
      Agreement.onDevice(Agreement.DEVICES.getFirst(),
          Ops.node(new Op.Dot(), Samples.plain(DType.BF16, 1, 200 + rows, 24), Samples.plain(DType.BF16, 2, 24, 40)));
    }
    assertEquals(DnnlCache.MOST_IDLE, dnnl.products().size());
    assertEquals(before, dnnl.objects());
  }

  /** Operands in their own width instead of in f32, for what must be made dense. */
  @Test
  void noWorkspaceIsTakenForWidening() {
    List<TensorType> in = List.of(TensorType.of(DType.BF16, 64, 64), TensorType.of(DType.BF16, 64, 64));
    List<TensorType> out = List.of(TensorType.of(DType.BF16, 64, 64));
    long here = Agreement.DEVICES.getFirst().nativeKernel(new Op.Dot(), in, out).orElseThrow().workspaceBytes();
    try (var device = new CpuDevice(1, Generation.ON, Natives.OFF)) {
      long widened = device.nativeKernel(new Op.Dot(), in, out).orElseThrow().workspaceBytes();
      assertEquals(2 * 64 * 64 * 2, here);
      assertTrue(widened == 3 * 64 * 64 * 4, () -> "widened in " + widened);
    }
  }

  /** Near the reference, with the same bits on all devices: k roundings to f32 of sums of k terms up to 4, independent; 4 times that. */
  private static void agrees(Node x, Node y) {
    Agreement.within(Ops.node(new Op.Dot(), x, y), 1, 16 * x.type().shape().dim(-1) * 0x1p-24);
  }
}
