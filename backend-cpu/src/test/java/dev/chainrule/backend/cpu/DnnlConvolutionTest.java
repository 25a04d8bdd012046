package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.chainrule.backend.cpu.DnnlPass.Kind;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Convolutions that are large enough for oneDNN, where this machine has it. */
class DnnlConvolutionTest {

  private static final Op.Spatial SAME = new Op.Spatial(1, 1, 1, 1);

  @BeforeAll
  static void oneDnnIsHere() {
    assumeTrue(DnnlSearch.here().library().isPresent(), DnnlSearch.here()::finding);
  }

  @Test
  void oneTwoAndThreeDimensionsAgree() {
    agrees(DType.F32, new long[] {5, 8, 300}, new long[] {12, 8, 5}, 1, new Op.Spatial(1, 1, 2, 2));
    agrees(DType.F32, new long[] {4, 9, 13, 11}, new long[] {20, 9, 3, 3}, 1, SAME, SAME);
    agrees(DType.F32, new long[] {4, 8, 6, 5, 7}, new long[] {8, 8, 3, 2, 3}, 1, SAME, new Op.Spatial(1, 1, 0, 0), SAME);
  }

  @Test
  void stridesDilationsBordersAndGroupsAgree() {
    agrees(DType.F32, new long[] {4, 16, 14, 15}, new long[] {16, 16, 3, 3}, 1, new Op.Spatial(2, 1, 1, 1), new Op.Spatial(3, 1, 0, 2));
    agrees(DType.F32, new long[] {4, 16, 14, 15}, new long[] {16, 16, 3, 3}, 1, new Op.Spatial(1, 2, 2, 2), new Op.Spatial(1, 3, 3, 1));
    agrees(DType.F32, new long[] {4, 16, 20, 20}, new long[] {32, 4, 3, 3}, 4, SAME, SAME);
    agrees(DType.F32, new long[] {4, 32, 20, 20}, new long[] {32, 1, 3, 3}, 32, SAME, SAME);
    agrees(DType.F32, new long[] {4, 16, 9, 9}, new long[] {16, 16, 2, 2}, 1, new Op.Spatial(1, 1, 4, 3), new Op.Spatial(2, 1, 3, 5));
    agrees(DType.F32, new long[] {4, 32, 14, 14}, new long[] {32, 32, 1, 1}, 1, new Op.Spatial(2, 1, 0, 0), new Op.Spatial(2, 1, 0, 0));
  }

  /** Eight samples at a time make a sum of the weights' gradient; the last may have fewer. */
  @Test
  void anyNumberOfSamplesAgrees() {
    for (long samples : new long[] {4, 7, 8, 9, 16, 19}) {
      agrees(DType.F32, new long[] {samples, 8, 10, 10}, new long[] {16, 8, 3, 3}, 1, SAME, SAME);
    }
  }

  @Test
  void imagesOfOneAndThreeChannelsAgree() {
    agrees(DType.F32, new long[] {5, 1, 28, 28}, new long[] {32, 1, 5, 5}, 1, new Op.Spatial(1, 1, 2, 2), new Op.Spatial(1, 1, 2, 2));
    agrees(DType.F32, new long[] {5, 3, 16, 16}, new long[] {10, 3, 3, 3}, 1, SAME, SAME);
  }

  @Test
  void typesOfSixteenBitsAgree() {
    agrees(DType.BF16, new long[] {4, 8, 12, 12}, new long[] {16, 8, 3, 3}, 1, SAME, SAME);
    agrees(DType.F16, new long[] {4, 8, 12, 12}, new long[] {16, 8, 3, 3}, 1, SAME, SAME);
    agrees(DType.BF16, new long[] {19, 16, 10, 9}, new long[] {32, 16, 3, 3}, 1, SAME, SAME);
    agrees(DType.BF16, new long[] {5, 1, 28, 28}, new long[] {32, 1, 5, 5}, 1, new Op.Spatial(1, 1, 2, 2), new Op.Spatial(1, 1, 2, 2));
    agrees(DType.BF16, new long[] {9, 16, 14, 15}, new long[] {16, 16, 3, 3}, 1, new Op.Spatial(2, 1, 1, 1), new Op.Spatial(3, 1, 0, 2));
    agrees(DType.BF16, new long[] {4, 16, 14, 15}, new long[] {16, 16, 3, 3}, 1, new Op.Spatial(1, 2, 2, 2), new Op.Spatial(1, 3, 3, 1));
    agrees(DType.BF16, new long[] {4, 16, 20, 20}, new long[] {32, 4, 3, 3}, 4, SAME, SAME);
    agrees(DType.BF16, new long[] {5, 8, 300}, new long[] {12, 8, 5}, 1, new Op.Spatial(1, 1, 2, 2));
  }

  /** Where the processor multiplies bf16; else they are widened. */
  @Test
  void passesOfSixteenBitsAreTakenWhereTheProcessorHasThem() {
    long[] weights = {16, 16, 3, 3};
    Passes passes = Passes.of(DType.F32, new long[] {8, 16, 14, 14}, weights, 1, SAME, SAME);
    var sizes = new ConvolutionSizes(new Op.Geometry(List.of(SAME, SAME), 1), Shape.of(8, 16, 14, 14), Shape.of(weights),
        passes.forward.type().shape());
    boolean here = DnnlSearch.here().library().orElseThrow().hasBf16();
    for (Kind kind : Kind.values()) {
      assertEquals(here, DnnlConvolution.passes(kind, sizes, DType.BF16, Natives.ON, new DnnlHolds()).isPresent(), kind::toString);
      assertTrue(DnnlConvolution.passes(kind, sizes, DType.F16, Natives.ON, new DnnlHolds()).isEmpty());
    }
  }

  /** What fills up blocks of channels does not leak, and nothing is skipped because a weight is 0. */
  @Test
  void whatIsNotFiniteSpoilsTheWindowsThatHoldItAndNoOther() {
    double[] x = Samples.plainArray(DType.F32, 1, 4, 3, 16, 16).toDoubleArray();
    x[40] = Double.NaN;
    x[256 + 15] = Double.POSITIVE_INFINITY;
    x[700] = Double.NEGATIVE_INFINITY;
    double[] w = Samples.plainArray(DType.F32, 2, 20, 3, 3, 3).toDoubleArray();
    w[4] = 0;
    w[30] = Double.POSITIVE_INFINITY;
    var geometry = new Op.Geometry(List.of(SAME, SAME), 1);
    Node y = Ops.node(new Op.Conv(geometry), Ops.input(HostArray.ofDoubles(TensorType.of(DType.F32, 4, 3, 16, 16), x)),
        Ops.input(HostArray.ofDoubles(TensorType.of(DType.F32, 20, 3, 3, 3), w)));
    near(y, 20 * 27);
  }

  @Test
  @Tag("S19.15")
  void theChoiceOfKernelIsOneOfShape() {
    long[] input = {8, 16, 14, 14};
    long[] weights = {16, 16, 3, 3};
    for (Kind kind : Kind.values()) {
      assertTaken(true, kind, input, weights, 1, SAME, SAME);
      assertTaken(false, kind, new long[] {3, 16, 14, 14}, weights, 1, SAME, SAME); // few samples
      assertTaken(false, kind, new long[] {8, 16, 3, 3}, weights, 1, SAME, SAME); // little work
    }
    assertTaken(true, Kind.FORWARD, new long[] {8, 1, 28, 28}, new long[] {32, 1, 5, 5}, 1, SAME, SAME);
    assertTaken(false, Kind.INPUT_GRADIENT, new long[] {8, 1, 28, 28}, new long[] {32, 1, 5, 5}, 1, SAME, SAME);
  }

  /** Once compiled, which may take its time. */
  @Test
  void passesLeaveNothingToTheCollector() {
    var meter = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    MemorySegment floats = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, 3 * 9 * 16 * 100);
    var frame = new Frame(4);
    for (int i = 0; i < 3; i++) {
      frame.bind(i, floats.address() + (long) i * 9 * 16 * 100 * Float.BYTES);
    }
    var sizes = new ConvolutionSizes(new Op.Geometry(List.of(SAME, SAME), 1), Shape.of(9, 16, 10, 10), Shape.of(16, 16, 3, 3),
        Shape.of(9, 16, 10, 10));
    for (Kind kind : Kind.values()) {
      Kernel kernel = kernel(kind, sizes, frame);
      long deadline = System.nanoTime() + 20_000_000_000L;
      long bytes;
      do {
        long before = meter.getThreadAllocatedBytes(Thread.currentThread().threadId());
        for (int i = 0; i < 200; i++) {
          kernel.run(frame);
        }
        bytes = meter.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
      } while (bytes != 0 && System.nanoTime() < deadline);
      assertEquals(0, bytes, kind.name());
    }
  }

  /** A kernel on one thread, with its workspace as the frame's last base. */
  private static Kernel kernel(Kind kind, ConvolutionSizes sizes, Frame frame) {
    var parts = new Parts(new Workers(1));
    DnnlConvolution.Passes passes = DnnlConvolution.passes(kind, sizes, DType.F32, Natives.ON, new DnnlHolds()).orElseThrow();
    frame.bind(3, Arena.global().allocate(passes.workspaceBytes(parts), 64).address());
    return new DnnlConvolution(passes, new DnnlConvolution.Tensor(new Place(0, 0), false), new DnnlConvolution.Tensor(new Place(1, 0), false),
        new DnnlConvolution.Tensor(new Place(2, 0), false), new Place(3, 0), null,
        (registers, from, to, n) -> {}, parts).kernel();
  }

  /** A convolution and its gradients. */
  private record Passes(Node forward, Node inputGradient, Node weightGradient) {
    static Passes of(DType dtype, long[] input, long[] weights, int groups, Op.Spatial... axes) {
      var geometry = new Op.Geometry(List.of(axes), groups);
      Node x = Samples.plain(dtype, 1, input);
      Node w = Samples.plain(dtype, 2, weights);
      Node y = Ops.node(new Op.Conv(geometry), x, w);
      Node g = Samples.plain(dtype, 3, y.type().shape().dims());
      return new Passes(y, Ops.node(new Op.ConvInputGradient(geometry, x.type().shape()), g, w),
          Ops.node(new Op.ConvWeightGradient(geometry, w.type().shape()), g, x));
    }
  }

  /** Near the reference, with the same bits on all devices; and near it without libraries. */
  private static void agrees(DType dtype, long[] input, long[] weights, int groups, Op.Spatial... axes) {
    Passes passes = Passes.of(dtype, input, weights, groups, axes);
    double taps = (double) Shape.of(weights).elements();
    near(passes.forward, taps);
    near(passes.inputGradient, taps);
    near(passes.weightGradient, (double) passes.forward.type().elements());
  }

  /** Errors of n roundings of sums of n terms up to 4 grow with the root of n for each, when they are independent; 4 times that. */
  private static void near(Node node, double terms) {
    Agreement.within(node, 1, 16 * terms * 0x1p-24);
  }

  private static void assertTaken(boolean expected, Kind kind, long[] input, long[] weights, int groups, Op.Spatial... axes) {
    Passes passes = Passes.of(DType.F32, input, weights, groups, axes);
    var sizes = new ConvolutionSizes(new Op.Geometry(List.of(axes), groups), Shape.of(input), Shape.of(weights),
        passes.forward.type().shape());
    assertEquals(expected, DnnlConvolution.passes(kind, sizes, DType.F32, Natives.ON, new DnnlHolds()).isPresent(),
        kind + " " + Shape.of(input) + " * " + Shape.of(weights));
    assertTrue(DnnlConvolution.passes(kind, sizes, DType.F32, Natives.OFF, new DnnlHolds()).isEmpty());
    assertTrue(DnnlConvolution.passes(kind, sizes, DType.F64, Natives.ON, new DnnlHolds()).isEmpty());
  }
}
