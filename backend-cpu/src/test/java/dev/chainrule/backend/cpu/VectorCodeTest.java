package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Layout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Generated classes give the bits of the block interpreter, which has the reference's. */
class VectorCodeTest {

  private static final CpuDevice INTERPRETED = new CpuDevice(1, Generation.OFF);
  private static final CpuDevice GENERATED = new CpuDevice(1, Generation.EAGER);
  private static final CpuDevice PARALLEL = new CpuDevice(3, Generation.EAGER);

  @AfterAll
  static void close() {
    List.of(INTERPRETED, GENERATED, PARALLEL).forEach(CpuDevice::close);
  }

  private static void agree(WrittenKernel kernel) {
    KernelRun.Outcome expected = kernel.fused().on(INTERPRETED);
    for (CpuDevice device : List.of(GENERATED, PARALLEL)) {
      KernelRun.Outcome actual = kernel.fused().on(device);
      assertEquals(expected.fault(), actual.fault(), kernel::toString);
      for (int i = 0; i < expected.outputs().size(); i++) {
        GeneratedKernelTest.requireSame(kernel + " result " + i, expected.outputs().get(i), actual.outputs().get(i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @Tag("S19.13")
  void randomKernelsHaveTheInterpretersBits(DType dtype) {
    for (int seed = 0; seed < 150; seed++) {
      agree(RandomKernels.of(seed, dtype));
    }
  }

  /** A bias over rows that end within vectors, tiles and neither. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 63, 64, 65, 128, 250, 257, 300, 512, 1000, 1024, 1040, 3000})
  void longRowsHaveTheInterpretersBits(int width) {
    for (int rows : new int[] {1, 2, 7, 64}) {
      for (DType result : List.of(DType.F32, DType.BF16)) {
        var kernel = new WrittenKernel(Shape.of(rows, width), Axes.NONE);
        int x = kernel.load(Samples.plainArray(DType.F32, 1, (long) rows * width), Layout.dense(kernel.domain));
        int bias = kernel.load(Samples.plainArray(DType.F32, 2, width), Layout.dense(Shape.of(width)).expand(kernel.domain));
        int sum = kernel.apply(new Op.Add(), x, bias);
        kernel.result(kernel.apply(new Op.Cast(result), kernel.apply(new Op.Tanh(), sum)));
        kernel.check(sum);
        agree(kernel);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10, 15, 16, 17, 32, 48, 63, 64, 65, 112, 512, 1023, 1024, 1025, 1040, 1072, 2048, 65_537, 200_000})
  void softmaxAndNormalisationHaveTheInterpretersBits(int n) {
    for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
      List<Shape> domains =
          n > 4096 ? List.of(Shape.of(2, n), Shape.of(n, 2)) : List.of(Shape.of(67, n), Shape.of(n, 67), Shape.of(3, n, 9));
      for (Shape domain : domains) {
        Axes axes = Axes.of(domain.dim(0) == n ? 0 : 1);
        agree(GeneratedKernelTest.softmax(domain, axes, dtype));
        agree(GeneratedKernelTest.normalisation(domain, axes, dtype));
      }
    }
  }

  /** A number for each row, as a float and as a class, and rows of heads, which are evenly spaced within a sequence only. */
  @ParameterizedTest
  @ValueSource(ints = {16, 32, 48, 100, 128, 512, 768, 1024, 1040})
  void numbersOfRowsHaveTheInterpretersBits(int width) {
    for (Axes folded : List.of(Axes.NONE, Axes.of(3), Axes.of(0, 1, 2), Axes.of(1))) {
      var kernel = new WrittenKernel(Shape.of(2, 3, 5, width), folded);
      Shape rows = Shape.of(2, 3, 5, 1);
      int x = kernel.load(Samples.plainArray(DType.F32, 1, 30L * width), Layout.dense(kernel.domain));
      int heads = kernel.load(Samples.plainArray(DType.F32, 2, 30L * width),
          Layout.dense(Shape.of(2, 5, 3, width)).permute(Axes.of(0, 2, 1, 3)));
      int number = kernel.load(Samples.plainArray(DType.F32, 3, 30), Layout.dense(rows).expand(kernel.domain));
      int label = kernel.load(Samples.plainArray(DType.I32, 4, 30), Layout.dense(rows).expand(kernel.domain));
      int bias = kernel.load(Samples.plainArray(DType.F32, 5, width), Layout.dense(Shape.of(width)).expand(kernel.domain));
      int product = kernel.apply(new Op.Add(), kernel.apply(new Op.Mul(), kernel.apply(new Op.Sub(), x, number), heads), bias);
      int chosen = kernel.apply(new Op.Equal(), kernel.index(DType.I32, 3), label);
      int value = kernel.apply(new Op.Where(), chosen, kernel.apply(new Op.Tanh(), product), product);
      kernel.result(value);
      if (folded.count() > 0) {
        int sum = kernel.fold(Op.Fold.SUM, value);
        int largest = kernel.fold(Op.Fold.MAX, kernel.apply(new Op.Sub(), value, sum));
        kernel.foldedResult(largest);
        kernel.result(kernel.apply(new Op.Mul(), kernel.apply(new Op.Sub(), value, largest), bias));
      }
      agree(kernel);
    }
  }

  /** Their sum is one too, so lanes and columns to which no element has come yet hold none of the other sign. */
  @ParameterizedTest
  @ValueSource(ints = {16, 32, 64, 96, 2048})
  void negativeZerosAddUpToOne(int n) {
    float[] zeros = new float[40 * n];
    Arrays.fill(zeros, -0.0f);
    for (Shape domain : List.of(Shape.of(40, n), Shape.of(n, 40), Shape.of(n / 16, 640))) {
      var kernel = new WrittenKernel(domain, Axes.of(domain.dim(0) == 40 ? 1 : 0));
      int x = kernel.load(HostArray.ofFloats(new TensorType(DType.F32, domain), zeros), Layout.dense(domain));
      kernel.foldedResult(kernel.fold(Op.Fold.SUM, kernel.apply(new Op.Add(), x, x)));
      for (float sum : kernel.fused().on(GENERATED).outputs().getFirst().toFloatArray()) {
        assertEquals(-0.0f, sum, kernel::toString); // bits count
      }
      agree(kernel);
    }
  }

  /** Rows of whole vectors are added up as vectors; a tile begins a block of the fold's tree or goes on with one, the last one ends early. */
  @ParameterizedTest
  @ValueSource(ints = {16, 48, 64, 100, 128, 512, 1024, 1040, 3000})
  void sumsOfRowsHaveTheInterpretersBits(int width) {
    for (int rows : new int[] {70, 129, 1000}) {
      for (DType dtype : List.of(DType.F32, DType.BF16)) {
        var kernel = new WrittenKernel(Shape.of(rows, width), Axes.of(0));
        int x = kernel.load(Samples.plainArray(dtype, rows, (long) rows * width), Layout.dense(kernel.domain));
        kernel.foldedResult(kernel.fold(Op.Fold.SUM, x));
        kernel.foldedResult(kernel.fold(Op.Fold.SUM, kernel.apply(new Op.Mul(), x, x)));
        kernel.foldedResult(kernel.fold(Op.Fold.MAX, x));
        agree(kernel);
      }
    }
  }

  /** Rows of 300 end within a vector; the second phase leaves its exponentials in the register from which it reads x. */
  @Test
  void theEndOfARowLeavesTheNextOneAlone() {
    var kernel = new WrittenKernel(Shape.of(3, 300), Axes.of(1));
    int x = kernel.load(Samples.plainArray(DType.F32, 1, 900), Layout.dense(kernel.domain));
    int max = kernel.fold(Op.Fold.MAX, x);
    int scale = kernel.load(Samples.plainArray(DType.F32, 2, 300), Layout.dense(Shape.of(300)).expand(kernel.domain));
    int distance = kernel.apply(new Op.Neg(), kernel.apply(new Op.Sub(), kernel.apply(new Op.Mul(), x, scale), max));
    int e = kernel.apply(new Op.Exp(), distance);
    kernel.result(kernel.apply(new Op.Div(), e, kernel.fold(Op.Fold.SUM, e)));
    agree(kernel);
  }
}
