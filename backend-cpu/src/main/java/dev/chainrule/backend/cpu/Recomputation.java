package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Op;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.KernelExpression;

/**
 * Which values of elements a later phase of a generated kernel computes again instead of finding them in a register: what loops read from
 * memory themselves, and a few cheap operations on it. An array never lies as vectors need it, behind its header, so that each load and
 * store of a register touches two lines of the cache, while tensors are aligned.
 */
final class Recomputation {

  /** Nothing is computed again. */
  static final Recomputation NONE = new Recomputation(new int[0]);

  /** Operations for a value at most. */
  private static final int MOST = 4;

  private static final int EXPENSIVE = MOST + 1;

  /** Operations that it takes to have a value again. */
  private final int[] costs;

  private Recomputation(int[] costs) {
    this.costs = costs;
  }

  Recomputation(GeneratedKernel kernel, Tiling tiling, KernelLevels levels, RowForm rows) {
    this(new int[kernel.values().size()]);
    for (int number = 0; number < costs.length; number++) {
      costs[number] = levels.of(number) != KernelLevels.Level.ELEMENTS ? 0 : switch (kernel.values().get(number)) {
        case KernelExpression.Load load -> rows.reads(load.dtype(), tiling.elements(load.layout())) ? 0 : EXPENSIVE;
        case KernelExpression.Apply apply ->
            isCheap(apply.op()) ? 1 + apply.arguments().stream().mapToInt(argument -> costs[argument]).sum() : EXPENSIVE;
        case KernelExpression.Index _, KernelExpression.Fold _ -> EXPENSIVE;
      };
    }
  }

  boolean covers(int number) {
    return number < costs.length && costs[number] <= MOST;
  }

  private static boolean isCheap(Op.Pointwise op) {
    return switch (op) {
      case Op.Add _, Op.Sub _, Op.Mul _, Op.Neg _, Op.Abs _, Op.Max _, Op.Min _, Op.Comparison _, Op.Where _ -> true;
      case Op.Unary _, Op.Binary _, Op.Cast _, Op.Bitcast _ -> false;
    };
  }
}
