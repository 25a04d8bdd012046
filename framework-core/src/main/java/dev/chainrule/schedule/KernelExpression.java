package dev.chainrule.schedule;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.util.List;

/**
 * What a generated kernel computes for each element of its domain, free of any device's language. It names its operands by number,
 * so that kernels can be kept by structure.
 */
public sealed interface KernelExpression {

  DType dtype();

  /** The element of operand {@code argument} that {@code layout} gives for the current index. */
  record Load(int argument, DType dtype, Layout layout) implements KernelExpression {}

  /** The current index along an axis of the domain. */
  record Index(DType dtype, int axis) implements KernelExpression {}

  record Apply(Op.Pointwise op, List<KernelExpression> arguments, DType dtype) implements KernelExpression {
    public Apply {
      arguments = List.copyOf(arguments);
    }
  }
}
