package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kernels without folds that write where they read, as an optimizer's do. */
class KernelUpdateTest {

  /** The first buffer gets what the second held, the second the sum; each result needs what the other overwrites. */
  @ParameterizedTest
  @EnumSource(names = {"F32", "F64", "BF16", "I32", "I64", "U8"})
  void allOfABlockIsReadBeforeAnyIsWritten(DType dtype) {
    for (long n : new long[] {1, 7, 1023, 1024, 1025, 70_001}) {
      for (Layout layout : List.of(Layout.dense(Shape.of(n)), Layout.dense(Shape.of(n, 3)).permute(Axes.of(1, 0)),
          Layout.dense(Shape.of(2 * n)).slice(List.of(new Op.Range(2 * n - 1, n, -2))))) {
        check(dtype, layout, n * (layout.shape().rank() == 2 ? 3 : 2));
      }
    }
  }

  private static void check(DType dtype, Layout layout, long elements) {
    HostArray a = Samples.plainArray(dtype, 1, elements);
    HostArray b = Samples.plainArray(dtype, 2, elements);
    var first = new Operand(new BufferRef.Output(0), dtype, layout);
    var second = new Operand(new BufferRef.Output(1), dtype, layout);
    List<KernelExpression> values = List.of(new KernelExpression.Load(0, dtype, layout), new KernelExpression.Load(1, dtype, layout),
        new KernelExpression.Apply(new Op.Add(), List.of(0, 1), dtype));
    var kernel = new GeneratedKernel(layout.shape(), Axes.NONE, values,
        List.of(new GeneratedKernel.Result(1, layout), new GeneratedKernel.Result(2, layout)), List.of());
    var update = new Instruction.Compute(kernel, List.of(first, second), List.of(first, second), List.of(), List.of(Origin.NONE));
    boolean[] reached = reached(layout, elements);
    for (CpuDevice device : Agreement.DEVICES) {
      List<HostArray> after = new KernelRun(List.of(update), List.of(), List.of(a, b)).on(device).outputs();
      for (int i = 0; i < elements; i++) {
        assertEquals(reached[i] ? b.doubleAt(i) : a.doubleAt(i), after.get(0).doubleAt(i));
        assertEquals(reached[i] ? sum(dtype, a.doubleAt(i) + b.doubleAt(i)) : b.doubleAt(i), after.get(1).doubleAt(i));
      }
    }
  }

  private static double sum(DType dtype, double exact) {
    TensorType one = TensorType.of(dtype, 1);
    return (dtype.isFloating() ? HostArray.ofDoubles(one, exact) : HostArray.ofLongs(one, (long) exact)).doubleAt(0);
  }

  private static boolean[] reached(Layout layout, long elements) {
    boolean[] reached = new boolean[Math.toIntExact(elements)];
    for (long i = 0; i < layout.shape().elements(); i++) {
      long at = layout.offset();
      long rest = i;
      for (int axis = layout.shape().rank() - 1; axis >= 0; axis--) {
        at += rest % layout.shape().dim(axis) * layout.stride(axis);
        rest /= layout.shape().dim(axis);
      }
      reached[Math.toIntExact(at)] = true;
    }
    return reached;
  }
}
