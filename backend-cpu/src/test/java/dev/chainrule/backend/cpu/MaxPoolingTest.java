package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The kernels of pooling against the bodies that they stand for, run on the same device. */
class MaxPoolingTest {

  private static final double[] SPECIAL =
      {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, 0.0, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MAX_VALUE};

  /** Windows over one to three axes behind up to two others; one in three side by side. */
  private record Drawn(Shape shape, int axes, PoolOptions options) {

    static Drawn of(SplittableRandom random) {
      while (true) {
        int axes = 1 + random.nextInt(3);
        long[] size = random.longs(axes, 1, 5).toArray();
        long[] stride = random.nextInt(3) == 0 ? size : random.longs(axes, 1, 5).toArray();
        long[] padding = Arrays.stream(size).map(n -> stride == size ? 0 : random.nextLong(n / 2 + 1)).toArray();
        long[] lengths = random.longs(axes, 1, 14).toArray();
        var drawn = new Drawn(Shape.of(random.longs(random.nextInt(3), 0, 6).toArray()).concat(Shape.of(lengths)), axes,
            PoolOptions.of(size).withStride(stride).withPadding(padding));
        if (IntStream.range(0, axes).allMatch(i -> size[i] <= lengths[i] + 2 * padding[i])) {
          return drawn;
        }
      }
    }

    Tensor pooled(Tensor x) {
      return switch (axes) {
        case 1 -> x.maxPool1d(options);
        case 2 -> x.maxPool2d(options);
        default -> x.maxPool3d(options);
      };
    }
  }

  @Test
  @Tag("S8.13")
  @Tag("S17.7")
  void kernelsHaveTheBitsOfTheirBodies() {
    var random = new SplittableRandom(61);
    for (int round = 0; round < 150; round++) {
      compare(Drawn.of(random), random);
    }
    for (int round = 0; round < 10; round++) { // many sums along all three axes, each rounded
      compare(new Drawn(Shape.of(2, 7, 8, 9), 3, PoolOptions.of(2).withStride(1)), random);
    }
    compare(new Drawn(Shape.of(5, 8, 31, 30), 2, PoolOptions.of(2)), random);
    compare(new Drawn(Shape.of(3, 40, 24, 24), 2, PoolOptions.of(2)), random);
    compare(new Drawn(Shape.of(3, 4, 2, 9, 12), 3, PoolOptions.of(1, 2, 2)), random);
    compare(new Drawn(Shape.of(4, 16, 27, 28), 2, PoolOptions.of(3).withStride(2).withPadding(1)), random);
  }

  private static void compare(Drawn drawn, SplittableRandom random) {
    Tensor x = Tensor.of(numbers(random, drawn.shape));
    Tensor y = drawn.pooled(x);
    Node pooled = composite(y, "maxPool");
    HostArray largest = same(pooled.op(), List.of(x.node()), drawn);
    Tensor g = Tensor.of(numbers(random, y.shape()));
    Node gradient = composite(Gradients.of(y.mul(g).sum(), List.of(x)).getFirst(), "maxPoolGradient");
    same(gradient.op(), List.of(x.node(), Tensor.of(largest).node(), g.node()), drawn);
  }

  /** On all devices; the result. */
  private static HostArray same(Op op, List<Node> in, Drawn drawn) {
    CpuDevice one = Agreement.DEVICES.getFirst();
    Node called = Ops.node(op, in.toArray(Node[]::new));
    assertTrue(one.nativeKernel(op, in.stream().map(Node::type).toList(), called.types()).isPresent());
    HostArray expected = Agreement.onDevice(one, ((Op.Composite) op).body().inline(in, called.origin()).getFirst());
    for (CpuDevice device : Agreement.DEVICES) {
      HostArray actual = Agreement.onDevice(device, called);
      assertEquals(expected.type(), actual.type());
      // NaNs are equal, zeros with different signs are not.
      assertArrayEquals(expected.toDoubleArray(), actual.toDoubleArray(), () -> op.label() + " of " + drawn);
    }
    return expected;
  }

  /** The first is computed in several blocks, each followed by what goes along. */
  @Test
  void whatGoesAlongHasTheBitsOfWhatComesAfter() {
    var random = new SplittableRandom(62);
    for (long planes : new long[] {301, 2}) {
      for (PoolOptions options : List.of(PoolOptions.of(2), PoolOptions.of(3).withStride(2).withPadding(1))) {
        Tensor x = Tensor.of(numbers(random, Shape.of(planes, 22, 26)));
        Tensor g = Tensor.of(numbers(random, x.maxPool2d(options).shape()));
        Node pooled = composite(x.maxPool2d(options), "maxPool");
        followed(pooled, Tensor.of(numbers(random, pooled.type().shape())));
        Node gradient = composite(Gradients.of(x.maxPool2d(options).mul(g).sum(), List.of(x)).getFirst(), "maxPoolGradient");
        followed(gradient, Tensor.of(numbers(random, gradient.type().shape())));
      }
    }
  }

  private static void followed(Node called, Tensor factors) {
    Node body = ((Op.Composite) called.op()).body().inline(called.inputs(), called.origin()).getFirst();
    double[] expected = Agreement.onDevice(Agreement.DEVICES.getFirst(), Tensor.of(body).mul(factors).relu().node()).toDoubleArray();
    for (CpuDevice device : Agreement.DEVICES) {
      assertArrayEquals(expected, Agreement.onDevice(device, Tensor.of(called).mul(factors).relu().node()).toDoubleArray(),
          () -> called.op().label());
    }
  }

  static Node composite(Tensor of, String name) {
    return Graphs.topological(List.of(of.node())).stream()
        .filter(node -> node.op() instanceof Op.Composite composite && composite.name().equals(name)).findFirst().orElseThrow();
  }

  /** Whole numbers, so that many are equal, or any; now and then special ones, or nothing but the lowest. */
  private static HostArray numbers(SplittableRandom random, Shape shape) {
    boolean whole = random.nextBoolean();
    int special = random.nextInt(4);
    double[] values = random.doubles(shape.elements(), -4, 4)
        .map(x -> special == 3 ? Double.NEGATIVE_INFINITY : whole ? Math.rint(x) : x)
        .map(x -> special > 0 && random.nextInt(12) == 0 ? SPECIAL[random.nextInt(SPECIAL.length)] : x).toArray();
    return HostArray.ofDoubles(new TensorType(DType.F32, shape), values);
  }

  /** Worked out by hand: the padding, as low as the two elements of its window, shares with them. */
  @Test
  void whereAllIsAsLowAsThePaddingItSharesTheGradient() {
    Tensor x = Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F32, 2), Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY));
    Tensor y = x.maxPool1d(PoolOptions.of(4).withPadding(2).withStride(8));
    Tensor gradient = Gradients.of(y.sum(), List.of(x)).getFirst();
    assertArrayEquals(new double[] {0.25, 0.25}, Agreement.onDevice(Agreement.DEVICES.getFirst(), gradient.node()).toDoubleArray());
  }

  @Test
  void otherTypesUseTheBodies() {
    for (DType dtype : List.of(DType.F64, DType.F16, DType.BF16, DType.I32, DType.U8)) {
      Node pooled = Tensor.ones(TensorType.of(dtype, 4, 4)).maxPool2d(PoolOptions.of(2)).node();
      List<TensorType> in = pooled.inputs().stream().map(Node::type).toList();
      assertTrue(Agreement.DEVICES.getFirst().nativeKernel(pooled.op(), in, pooled.types()).isEmpty(), dtype::toString);
    }
  }
}
