package dev.chainrule.schedule;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.util.List;

/**
 * A value that a {@link GeneratedKernel} computes at each index of its domain, free of any device's language. It refers to others by
 * their numbers in the kernel's list, so that to compare two kernels takes no longer than to read them.
 */
public sealed interface KernelExpression {

  /** The type of its elements. */
  DType dtype();

  /** The element of operand {@code argument} that {@code layout} gives for the current index. */
  record Load(int argument, DType dtype, Layout layout) implements KernelExpression {}

  /** The current index along an axis of the domain. */
  record Index(DType dtype, int axis) implements KernelExpression {}

  /** An operation on earlier values. */
  record Apply(Op.Pointwise op, List<Integer> arguments, DType dtype) implements KernelExpression {
    /** Copies the list. */
    public Apply {
      arguments = List.copyOf(arguments);
    }
  }

  /** An earlier value's elements along the kernel's folded axes, combined as by {@link Op.Reduce}. */
  record Fold(Op.Fold fold, int argument, DType dtype) implements KernelExpression {}
}
