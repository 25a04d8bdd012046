package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels of many values, folds and results: the bits of one kernel for each value, and these are right. */
class GeneratedKernelTest {

  private static final List<CpuDevice> DEVICES = List.of(new CpuDevice(1), new CpuDevice(2), new CpuDevice(4));

  @AfterAll
  static void close() {
    DEVICES.forEach(CpuDevice::close);
  }

  @ParameterizedTest
  @EnumSource
  @Tag("S19.12")
  void randomKernelsGiveTheBitsOfTheirParts(DType dtype) {
    for (int seed = 0; seed < 400; seed++) {
      WrittenKernel kernel = RandomKernels.of(seed, dtype);
      List<HostArray> parts = agree(kernel);
      for (int i = 0; i < kernel.values.size(); i++) {
        checkPart(kernel, i, parts.subList(kernel.outputs().size(), parts.size()));
      }
    }
  }

  /** One thread's bits on all devices, and apart; returns what apart has come to. */
  private static List<HostArray> agree(WrittenKernel kernel) {
    KernelRun.Outcome apart = kernel.apart().on(DEVICES.getFirst());
    for (CpuDevice device : DEVICES) {
      List<HostArray> fused = kernel.fused().on(device).outputs();
      for (int i = 0; i < fused.size(); i++) {
        requireSame(kernel + " result " + i + " on " + device.info().description(), apart.outputs().get(i), fused.get(i));
      }
      if (device != DEVICES.getFirst()) {
        List<HostArray> again = kernel.apart().on(device).outputs();
        for (int i = 0; i < again.size(); i++) {
          requireSame(kernel + " apart " + i + " on " + device.info().description(), apart.outputs().get(i), again.get(i));
        }
      }
    }
    return apart.outputs();
  }

  /** Equal bits, but that one NaN is as good as another. */
  static void requireSame(String what, HostArray expected, HostArray actual) {
    if (expected.equals(actual)) {
      return;
    }
    for (long i = 0; i < expected.elements(); i++) {
      boolean same = expected.type().dtype().isFloating()
          ? Double.compare(expected.doubleAt(i), actual.doubleAt(i)) == 0
          : expected.longAt(i) == actual.longAt(i);
      if (!same) {
        fail(what + " element " + i + ": expected " + expected.doubleAt(i) + ", got " + actual.doubleAt(i));
      }
    }
  }

  /** One operation on what its arguments have come to, against the interpreter; a fold against its tree. */
  private static void checkPart(WrittenKernel kernel, int number, List<HostArray> parts) {
    HostArray actual = parts.get(number);
    String what = kernel + " value " + number;
    switch (kernel.values.get(number)) {
      case KernelExpression.Load load -> {
        HostArray source = kernel.inputs().get(load.argument());
        for (long i = 0; i < actual.elements(); i++) {
          assertEquals(source.doubleAt(at(load.layout(), i)), actual.doubleAt(i), what);
        }
      }
      case KernelExpression.Index(DType dtype, int axis) -> requireSame(what,
          Agreement.reference(Ops.node(new Op.Iota(new TensorType(dtype, kernel.domain), axis))), actual);
      case KernelExpression.Apply apply -> {
        Node[] inputs = apply.arguments().stream().map(argument -> dense(kernel, argument, parts)).toArray(Node[]::new);
        HostArray expected = Agreement.reference(Ops.node(apply.op(), inputs));
        int ulps = apply.op() instanceof Op.Exp || apply.op() instanceof Op.Tanh ? apply.dtype() == DType.F64 ? 4 : 1 : 0;
        requireNear(what, expected, actual, ulps);
      }
      case KernelExpression.Fold fold -> requireSame(what,
          NaiveFold.of(fold.fold(), Agreement.reference(dense(kernel, fold.argument(), parts)), kernel.domain, kernel.folded, fold.dtype()),
          actual);
    }
  }

  private static Node dense(WrittenKernel kernel, int number, List<HostArray> parts) {
    boolean fold = kernel.values.get(number) instanceof KernelExpression.Fold;
    Shape shape = fold ? kernel.domain.keeping(kernel.folded) : kernel.domain;
    Node node = Ops.node(new Op.Reshape(shape), Ops.input(parts.get(number)));
    return fold ? Ops.node(new Op.Expand(kernel.domain), node) : node;
  }

  private static long at(Layout layout, long i) {
    long at = layout.offset();
    long rest = i;
    for (int axis = layout.shape().rank() - 1; axis >= 0; axis--) {
      at += rest % layout.shape().dim(axis) * layout.stride(axis);
      rest /= layout.shape().dim(axis);
    }
    return at;
  }

  private static void requireNear(String what, HostArray expected, HostArray actual, int ulps) {
    if (ulps == 0) {
      requireSame(what, expected, actual);
      return;
    }
    for (long i = 0; i < expected.elements(); i++) {
      double e = expected.doubleAt(i);
      double a = actual.doubleAt(i);
      if (Double.compare(e, a) != 0 && !(Math.abs(e - a) <= ulps * Agreement.ulp(expected.type().dtype(), e))) {
        fail(what + " element " + i + ": expected " + e + ", got " + a);
      }
    }
  }

  // --- kernels that people write -----------------------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 511, 512, 513, 1023, 1024, 1025, 2048, 65_535, 65_536, 65_537, 200_000})
  @Tag("S19.12")
  void foldsOfAnyLengthHaveTheirTree(int n) {
    List<DType> all = List.of(DType.F32, DType.F16, DType.F64, DType.I32, DType.U8, DType.BOOL);
    for (DType dtype : n > 4096 ? List.of(DType.F32, DType.BF16) : all) {
      for (Op.Fold fold : Op.Fold.values()) {
        if (n <= 4096 || fold == Op.Fold.SUM || fold == Op.Fold.PROD) {
          foldAlone(fold, dtype, n);
        }
      }
    }
  }

  private static void foldAlone(Op.Fold fold, DType dtype, int n) {
    List<Shape> domains = new ArrayList<>(List.of(Shape.of(n), Shape.of(3, n), Shape.of(n, 3), Shape.of(1, n, 1)));
    if (n <= 4096) {
      domains.addAll(List.of(Shape.of(n, 70), Shape.of(40, n), Shape.of(2, n, 5), Shape.of(n, 300)));
    }
    if (n <= 64) {
      domains.addAll(List.of(Shape.of(n, 2500), Shape.of(700, n), Shape.of(60, n, 4)));
    }
    for (Shape domain : domains) {
      int axis = domain.dim(0) == n ? 0 : 1;
      var kernel = new WrittenKernel(domain, Axes.of(axis));
      int x = RandomKernels.load(kernel, dtype, new Random(n), true);
      int folded = kernel.fold(fold, x);
      kernel.foldedResult(folded);
      HostArray expected = NaiveFold.of(fold, kernel.inputs().getFirst(), domain, kernel.folded, kernel.dtype(folded));
      for (CpuDevice device : DEVICES) {
        requireSame(kernel + " on " + device.info().description(), expected, kernel.fused().on(device).outputs().getFirst());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10, 16, 17, 63, 64, 65, 512, 513, 1023, 1024, 1025, 2048, 65_535, 65_536, 65_537, 200_000})
  void softmaxAndNormalisationGiveTheBitsOfTheirParts(int n) {
    for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16, DType.F64)) {
      List<Shape> small = List.of(Shape.of(67, n), Shape.of(n, 67), Shape.of(3, n, 9));
      for (Shape domain : n > 4096 ? List.of(Shape.of(2, n), Shape.of(n, 2)) : small) {
        Axes axes = Axes.of(domain.dim(0) == n ? 0 : 1);
        agree(softmax(domain, axes, dtype));
        agree(normalisation(domain, axes, dtype));
      }
    }
  }

  static WrittenKernel softmax(Shape domain, Axes axes, DType dtype) {
    var kernel = new WrittenKernel(domain, axes);
    int x = RandomKernels.load(kernel, dtype, new Random(1), true);
    int e = kernel.apply(new Op.Exp(), kernel.apply(new Op.Sub(), x, kernel.fold(Op.Fold.MAX, x)));
    kernel.result(kernel.apply(new Op.Div(), e, kernel.fold(Op.Fold.SUM, e)));
    return kernel;
  }

  /** Mean, then variance, then the normalised values; mean and reciprocal deviation are results too. */
  static WrittenKernel normalisation(Shape domain, Axes axes, DType dtype) {
    var kernel = new WrittenKernel(domain, axes);
    int x = RandomKernels.load(kernel, dtype, new Random(2), true);
    Layout all = Layout.dense(Shape.SCALAR).expand(domain);
    double terms = (double) domain.elements() / domain.keeping(axes).elements();
    int count = kernel.load(HostArray.ofDoubles(TensorType.of(dtype, 1), terms), all);
    int epsilon = kernel.load(HostArray.ofDoubles(TensorType.of(dtype, 1), 1e-3), all);
    int mean = kernel.apply(new Op.Div(), kernel.fold(Op.Fold.SUM, x), count);
    int centred = kernel.apply(new Op.Sub(), x, mean);
    int squares = kernel.fold(Op.Fold.SUM, kernel.apply(new Op.Mul(), centred, centred));
    int scale = kernel.apply(new Op.Rsqrt(), kernel.apply(new Op.Add(), kernel.apply(new Op.Div(), squares, count), epsilon));
    kernel.result(kernel.apply(new Op.Mul(), centred, scale));
    kernel.foldedResult(mean);
    kernel.foldedResult(scale);
    return kernel;
  }

}
