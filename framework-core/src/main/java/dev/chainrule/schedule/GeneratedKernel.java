package dev.chainrule.schedule;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A kernel that a device generates. At each index of {@code domain} it computes its values in order, stores its results where their
 * layouts say, and looks whether its checks are finite. It names operands by number and so can be kept by structure.
 *
 * <p>Where a value is combined along axes by a {@link KernelExpression.Fold} it is the same at all indices along them: a softmax over
 * the last axis of [rows, classes] is one kernel over that domain, folded along axis 1, in which maximum and sum are folds.
 *
 * @param folded the axes along which all folds of the kernel combine; empty without folds
 * @param values each refers to earlier ones
 * @param checks numbers of floating values that must be finite, or the kernel faults with the position in this list
 */
public record GeneratedKernel(Shape domain, Axes folded, List<KernelExpression> values, List<Result> results, List<Integer> checks) {

  /**
   * A value and where it goes.
   *
   * @param layout over the domain; where the value is the same along the folded axes its strides there are 0, and it is stored once
   */
  public record Result(int value, Layout layout) {

    /** Whether the value is one for all indices along the folded axes. */
    public boolean isFolded(Axes folded) {
      boolean same = folded.count() > 0;
      for (int i = 0; i < folded.count(); i++) {
        same &= layout.stride(folded.get(i)) == 0;
      }
      return same;
    }
  }

  /** Copies the lists. */
  public GeneratedKernel {
    values = List.copyOf(values);
    results = List.copyOf(results);
    checks = List.copyOf(checks);
  }

  /** A kernel without folds with one dense result, the last value. */
  public static GeneratedKernel of(List<KernelExpression> values, Shape domain) {
    return new GeneratedKernel(domain, Axes.NONE, values, List.of(new Result(values.size() - 1, Layout.dense(domain))), List.of());
  }

  /** A kernel that only copies. */
  public static GeneratedKernel copy(KernelExpression.Load value) {
    return of(List.of(value), value.layout().shape());
  }

  /** A kernel that only looks whether a value is finite. */
  public static GeneratedKernel check(KernelExpression.Load value) {
    return new GeneratedKernel(value.layout().shape(), Axes.NONE, List.of(value), List.of(), List.of(0));
  }

  /** For each value, whether it is the same at all indices along the folded axes. */
  public List<Boolean> uniform() {
    List<Boolean> uniform = new ArrayList<>();
    for (KernelExpression value : values) {
      uniform.add(switch (value) {
        case KernelExpression.Load load -> new Result(0, load.layout()).isFolded(folded);
        case KernelExpression.Index index -> folded.count() > 0 && (!folded.contains(index.axis()) || domain.dim(index.axis()) == 1);
        case KernelExpression.Apply apply -> apply.arguments().stream().allMatch(uniform::get);
        case KernelExpression.Fold _ -> true;
      });
    }
    return uniform;
  }
}
