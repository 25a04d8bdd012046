package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Convolutions and their gradients go to the library, which is told what is meant; without it they run on kernels. */
class ConvolutionsTest {

  /** A number that TF32 rounds to 1, f32 does not. */
  private static final float BEYOND_TF32 = 1 + 0x1p-12f;

  /** A convolution, its operands' shapes, and how many of it and its two gradients are the library's. */
  private record Sample(String name, ConvOptions options, long[] x, long[] w) {
    Tensor of(Tensor image, Tensor filters) {
      return switch (x.length) {
        case 3 -> image.conv1d(filters, options);
        case 4 -> image.conv2d(filters, options);
        default -> image.conv3d(filters, options);
      };
    }
  }

  private static final List<Sample> SAMPLES = List.of(
      new Sample("plain", ConvOptions.DEFAULT, new long[] {2, 3, 6, 5}, new long[] {4, 3, 3, 2}),
      new Sample("same", ConvOptions.DEFAULT.withSamePadding(), new long[] {2, 3, 5, 7}, new long[] {4, 3, 3, 3}),
      new Sample("strides that leave a rest", ConvOptions.DEFAULT.withStride(2, 3).withPadding(1), new long[] {1, 2, 7, 9}, new long[] {3, 2, 3, 2}),
      new Sample("dilated", ConvOptions.DEFAULT.withDilation(2, 1).withPadding(2, 1), new long[] {2, 1, 7, 6}, new long[] {2, 1, 3, 3}),
      new Sample("uneven padding", ConvOptions.DEFAULT.withPadding(List.of(new Op.Edge(0, 2), new Op.Edge(1, 0))), new long[] {2, 2, 4, 5},
          new long[] {3, 2, 3, 3}),
      new Sample("groups", ConvOptions.DEFAULT.withPadding(1).withGroups(2), new long[] {2, 4, 5, 5}, new long[] {6, 2, 3, 3}),
      new Sample("a group for each channel", ConvOptions.DEFAULT.withPadding(1).withGroups(3), new long[] {2, 3, 4, 4}, new long[] {3, 1, 3, 3}),
      new Sample("points", ConvOptions.DEFAULT, new long[] {3, 5, 4, 4}, new long[] {7, 5, 1, 1}),
      new Sample("a channel, a filter, a sample", ConvOptions.DEFAULT, new long[] {1, 1, 3, 3}, new long[] {1, 1, 3, 3}),
      new Sample("of one axis", ConvOptions.DEFAULT.withStride(2).withPadding(1), new long[] {2, 3, 9}, new long[] {4, 3, 3}),
      new Sample("of three axes", ConvOptions.DEFAULT.withPadding(1), new long[] {1, 2, 3, 4, 5}, new long[] {2, 2, 2, 3, 2}),
      new Sample("with a workspace", ConvOptions.DEFAULT.withPadding(1), new long[] {4, 8, 8, 8}, new long[] {8, 8, 3, 3}));

  private static long convolutions() {
    return OnTheStandIn.standIn().count("convolutions");
  }

  /** Small whole numbers: their sums are exact in every type and order. */
  private static HostArray data(DType dtype, long seed, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    return HostArray.ofLongs(type, new SplittableRandom(seed).longs(type.elements(), -2, 3).toArray());
  }

  /** The convolution and its gradients with cotangents that are the result: nothing else is computed. */
  private static List<Tensor> all(Sample sample, Tensor x, Tensor w) {
    Tensor y = sample.of(x, w);
    List<Tensor> results = new ArrayList<>(List.of(y));
    results.addAll(Gradients.of(y.mul(y).sum().div(2), List.of(x, w)));
    return results;
  }

  private static void assertComputed(DType dtype, Sample sample) {
    Tensor x = Tensor.of(data(dtype, 1, sample.x));
    Tensor w = Tensor.of(data(dtype, 2, sample.w));
    List<HostArray> expected = Interpreter.evaluate(all(sample, x, w).stream().map(Tensor::node).toList(), Engine::read);
    Step step = Step.evaluation(in -> all(sample, in.get(0), in.get(1)));
    for (int run = 0; run < 3; run++) {
      List<Tensor> results = step.run(x, w);
      for (int i = 0; i < results.size(); i++) {
        assertArrayEquals(expected.get(i).toDoubleArray(), results.get(i).toDoubleArray(), dtype + " " + sample.name + ", result " + i);
      }
    }
  }

  @Test
  @Tag("S19.19")
  void allTypesAndGeometriesAndBothGradients() {
    OnTheStandIn.with(_ -> {
      for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
        for (Sample sample : SAMPLES) {
          long before = convolutions();
          assertComputed(dtype, sample);
          assertEquals(3 * 3, convolutions() - before, dtype + " " + sample.name);
        }
      }
    });
  }

  @Test
  void othersRunOnKernelsOfOurOwn() {
    OnTheStandIn.with(_ -> {
      long before = convolutions();
      assertComputed(DType.F64, SAMPLES.getFirst());
      assertComputed(DType.F32, new Sample("of nothing", ConvOptions.DEFAULT, new long[] {0, 3, 6, 5}, new long[] {4, 3, 3, 2}));
      assertComputed(DType.F32, new Sample("without filters", ConvOptions.DEFAULT, new long[] {2, 3, 6, 5}, new long[] {0, 3, 3, 2}));
      assertEquals(before, convolutions());
    });
  }

  @Test
  @Tag("S19.19")
  void withoutTheLibraryKernelsOfOurOwnDoIt() {
    long before = convolutions();
    try (CudaDevice device = OnTheStandIn.open(OnTheStandIn.usual(), Libraries.NONE)) {
      OnTheStandIn.run(device, () -> SAMPLES.forEach(sample -> assertComputed(DType.F32, sample)));
    }
    OnTheStandIn.assertNothingLeft();
    assertEquals(before, convolutions());
  }

  @Test
  void aLibraryThatDoesNotStartIsDoneWithout() {
    long before = convolutions();
    OnTheStandIn.standIn().fail("convolutions", 1);
    OnTheStandIn.with(_ -> assertComputed(DType.F32, SAMPLES.getFirst()));
    assertEquals(before, convolutions());
  }

  @Test
  void whatHasNoEngineRunsOnAKernel() {
    OnTheStandIn.with(_ -> {
      for (Sample sample : List.of(SAMPLES.getFirst(), SAMPLES.getLast())) {
        Tensor x = Tensor.of(data(DType.F32, 1, sample.x));
        Tensor w = Tensor.of(data(DType.F32, 2, sample.w));
        long before = convolutions();
        OnTheStandIn.standIn().fail("plan", 1); // of the only engine that is strict
        double[] result = sample.of(x, w).toDoubleArray();
        assertEquals(before, convolutions());
        assertArrayEquals(Interpreter.evaluate(List.of(sample.of(x, w).node()), Engine::read).getFirst().toDoubleArray(), result);
      }
    });
  }

  /** Else bits would depend on what else is in memory when a plan is made. */
  @Test
  void aLackOfMemoryIsNotTakenForALackOfAnEngine() {
    OnTheStandIn.with(_ -> {
      long before = convolutions();
      OnTheStandIn.standIn().fail("plan memory", -2);
      assertThrows(DeviceOutOfMemoryException.class, () -> assertComputed(DType.F32, SAMPLES.getFirst()));
      assertEquals(before, convolutions());
      assertComputed(DType.F32, SAMPLES.getFirst());
      assertEquals(9, convolutions() - before);
    });
  }

  @Test
  void whatTheHeuristicsRefuseTheFallbackMayHave() {
    OnTheStandIn.with(_ -> {
      long before = convolutions();
      OnTheStandIn.standIn().fail("engine", 1);
      assertComputed(DType.F32, SAMPLES.getFirst());
      assertEquals(9, convolutions() - before);
    });
  }

  private static List<Double> rounded(Step step) {
    Tensor one = Tensor.of(new float[] {1}, 1, 1, 1, 1);
    return step.run(Tensor.of(new float[] {BEYOND_TF32}, 1, 1, 1, 1), one).stream().map(Tensor::item).toList();
  }

  /** The result, its gradient in x, which is the result, and that in w, which is the result times x. */
  @Test
  @Tag("S19.16")
  void f32IsStrictUnlessAPolicyAllowsLess() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> all(SAMPLES.getFirst(), in.get(0), in.get(1)));
      double strict = BEYOND_TF32;
      for (int i = 0; i < 2; i++) {
        assertEquals(List.of(strict, strict, (double) (BEYOND_TF32 * BEYOND_TF32)), rounded(step));
        assertEquals(List.of(1.0, 1.0, 1.0), Precision.TF32.call(() -> rounded(step)), "another plan of the same Step");
      }
      assertEquals(List.of(1.0, 1.0, 1.0), rounded(step.withPrecision(Precision.TF32)));
    });
  }

  /** Slices of a loop begin where their size has them begin: the library is told so. */
  @Test
  void slicesOfALoopAtOddAddresses() {
    OnTheStandIn.with(_ -> {
      for (DType dtype : List.of(DType.F32, DType.BF16)) {
        Tensor x = Tensor.of(data(dtype, 3, 4, 1, 1, 3, 3));
        Tensor w = Tensor.of(data(dtype, 4, 1, 1, 2, 2));
        Step step = Step.evaluation(in -> List.of(Loop.scan(4, List.of(), List.of(in.get(0)), (_, _, slices) ->
            new Loop.Results(List.of(), List.of(slices.getFirst().conv2d(in.get(1), ConvOptions.DEFAULT)))).outputs().getFirst()));
        double[] expected = x.reshape(4, 1, 3, 3).conv2d(w, ConvOptions.DEFAULT).toDoubleArray();
        long before = convolutions();
        for (int i = 0; i < 3; i++) {
          assertArrayEquals(expected, step.run(x, w).getFirst().toDoubleArray());
        }
        assertEquals(3 * 4, convolutions() - before);
      }
    });
  }

  /** Results that somebody keeps lie in other memory each time: the library's work is captured anew, with a new pack of addresses. */
  @Test
  void freshMemoryIsPutIntoACapturedConvolution() {
    OnTheStandIn.with(_ -> {
      Sample sample = SAMPLES.getLast();
      Step step = Step.evaluation(in -> List.of(sample.of(in.get(0), in.get(1))));
      Tensor w = Tensor.of(data(DType.F32, 6, sample.w));
      long updates = OnTheStandIn.standIn().count("updates");
      List<Tensor> kept = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        kept.add(step.run(Tensor.of(data(DType.F32, 10 + i, sample.x)), w).getFirst());
      }
      for (int i = 0; i < 5; i++) {
        Tensor meant = sample.of(Tensor.of(data(DType.F32, 10 + i, sample.x)), w);
        assertArrayEquals(Interpreter.evaluate(List.of(meant.node()), Engine::read).getFirst().toDoubleArray(), kept.get(i).toDoubleArray());
      }
      assertTrue(OnTheStandIn.standIn().count("updates") > updates);
    });
  }

  /** Part of the plan: it lies in the arena and is in the forecast, with what is left out so that its address is a multiple of 256. */
  @Test
  void theWorkspaceIsThePlans() {
    OnTheStandIn.with(device -> {
      Sample sample = SAMPLES.getLast();
      TensorType x = TensorType.of(DType.F32, sample.x);
      TensorType w = TensorType.of(DType.F32, sample.w);
      Op op = Tensor.of(data(DType.F32, 1, sample.x)).conv2d(Tensor.of(data(DType.F32, 2, sample.w)), sample.options).node().op();
      assertEquals((1 << 20) + 192, device.nativeKernel(op, List.of(x, w), List.of(x)).orElseThrow().workspaceBytes());
    });
  }

  @Test
  void aFailedRunIsNoRefusalAndTheNextOneWorks() {
    OnTheStandIn.with(_ -> {
      Sample sample = SAMPLES.getFirst();
      Tensor x = Tensor.of(data(DType.F32, 1, sample.x));
      Tensor w = Tensor.of(data(DType.F32, 2, sample.w));
      double[] expected = sample.of(x, w).toDoubleArray();
      OnTheStandIn.standIn().fail("launch", 1);
      Tensor failing = sample.of(x, w);
      var failure = assertThrows(DeviceUnavailableException.class, failing::toDoubleArray);
      assertTrue(failure.getMessage().contains("cudnnBackendExecute gave CUDNN_STATUS_EXECUTION_FAILED (5000)"), failure.getMessage());
      assertArrayEquals(expected, sample.of(x, w).toDoubleArray());
    });
  }

  @Test
  void aFailureNamesCallAndStatus() {
    Cudnn library = OnTheStandIn.standIn().installation().libraries().convolutions().orElseThrow();
    CudaException failure = assertThrows(CudaException.class, library::cudnnCreate); // there is no context on this thread
    assertTrue(failure.problem().startsWith("cudnnCreate gave CUDNN_STATUS_NOT_INITIALIZED (1001): of "), failure.problem());
    assertFalse(Cudnn.isRefusal(failure));
  }
}
