package dev.chainrule.plan;

import dev.chainrule.graph.Axes;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What must hold of a generated kernel by itself: its operands are those that it speaks of, and no element is written twice. */
final class KernelVerifier {

  private KernelVerifier() {}

  /**
   * Looks at one kernel.
   *
   * @throws IllegalStateException with what is wrong
   */
  static void verify(Instruction.Compute compute) {
    GeneratedKernel kernel = compute.kernel();
    require(kernel.folded().areDistinctBelow(kernel.domain().rank()), compute, "folds axes that its domain does not have");
    require(kernel.results().size() == compute.outputs().size(), compute, "has another number of results than outputs");
    require(kernel.checks().size() == compute.checks().size(), compute, "has another number of checks than the plan knows of it");
    for (int i = 0; i < kernel.values().size(); i++) {
      value(kernel.values().get(i), i, compute);
    }
    List<Boolean> uniform = kernel.uniform();
    for (int i = 0; i < kernel.results().size(); i++) {
      GeneratedKernel.Result result = kernel.results().get(i);
      Operand output = compute.outputs().get(i);
      require(result.layout().equals(output.layout()) && kernel.values().get(result.value()).dtype() == output.dtype(), compute,
          "stores " + result + " in " + output);
      require(result.layout().shape().equals(kernel.domain()), compute, "stores outside its domain");
      boolean folded = result.isFolded(kernel.folded());
      require(!folded || uniform.get(result.value()), compute, "stores only one of different values in " + output);
      require(writesOnce(result.layout(), folded ? kernel.folded() : Axes.NONE), compute, "writes elements of " + output + " more than once");
    }
    for (int check : kernel.checks()) {
      require(kernel.values().get(check).dtype().isFloating(), compute, "checks whether integers are finite");
    }
  }

  private static void value(KernelExpression value, int number, Instruction.Compute compute) {
    switch (value) {
      case KernelExpression.Load(int argument, var dtype, Layout layout) -> {
        require(argument >= 0 && argument < compute.arguments().size(), compute, "loads an argument that it does not have");
        Operand operand = compute.arguments().get(argument);
        require(operand.layout().equals(layout) && operand.dtype() == dtype, compute, "loads " + value + " from " + operand);
        require(layout.shape().equals(compute.kernel().domain()), compute, "loads outside its domain");
      }
      case KernelExpression.Index(var _, int axis) ->
          require(axis >= 0 && axis < compute.kernel().domain().rank(), compute, "asks for the index along an axis that there is not");
      case KernelExpression.Apply apply -> apply.arguments().forEach(a -> require(a < number, compute, "applies what comes later"));
      case KernelExpression.Fold fold -> {
        require(compute.kernel().folded().count() > 0, compute, "folds along no axes");
        require(fold.argument() < number, compute, "folds what comes later");
      }
    }
  }

  /** Whether different indices lead to different elements; enough of a test for layouts that movement makes. */
  private static boolean writesOnce(Layout layout, Axes folded) {
    List<long[]> axes = new ArrayList<>();
    for (int axis = 0; axis < layout.shape().rank(); axis++) {
      if (layout.shape().dim(axis) > 1 && !folded.contains(axis)) {
        axes.add(new long[] {Math.abs(layout.stride(axis)), layout.shape().dim(axis)});
      }
    }
    axes.sort(Comparator.comparingLong(a -> a[0]));
    long reach = 0;
    for (long[] axis : axes) {
      if (axis[0] <= reach) {
        return false;
      }
      reach += axis[0] * (axis[1] - 1);
    }
    return true;
  }

  private static void require(boolean holds, Instruction.Compute compute, String problem) {
    if (!holds) {
      throw new IllegalStateException("a plan is wrong: " + compute + " " + problem);
    }
  }
}
