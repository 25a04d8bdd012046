package dev.chainrule.schedule;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Shape;
import java.util.List;

/**
 * A kernel that a device generates. At each index of {@code domain} it computes the values of its results and stores each where its
 * layout says, and looks whether its checks are finite. It names operands by number and so can be kept by structure.
 *
 * <p>Where a value is combined along axes by a {@link KernelExpression.Fold} it is the same at all indices along them: a softmax over
 * the last axis of [rows, classes] is one kernel over that domain, folded along axis 1, in which maximum and sum are folds.
 *
 * @param folded the axes along which all folds of the kernel combine; empty without folds
 * @param checks floating values that must be finite, or the kernel faults with the number of the check
 */
public record GeneratedKernel(Shape domain, Axes folded, List<Result> results, List<KernelExpression> checks) {

  /**
   * A value and where it goes.
   *
   * @param layout over the domain; where the value is the same along the folded axes its strides there are 0, and it is stored once
   */
  public record Result(KernelExpression value, Layout layout) {

    /** Whether the value is one for all indices along the folded axes. */
    public boolean isFolded(Axes folded) {
      boolean same = folded.count() > 0;
      for (int i = 0; i < folded.count(); i++) {
        same &= layout.stride(folded.get(i)) == 0;
      }
      return same;
    }
  }

  public GeneratedKernel {
    results = List.copyOf(results);
    checks = List.copyOf(checks);
  }

  /** A kernel without folds whose only result is dense. */
  public static GeneratedKernel of(KernelExpression value, Shape domain) {
    return new GeneratedKernel(domain, Axes.NONE, List.of(new Result(value, Layout.dense(domain))), List.of());
  }

  /** A kernel that only looks whether a value is finite. */
  public static GeneratedKernel check(KernelExpression value, Shape domain) {
    return new GeneratedKernel(domain, Axes.NONE, List.of(), List.of(value));
  }
}
