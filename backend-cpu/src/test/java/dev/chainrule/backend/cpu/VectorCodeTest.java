package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
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
  @ValueSource(ints = {1, 2, 10, 15, 16, 17, 63, 64, 65, 512, 1023, 1024, 1025, 2048, 65_537, 200_000})
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
