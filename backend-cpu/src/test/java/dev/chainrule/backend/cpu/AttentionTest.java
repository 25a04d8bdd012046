package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The kernels of attention against the bodies that they stand for, run on the same device. */
class AttentionTest {

  private static final double[] SPECIAL = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0, 1e30, -1e30};

  /** Of one head: queries, keys, components of these, and of values. */
  private record Sizes(int t, int s, int d, int e) {}

  private static final List<Sizes> SIZES = List.of(new Sizes(1, 1, 1, 1), new Sizes(3, 5, 4, 2), new Sizes(64, 64, 16, 16),
      new Sizes(70, 70, 8, 24), new Sizes(128, 128, 32, 32), new Sizes(130, 200, 5, 7), new Sizes(200, 130, 32, 3),
      new Sizes(129, 40, 16, 8));

  @Test
  @Tag("S12.25")
  void kernelsHaveTheBitsOfTheirBodies() {
    var random = new SplittableRandom(71);
    for (Sizes sizes : SIZES) {
      for (Attention attention : List.of(Attention.FULL, Attention.CAUSAL, Attention.CAUSAL.withScale(1.5))) {
        compare(attention, operands(random, Shape.of(2, 3), sizes, 0), sizes);
      }
    }
  }

  /** Widened for the same kernels, and rounded at the end. */
  @Test
  @Tag("S12.27")
  void kernelsOfSixteenBitsHaveThemToo() {
    var random = new SplittableRandom(75);
    for (DType dtype : List.of(DType.BF16, DType.F16)) {
      for (Sizes sizes : List.of(new Sizes(1, 1, 1, 1), new Sizes(70, 70, 8, 24), new Sizes(129, 40, 16, 8))) {
        compare(Attention.CAUSAL, operands(random, Shape.of(2, 3), sizes, 1).stream().map(x -> x.cast(dtype)).toList(), sizes);
      }
      Tensor all = Tensor.of(numbers(random, Shape.of(2, 70, 4, 3, 32), 0)).cast(dtype).permute(2, 0, 3, 1, 4);
      compare(Attention.FULL, List.of(all.select(0, 0), all.select(0, 1), all.select(0, 2), all.select(0, 3)), new Sizes(70, 70, 32, 32));
    }
  }

  /** Sums over queries in several depths of a product, and over keys in several blocks of a reduction. */
  @Test
  void longSequencesHaveThemToo() {
    var random = new SplittableRandom(72);
    for (Sizes sizes : List.of(new Sizes(600, 600, 16, 8), new Sizes(300, 1100, 4, 4), new Sizes(1100, 2100, 3, 2))) {
      compare(Attention.CAUSAL, operands(random, Shape.of(2), sizes, 0), sizes);
      compare(Attention.FULL, operands(random, Shape.of(), sizes, 0), sizes);
    }
  }

  /** What a query may not attend to counts in one place and not in another; so does what is left out where all is finite. */
  @Test
  @Tag("S12.25")
  void specialNumbersComeOutAsFromTheBodies() {
    var random = new SplittableRandom(73);
    for (int round = 0; round < 60; round++) {
      Sizes sizes = SIZES.get(random.nextInt(SIZES.size()));
      Attention attention = round % 3 == 0 ? Attention.FULL : Attention.CAUSAL;
      compare(attention, operands(random, Shape.of(3), sizes, 1 + random.nextInt(4)), sizes);
    }
  }

  /** As a network has them: parts of one product, with the axis of heads behind that of positions. */
  @Test
  void operandsMayHaveAnyStrides() {
    var random = new SplittableRandom(74);
    for (int width : new int[] {8, 171}) { // the latter: keys 512 elements apart
      Tensor all = Tensor.of(numbers(random, Shape.of(2, 70, 3, 1, width), 0)).permute(2, 0, 3, 1, 4);
      var sizes = new Sizes(70, 70, width, width);
      compare(Attention.CAUSAL, List.of(all.select(0, 0), all.select(0, 1), all.select(0, 2),
          Tensor.of(numbers(random, Shape.of(2, 1, width, 70), 0)).transpose()), sizes);
    }
  }

  private static void compare(Attention attention, List<Tensor> in, Sizes sizes) {
    Tensor y = attention.apply(in.get(0), in.get(1), in.get(2));
    same(List.of(y), "attention", attention + " of " + sizes);
    same(Gradients.of(y.mul(in.get(3)).sum(), in.subList(0, 3)), "attentionGradient", attention + " of " + sizes);
  }

  /** The results of the composite with that name, and of its body. */
  private static void same(List<Tensor> results, String name, String what) {
    Node called = MaxPoolingTest.composite(results.getFirst(), name);
    assertTrue(isNative(called), what);
    List<Node> bodies = ((Op.Composite) called.op()).body().inline(called.inputs(), called.origin());
    assertEquals(bodies.size(), called.types().size());
    for (int i = 0; i < bodies.size(); i++) {
      Node result = bodies.size() == 1 ? called : Ops.node(new Op.Result(i), called);
      HostArray expected = Agreement.onDevice(Agreement.DEVICES.getFirst(), bodies.get(i));
      for (CpuDevice device : Agreement.DEVICES) {
        HostArray actual = Agreement.onDevice(device, result);
        assertEquals(expected.type(), actual.type());
        // NaNs are equal; a zero that was left out may have had another sign.
        assertArrayEquals(withoutSignsOfZeros(expected), withoutSignsOfZeros(actual), name + " " + i + ": " + what);
      }
    }
  }

  private static double[] withoutSignsOfZeros(HostArray array) {
    return IntStream.range(0, (int) array.elements()).mapToDouble(i -> array.doubleAt(i) + 0.0).toArray();
  }

  private static boolean isNative(Node called) {
    return Agreement.DEVICES.getFirst().nativeKernel(called.op(), called.inputs().stream().map(Node::type).toList(), called.types())
        .isPresent();
  }

  private static List<Tensor> operands(SplittableRandom random, Shape heads, Sizes sizes, int special) {
    List<Tensor> all = new ArrayList<>();
    int chosen = random.nextInt(4);
    for (Shape shape : List.of(
        Shape.of(sizes.t, sizes.d), Shape.of(sizes.s, sizes.d), Shape.of(sizes.s, sizes.e), Shape.of(sizes.t, sizes.e))) {
      all.add(Tensor.of(numbers(random, heads.concat(shape), all.size() == chosen ? special : 0)));
    }
    return all;
  }

  /** @param special how many are */
  private static HostArray numbers(SplittableRandom random, Shape shape, int special) {
    double[] values = random.doubles(shape.elements(), -2, 2).toArray();
    for (int i = 0; i < special; i++) {
      values[random.nextInt(values.length)] = SPECIAL[random.nextInt(SPECIAL.length)];
    }
    return HostArray.ofDoubles(new TensorType(DType.F32, shape), values);
  }

  @Test
  void whatHasNoKernelUsesTheBody() {
    assertTrue(isNative(applied(Attention.CAUSAL, DType.F32, 2, 2)));
    assertFalse(isNative(applied(Attention.CAUSAL, DType.F64, 2, 2)));
    assertFalse(isNative(applied(Attention.FULL.withMask(Tensor.ones(TensorType.of(DType.BOOL, 3))), DType.F32, 2, 2)));
    assertFalse(isNative(applied(Attention.CAUSAL.withScale(0), DType.F32, 2, 2)));
    assertFalse(isNative(applied(Attention.CAUSAL.withScale(-1), DType.F32, 2, 2)));
    assertFalse(isNative(applied(Attention.CAUSAL, DType.F32, 2, 1)));
    assertFalse(isNative(applied(Attention.CAUSAL, DType.F32, 0, 0)));
  }

  private static Node applied(Attention attention, DType dtype, long heads, long shared) {
    Tensor k = Tensor.ones(TensorType.of(dtype, shared, 3, 4));
    return MaxPoolingTest.composite(attention.apply(Tensor.ones(TensorType.of(dtype, heads, 3, 4)), k, k), "attention");
  }
}
