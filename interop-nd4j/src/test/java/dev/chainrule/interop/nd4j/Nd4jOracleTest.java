package dev.chainrule.interop.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.enums.WeightsFormat;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Matrix products, reductions, convolutions and softmax of random shapes, held against what ND4J computes in f64: a library that shares
 * no line with this one. Bounds are those of sums of n terms in any order, n u times the sum of the terms' sizes (Higham, Accuracy and
 * Stability of Numerical Algorithms, 4.2); for results in f64, ND4J's own error counts as well.
 */
class Nd4jOracleTest {

  private static final int ROUNDS = 30;

  /** One operand on both sides: the tensor, the same values in f64 over there, and their sizes. */
  private record Operand(Tensor tensor, INDArray exact, INDArray sizes) {

    static Operand random(Random random, DType dtype, long... dims) {
      HostArray values = HostArray.generated(TensorType.of(dtype, dims), () -> random.nextGaussian() * 2);
      INDArray exact = Nd4jArrays.toArray(values).castTo(DataType.DOUBLE);
      return new Operand(Tensor.of(values), exact, Transforms.abs(exact, true));
    }
  }

  private static double roundoff(DType dtype) {
    return dtype == DType.F32 ? 0x1p-24 : 0x1p-52; // of f64 twice 2^-53: for both sides
  }

  /** |actual - expected| <= terms u sizes, element by element. */
  private static void assertAgree(String what, Tensor actual, INDArray expected, double terms, INDArray sizes) {
    double[] values = actual.toDoubleArray();
    double[] exact = Nd4jArrays.toHostArray(expected).toDoubleArray();
    double[] bounds = Nd4jArrays.toHostArray(sizes).toDoubleArray();
    assertArrayEquals(expected.shape(), actual.shape().dims(), what);
    for (int i = 0; i < values.length; i++) {
      double bound = terms * roundoff(actual.dtype()) * bounds[i] + Float.MIN_VALUE;
      assertTrue(Math.abs(values[i] - exact[i]) <= bound,
          what + ": element " + i + " is " + values[i] + ", ND4J has " + exact[i] + ", apart by more than " + bound);
    }
  }

  private static long upTo(Random random, int most) {
    return 1 + random.nextInt(most);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F64"})
  void matrixProducts(DType dtype) {
    var random = new Random(1);
    for (int round = 0; round < ROUNDS; round++) {
      int most = round % 3 == 0 ? 150 : 20;
      long m = upTo(random, most);
      long k = upTo(random, most);
      long n = upTo(random, most);
      Operand x = Operand.random(random, dtype, m, k);
      Operand y = Operand.random(random, dtype, k, n);
      String what = m + "x" + k + " times " + k + "x" + n;
      assertAgree(what, x.tensor.matmul(y.tensor), x.exact.mmul(y.exact), k, x.sizes.mmul(y.sizes));
      Operand z = Operand.random(random, dtype, n, k);
      assertAgree(what + " transposed", x.tensor.matmul(z.tensor.transpose()), x.exact.mmul(z.exact.transpose()), k,
          x.sizes.mmul(z.sizes.transpose()));
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F64"})
  void batchesOfMatrixProducts(DType dtype) {
    var random = new Random(2);
    for (int round = 0; round < ROUNDS / 2; round++) {
      long batch = upTo(random, 5);
      long k = upTo(random, 40);
      Operand x = Operand.random(random, dtype, batch, upTo(random, 40), k);
      Operand y = Operand.random(random, dtype, batch, k, upTo(random, 40));
      assertAgree("batch of " + batch, x.tensor.matmul(y.tensor), Nd4j.matmul(x.exact, y.exact), k, Nd4j.matmul(x.sizes, y.sizes));
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F64"})
  void reductions(DType dtype) {
    var random = new Random(3);
    for (int round = 0; round < ROUNDS; round++) {
      long[] dims = random.longs(2 + random.nextInt(3), 1, round % 3 == 0 ? 30 : 8).toArray();
      int[] axes = IntStream.range(0, dims.length).filter(_ -> random.nextBoolean()).toArray();
      if (axes.length == 0) {
        axes = new int[] {random.nextInt(dims.length)};
      }
      long n = Arrays.stream(axes).mapToLong(a -> dims[a]).reduce(1, (a, b) -> a * b);
      Operand x = Operand.random(random, dtype, dims);
      String what = Arrays.toString(dims) + " over " + Arrays.toString(axes);
      INDArray sizes = shaped(x.sizes.sum(axes), x.tensor.sum(axes));
      assertAgree("sum of " + what, x.tensor.sum(axes), shaped(x.exact.sum(axes), x.tensor.sum(axes)), n, sizes);
      assertAgree("mean of " + what, x.tensor.mean(axes), shaped(x.exact.mean(axes), x.tensor.sum(axes)), n + 2, sizes.div(n));
      INDArray product = shaped(x.exact.prod(axes), x.tensor.sum(axes));
      if (n < 40) { // beyond that products leave the range of f32
        assertAgree("prod of " + what, x.tensor.prod(axes), product, n, Transforms.abs(product, true));
      }
      assertAgree("max of " + what, x.tensor.max(axes), shaped(x.exact.max(axes), x.tensor.max(axes)), 0, sizes);
      assertAgree("min of " + what, x.tensor.min(axes), shaped(x.exact.min(axes), x.tensor.min(axes)), 0, sizes);
      int axis = axes[0];
      INDArray where = Nd4j.argMax(x.exact, axis);
      assertArrayEquals(Nd4jArrays.toHostArray(where).toLongArray(), x.tensor.argmax(axis).toLongArray(), "argmax of " + what);
    }
  }

  /** ND4J gives some full reductions a shape of their own. */
  private static INDArray shaped(INDArray array, Tensor like) {
    return array.reshape('c', like.shape().dims());
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F64"})
  void convolutions(DType dtype) {
    var random = new Random(4);
    for (int round = 0; round < ROUNDS; round++) {
      long channels = upTo(random, round % 4 == 0 ? 20 : 4);
      long kernelHeight = upTo(random, 4);
      long kernelWidth = upTo(random, 4);
      long stride = upTo(random, 3);
      long padding = random.nextInt(3);
      long dilation = upTo(random, 2);
      long height = (kernelHeight - 1) * dilation + upTo(random, 12);
      long width = (kernelWidth - 1) * dilation + upTo(random, 12);
      Operand x = Operand.random(random, dtype, upTo(random, 3), channels, height, width);
      Operand w = Operand.random(random, dtype, upTo(random, 9), channels, kernelHeight, kernelWidth);
      Conv2DConfig config = Conv2DConfig.builder().kH(kernelHeight).kW(kernelWidth).sH(stride).sW(stride).pH(padding).pW(padding)
          .dH(dilation).dW(dilation).paddingMode(PaddingMode.VALID).dataFormat(Conv2DConfig.NCHW).weightsFormat(WeightsFormat.OIYX).build();
      Tensor actual = x.tensor.conv2d(w.tensor, ConvOptions.DEFAULT.withStride(stride).withPadding(padding).withDilation(dilation));
      assertAgree(x.tensor.type() + " by " + w.tensor.type() + ", stride " + stride + ", padding " + padding + ", dilation " + dilation,
          actual, Nd4j.cnn().conv2d(x.exact, w.exact, config), channels * kernelHeight * kernelWidth,
          Nd4j.cnn().conv2d(x.sizes, w.sizes, config));
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F64"})
  void softmaxes(DType dtype) {
    var random = new Random(5);
    for (int round = 0; round < ROUNDS; round++) {
      long[] dims = random.longs(1 + random.nextInt(3), 1, 40).toArray();
      int axis = random.nextInt(dims.length);
      Operand x = Operand.random(random, dtype, dims);
      INDArray expected = Nd4j.nn().softmax(x.exact, axis);
      // The exponent is off by u |x - max|, at most 20 u here; exp itself by a few; then the sum and the division.
      double terms = dims[axis] + 32.0;
      String what = Arrays.toString(dims) + " along " + axis;
      assertAgree("softmax of " + what, x.tensor.softmax(axis), expected, terms, expected);
      INDArray logarithms = Transforms.log(expected, true); // ND4J's own logSoftmax takes the last axis, whatever it is given
      assertAgree("logSoftmax of " + what, x.tensor.logSoftmax(axis), logarithms, terms,
          Transforms.abs(logarithms, true).add(x.sizes).add(1));
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F64"})
  void aWrongResultIsNoticed(DType dtype) {
    Operand x = Operand.random(new Random(6), dtype, 10, 10);
    Function<Tensor, Tensor> wrong = t -> t.add(dtype == DType.F32 ? 1e-4 : 1e-12);
    boolean noticed = false;
    try {
      assertAgree("", wrong.apply(x.tensor.matmul(x.tensor)), x.exact.mmul(x.exact), 10, x.sizes.mmul(x.sizes));
    } catch (AssertionError e) {
      noticed = true;
    }
    assertTrue(noticed);
  }
}
