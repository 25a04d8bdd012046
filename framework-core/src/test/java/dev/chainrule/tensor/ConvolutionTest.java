package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ConvolutionTest {

  /** A convolution over three axes; those with fewer have axes of size 1 in front. */
  private record Drawn(int axes, int batch, int groups, int inputs, int outputs, long[] size, long[] kernel, long[] stride, long[] dilation,
      long[] low, long[] high) {

    static Drawn of(SplittableRandom random) {
      int axes = 1 + random.nextInt(3);
      return new Drawn(axes, random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(2), 1 + random.nextInt(3), 1 + random.nextInt(2),
          1 + random.nextInt(2), numbers(random, axes, 1, 6, 1), numbers(random, axes, 1, 4, 1), numbers(random, axes, 1, 4, 1),
          numbers(random, axes, 1, 3, 1), numbers(random, axes, 0, 3, 0), numbers(random, axes, 0, 3, 0));
    }

    private static long[] numbers(SplittableRandom random, int axes, int from, int to, int missing) {
      return IntStream.range(0, 3).mapToLong(i -> i < 3 - axes ? missing : random.nextInt(from, to)).toArray();
    }

    ConvOptions options() {
      List<Op.Edge> edges = IntStream.range(3 - axes, 3).mapToObj(i -> new Op.Edge(low[i], high[i])).toList();
      ConvOptions options = ConvOptions.DEFAULT.withStride(own(stride)).withDilation(own(dilation)).withPadding(edges);
      return options.withGroups(groups);
    }

    private long[] own(long[] numbers) {
      return Arrays.copyOfRange(numbers, 3 - axes, 3);
    }

    long span(int i) {
      return (kernel[i] - 1) * dilation[i] + 1;
    }

    boolean fits() {
      return IntStream.range(0, 3).allMatch(i -> size[i] + low[i] + high[i] >= span(i));
    }

    long[] result() {
      return IntStream.range(0, 3).mapToLong(i -> Math.floorDiv(size[i] + low[i] + high[i] - span(i), stride[i]) + 1).toArray();
    }

    long[] transposedResult() {
      return IntStream.range(0, 3).mapToLong(i -> (size[i] - 1) * stride[i] + span(i) - low[i] - high[i] + outputPadding(i)).toArray();
    }

    /** Anything below the stride. */
    long outputPadding(int i) {
      return (size[i] + kernel[i]) % stride[i];
    }

    long[] x() {
      return join(batch, groups * inputs, own(size));
    }

    Tensor conv(Tensor x, Tensor w) {
      return switch (axes) {
        case 1 -> x.conv1d(w, options());
        case 2 -> x.conv2d(w, options());
        default -> x.conv3d(w, options());
      };
    }

    Tensor transposed(Tensor x, Tensor w) {
      long[] more = own(IntStream.range(0, 3).mapToLong(this::outputPadding).toArray());
      return switch (axes) {
        case 1 -> x.convTranspose1d(w, options(), more);
        case 2 -> x.convTranspose2d(w, options(), more);
        default -> x.convTranspose3d(w, options(), more);
      };
    }

    @Override
    public String toString() {
      return groups + " groups; size, kernel, stride, dilation, low, high "
          + Arrays.deepToString(new long[][] {size, kernel, stride, dilation, low, high});
    }

    /** Visits every product of output position p, kernel element q and input position; i is where it lies in the padded input. */
    interface Place {
      void at(long[] p, long[] q, long[] i);
    }

    void places(long[] positions, Place place) {
      for (long a = 0; a < positions[0]; a++) {
        for (long b = 0; b < positions[1]; b++) {
          for (long c = 0; c < positions[2]; c++) {
            for (long d = 0; d < kernel[0]; d++) {
              for (long e = 0; e < kernel[1]; e++) {
                for (long f = 0; f < kernel[2]; f++) {
                  long[] i = {a * stride[0] + d * dilation[0] - low[0], b * stride[1] + e * dilation[1] - low[1],
                      c * stride[2] + f * dilation[2] - low[2]};
                  place.at(new long[] {a, b, c}, new long[] {d, e, f}, i);
                }
              }
            }
          }
        }
      }
    }
  }

  private static long[] join(long first, long second, long[] rest) {
    return IntStream.range(0, rest.length + 2).mapToLong(i -> i == 0 ? first : i == 1 ? second : rest[i - 2]).toArray();
  }

  private static boolean inside(long[] i, long[] size) {
    return IntStream.range(0, 3).allMatch(k -> i[k] >= 0 && i[k] < size[k]);
  }

  private static int place(long first, long second, long seconds, long[] i, long[] size) {
    return (int) ((((first * seconds + second) * size[0] + i[0]) * size[1] + i[1]) * size[2] + i[2]);
  }

  private static Tensor integers(SplittableRandom random, long... shape) {
    TensorType type = TensorType.of(DType.F64, shape);
    return Tensor.of(HostArray.ofDoubles(type, random.ints(type.elements(), -4, 5).asDoubleStream().toArray()));
  }

  // --- against loops -------------------------------------------------------------------------------------------------------------------

  @Test
  @Tag("S8.10")
  void convolutionsAreTheirDefinition() {
    var random = new SplittableRandom(30);
    int fitting = 0;
    for (int round = 0; round < 600; round++) {
      Drawn c = Drawn.of(random);
      Tensor x = integers(random, c.x());
      Tensor w = integers(random, join(c.groups * c.outputs, c.inputs, c.own(c.kernel)));
      if (!c.fits()) {
        assertThrows(ShapeMismatchException.class, () -> c.conv(x, w));
        continue;
      }
      fitting++;
      long[] to = c.result();
      Tensor y = c.conv(x, w);
      assertEquals(Shape.of(join(c.batch, c.groups * c.outputs, c.own(to))), y.shape(), c::toString);
      assertArrayEquals(naive(c, readLongs(x), readLongs(w), to), readLongs(y), c::toString);
    }
    assertTrue(fitting > 300, fitting + " fit");
  }

  private static long[] naive(Drawn c, long[] x, long[] w, long[] to) {
    int filters = c.groups * c.outputs;
    long[] y = new long[Math.toIntExact(Shape.of(join(c.batch, filters, to)).elements())];
    for (int b = 0; b < c.batch; b++) {
      for (int f = 0; f < filters; f++) {
        for (int k = 0; k < c.inputs; k++) {
          int sample = b;
          int filter = f;
          int channel = k;
          int all = f / c.outputs * c.inputs + k;
          c.places(to, (p, q, i) -> {
            if (inside(i, c.size)) {
              y[place(sample, filter, filters, p, to)] += x[place(sample, all, (long) c.groups * c.inputs, i, c.size)]
                  * w[place(filter, channel, c.inputs, q, c.kernel)];
            }
          });
        }
      }
    }
    return y;
  }

  @Test
  @Tag("S8.12")
  void transposedConvolutionsSendEveryElementToItsWindow() {
    var random = new SplittableRandom(31);
    int fitting = 0;
    for (int round = 0; round < 600; round++) {
      Drawn c = Drawn.of(random);
      Tensor x = integers(random, c.x());
      Tensor w = integers(random, join(c.groups * c.inputs, c.outputs, c.own(c.kernel)));
      long[] to = c.transposedResult();
      if (Arrays.stream(to).anyMatch(n -> n < 1)) {
        assertThrows(ShapeMismatchException.class, () -> c.transposed(x, w));
        continue;
      }
      fitting++;
      Tensor y = c.transposed(x, w);
      assertEquals(Shape.of(join(c.batch, c.groups * c.outputs, c.own(to))), y.shape(), c::toString);
      assertArrayEquals(naiveTransposed(c, readLongs(x), readLongs(w), to), readLongs(y), c::toString);
    }
    assertTrue(fitting > 300, fitting + " fit");
  }

  private static long[] naiveTransposed(Drawn c, long[] x, long[] w, long[] to) {
    int channels = c.groups * c.inputs;
    int filters = c.groups * c.outputs;
    long[] y = new long[Math.toIntExact(Shape.of(join(c.batch, filters, to)).elements())];
    for (int b = 0; b < c.batch; b++) {
      for (int k = 0; k < channels; k++) {
        for (int f = 0; f < c.outputs; f++) {
          int sample = b;
          int channel = k;
          int filter = f;
          int all = k / c.inputs * c.outputs + f;
          c.places(c.size, (p, q, i) -> {
            if (inside(i, to)) {
              y[place(sample, all, filters, i, to)] +=
                  x[place(sample, channel, channels, p, c.size)] * w[place(channel, filter, c.outputs, q, c.kernel)];
            }
          });
        }
      }
    }
    return y;
  }

  // --- options -------------------------------------------------------------------------------------------------------------------------

  private static Tensor ones(long... shape) {
    return Tensor.ones(TensorType.of(DType.F32, shape));
  }

  @Test
  void withoutOptionsTheStrideIsOneAndNothingIsPadded() {
    assertEquals(Shape.of(2, 4, 6), ones(2, 3, 8).conv1d(ones(4, 3, 3)).shape());
    assertEquals(Shape.of(2, 4, 6, 5), ones(2, 3, 8, 5).conv2d(ones(4, 3, 3, 1)).shape());
    assertEquals(Shape.of(2, 4, 6, 5, 3), ones(2, 3, 8, 5, 4).conv3d(ones(4, 3, 3, 1, 2)).shape());
    assertEquals(Shape.of(2, 4, 7, 9), ones(2, 3, 7, 8).convTranspose2d(ones(3, 4, 1, 2), ConvOptions.DEFAULT).shape());
  }

  @Test
  void oneNumberHoldsForAllAxes() {
    Tensor x = ones(1, 1, 9, 11);
    Tensor w = ones(1, 1, 3, 3);
    var one = ConvOptions.DEFAULT.withStride(2).withPadding(1).withDilation(3);
    var each = ConvOptions.DEFAULT.withStride(2, 2).withPadding(1, 1).withDilation(3, 3);
    assertEquals(Shape.of(1, 1, 3, 4), x.conv2d(w, one).shape());
    assertArrayEquals(readLongs(x.conv2d(w, each)), readLongs(x.conv2d(w, one)));
  }

  @Test
  @Tag("S8.11")
  void samePaddingKeepsTheLength() {
    var same = ConvOptions.DEFAULT.withSamePadding();
    for (int length = 1; length < 8; length++) {
      for (int kernel = 1; kernel < 6; kernel++) {
        Tensor x = ones(1, 1, length);
        assertEquals(length, x.conv1d(ones(1, 1, kernel), same).dim(2));
        assertEquals(length, x.conv1d(ones(1, 1, kernel), same.withDilation(2)).dim(2));
        for (int stride = 2; stride < 4; stride++) {
          assertEquals((length + stride - 1) / stride, x.conv1d(ones(1, 1, kernel), same.withStride(stride)).dim(2));
        }
      }
    }
    // The odd zero comes after: windows of (1 2) (2 3) (3 0).
    Tensor x = Tensor.of(new float[] {1, 2, 3}, 1, 1, 3);
    assertArrayEquals(new long[] {21, 32, 3}, readLongs(x.conv1d(Tensor.of(new float[] {1, 10}, 1, 1, 2), same)));
  }

  @Test
  void aBiasIsAddedToEachFilter() {
    Tensor bias = Tensor.of(new float[] {10, 20});
    assertArrayEquals(new long[] {13, 13, 23, 23}, readLongs(ones(1, 3, 2).conv1d(ones(2, 3, 1)).add(bias.unsqueeze(1))));
    assertArrayEquals(new long[] {13, 13, 23, 23}, readLongs(ones(1, 3, 2, 1).conv2d(ones(2, 3, 1, 1)).add(bias.reshape(-1, 1, 1))));
  }

  // --- what is refused -----------------------------------------------------------------------------------------------------------------

  private static void assertRefused(Class<? extends ChainruleException> type, String start, Executable call) {
    var e = assertThrows(type, call);
    assertTrue(e.getMessage().startsWith(start), e.getMessage());
  }

  @Test
  void operandsOfTheWrongRankSayWhatTheirAxesAre() {
    assertRefused(ShapeMismatchException.class, "[conv2d] f32[3,8,8], expected [batch, channels, height, width]",
        () -> ones(3, 8, 8).conv2d(ones(4, 3, 3, 3)));
    assertRefused(ShapeMismatchException.class, "[conv1d] weights f32[4,3,3,3], expected [filters, channels/groups, length]",
        () -> ones(1, 3, 8).conv1d(ones(4, 3, 3, 3)));
    assertRefused(ShapeMismatchException.class,
        "[convTranspose3d] weights f32[4,3], expected [channels, filters/groups, depth, height, width]",
        () -> ones(1, 4, 2, 2, 2).convTranspose3d(ones(4, 3), ConvOptions.DEFAULT));
  }

  @Test
  void channelsThatDoNotFitAreNamed() {
    assertRefused(ShapeMismatchException.class, "[conv2d] weights f32[4,2,3,3] are for 2 channels, got f32[1,3,8,8] with 3",
        () -> ones(1, 3, 8, 8).conv2d(ones(4, 2, 3, 3)));
    assertRefused(ShapeMismatchException.class, "[conv1d] weights f32[4,2,3] are for 4 channels in 2 groups, got f32[1,6,8] with 6",
        () -> ones(1, 6, 8).conv1d(ones(4, 2, 3), ConvOptions.DEFAULT.withGroups(2)));
    assertRefused(ShapeMismatchException.class, "[conv1d] the 3 filters of f32[3,2,3] do not divide into 2 groups",
        () -> ones(1, 4, 8).conv1d(ones(3, 2, 3), ConvOptions.DEFAULT.withGroups(2)));
    assertRefused(ShapeMismatchException.class, "[convTranspose1d] weights f32[4,2,3] are for 4 channels, got f32[1,3,8] with 3",
        () -> ones(1, 3, 8).convTranspose1d(ones(4, 2, 3), ConvOptions.DEFAULT));
    assertRefused(ShapeMismatchException.class, "[convTranspose1d] the 3 channels of f32[1,3,8] do not divide into 2 groups",
        () -> ones(1, 3, 8).convTranspose1d(ones(3, 2, 3), ConvOptions.DEFAULT.withGroups(2)));
  }

  @Test
  void kernelsThatDoNotFitNameTheAxis() {
    assertRefused(ShapeMismatchException.class,
        "[conv2d] axis 3 of f32[1,1,8,2]: a kernel of 3 with dilation 2 does not fit a length of 2 + 1 + 1",
        () -> ones(1, 1, 8, 2).conv2d(ones(1, 1, 3, 3), ConvOptions.DEFAULT.withPadding(1).withDilation(2)));
    assertRefused(ShapeMismatchException.class, "[conv1d] axis 2 of f32[1,1,0]: a kernel of 1 does not fit a length of 0",
        () -> ones(1, 1, 0).conv1d(ones(1, 1, 1)));
    assertRefused(ShapeMismatchException.class, "[conv1d] axis 2 of weights f32[1,1,0] is empty",
        () -> ones(1, 1, 2).conv1d(ones(1, 1, 0)));
    assertRefused(ShapeMismatchException.class,
        "[convTranspose1d] axis 2 of f32[1,1,2] becomes empty: a kernel of 1 with stride 1, 1 and 1",
        () -> ones(1, 1, 2).convTranspose1d(ones(1, 1, 1), ConvOptions.DEFAULT.withPadding(1)));
    assertRefused(ShapeMismatchException.class, "[convTranspose1d] axis 2 of f32[1,1,0] becomes empty",
        () -> ones(1, 1, 0).convTranspose1d(ones(1, 1, 5), ConvOptions.DEFAULT));
  }

  @Test
  void elementTypesAreEqualAndFloating() {
    Tensor x = ones(1, 1, 4);
    assertRefused(DTypeMismatchException.class, "[conv1d] element types differ: f32[1,1,4] and weights f64[1,1,2]",
        () -> x.conv1d(ones(1, 1, 2).cast(DType.F64)));
    assertRefused(DTypeMismatchException.class, "[conv1d] not defined for i32[1,1,4]",
        () -> x.cast(DType.I32).conv1d(ones(1, 1, 2).cast(DType.I32)));
  }

  @Test
  void optionsOutsideTheirRangeAreRefusedWhereTheyAreGiven() {
    var options = ConvOptions.DEFAULT;
    assertRefused(InvalidArgumentException.class, "[convOptions] stride [0], expected 1 or more", () -> options.withStride(0));
    assertRefused(InvalidArgumentException.class, "[convOptions] dilation [1, -1]", () -> options.withDilation(1, -1));
    assertRefused(InvalidArgumentException.class, "[convOptions] padding [Edge[low=-1, high=-1]]", () -> options.withPadding(-1));
    assertRefused(InvalidArgumentException.class, "[convOptions] stride []", options::withStride);
    assertRefused(InvalidArgumentException.class, "[convOptions] 0 groups, expected 1 or more", () -> options.withGroups(0));
    assertRefused(InvalidArgumentException.class, "[conv2d] stride has 3 numbers, expected 1 or 2",
        () -> ones(1, 1, 4, 4).conv2d(ones(1, 1, 2, 2), options.withStride(1, 1, 1)));
    assertRefused(InvalidArgumentException.class, "[convTranspose1d] output padding 2 with stride 2, expected 0 to 1",
        () -> ones(1, 1, 4).convTranspose1d(ones(1, 1, 2), options.withStride(2), 2));
    assertRefused(InvalidArgumentException.class, "[convTranspose1d] a transposed convolution has no same padding",
        () -> ones(1, 1, 4).convTranspose1d(ones(1, 1, 2), options.withSamePadding()));
  }
}
