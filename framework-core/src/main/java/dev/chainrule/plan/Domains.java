package dev.chainrule.plan;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The same kernel over another domain. */
final class Domains {

  private Domains() {}

  /** Over the same indices in the same order under another shape; empty where strides cannot say that, or a fold would be cut. */
  static Optional<Instruction.Compute> reshaped(Instruction.Compute compute, Shape domain) {
    Shape present = compute.kernel().domain();
    if (present.equals(domain)) {
      return Optional.of(compute);
    }
    if (present.elements() != domain.elements()) {
      return Optional.empty();
    }
    int[] axes = new int[present.rank()];
    Axes folded = reshapedAxes(compute.kernel().folded(), present, domain, axes);
    return folded == null ? Optional.empty() : moved(compute, domain, folded, axes, layout -> layout.reshape(domain));
  }

  /**
   * Over a domain in which {@code repeated} axes are new, with the same values at all indices along them; empty where strides cannot say
   * that. Results have strides of 0 there.
   */
  static Optional<Instruction.Compute> repeated(Instruction.Compute compute, Shape domain, Axes repeated) {
    if (compute.kernel().folded().count() > 0) {
      return Optional.empty();
    }
    return reshaped(compute, domain.keeping(repeated)).flatMap(kept ->
        moved(kept, domain, Axes.NONE, staying(domain.rank(), repeated), layout -> Optional.of(layout.expand(domain))));
  }

  /** Over the same domain with its axes in another order, of a kernel without folds. */
  static Instruction.Compute permuted(Instruction.Compute compute, Axes order) {
    return moved(compute, compute.kernel().domain().permute(order), order, layout -> layout.permute(order));
  }

  /** The same for tensors that lie in memory as if their axes had that order, and are dense there: those that are dense so far. */
  static Instruction.Compute rearranged(Instruction.Compute compute, Axes order) {
    Layout dense = Layout.dense(compute.kernel().domain());
    Layout rearranged = Layout.dense(dense.shape().permute(order));
    return moved(compute, rearranged.shape(), order, layout -> layout.equals(dense) ? rearranged : layout.permute(order));
  }

  private static Instruction.Compute moved(Instruction.Compute compute, Shape domain, Axes order, UnaryOperator<Layout> move) {
    int[] axes = new int[order.count()];
    for (int axis = 0; axis < axes.length; axis++) {
      axes[order.get(axis)] = axis;
    }
    return moved(compute, domain, Axes.NONE, axes, layout -> Optional.of(move.apply(layout))).orElseThrow();
  }

  /** Each axis that is not repeated keeps its number. */
  private static int[] staying(int rank, Axes repeated) {
    int[] axes = new int[rank];
    Arrays.setAll(axes, axis -> repeated.contains(axis) ? -1 : axis);
    return axes;
  }

  /**
   * Walks through both shapes in groups of axes of equal size.
   *
   * @param axes filled with the new number of each axis that has one, -1 for others
   * @return the folded axes, null if some group is folded in part
   */
  private static @Nullable Axes reshapedAxes(Axes folded, Shape from, Shape to, int... axes) {
    List<Integer> result = new ArrayList<>();
    int i = 0;
    int k = 0;
    while (i < from.rank() || k < to.rank()) {
      int fromStart = i;
      int toStart = k;
      long a = i < from.rank() ? from.dim(i++) : 1;
      long b = k < to.rank() ? to.dim(k++) : 1;
      while (a != b) {
        if (a < b) {
          a *= from.dim(i++);
        } else {
          b *= to.dim(k++);
        }
      }
      int within = 0;
      int without = 0;
      for (int axis = fromStart; axis < i; axis++) {
        axes[axis] = i - fromStart == 1 && k - toStart == 1 ? toStart : -1;
        within += folded.contains(axis) ? 1 : 0;
        without += !folded.contains(axis) && from.dim(axis) > 1 ? 1 : 0;
      }
      if (within > 0 && without > 0) {
        return null;
      }
      for (int axis = toStart; axis < k && within > 0; axis++) {
        result.add(axis);
      }
    }
    return Axes.of(result.stream().mapToInt(axis -> axis).toArray());
  }

  private static Optional<Instruction.Compute> moved(
      Instruction.Compute compute, Shape domain, Axes folded, int[] axes, Function<Layout, Optional<Layout>> move) {
    GeneratedKernel kernel = compute.kernel();
    Optional<List<Operand>> arguments = moved(compute.arguments(), move);
    Optional<List<Operand>> outputs = moved(compute.outputs(), move);
    boolean lost = kernel.values().stream().anyMatch(v -> v instanceof KernelExpression.Index index && axes[index.axis()] < 0)
        || folded.count() == 0 && kernel.folded().count() > 0;
    if (lost || arguments.isEmpty() || outputs.isEmpty()) {
      return Optional.empty();
    }
    List<KernelExpression> values = kernel.values().stream().map(value -> switch (value) {
      case KernelExpression.Load(int argument, var dtype, var _) ->
          new KernelExpression.Load(argument, dtype, arguments.get().get(argument).layout());
      case KernelExpression.Index(var dtype, int axis) -> new KernelExpression.Index(dtype, axes[axis]);
      case KernelExpression.Apply _, KernelExpression.Fold _ -> value;
    }).toList();
    List<GeneratedKernel.Result> results = new ArrayList<>();
    for (GeneratedKernel.Result result : kernel.results()) {
      results.add(new GeneratedKernel.Result(result.value(), outputs.get().get(results.size()).layout()));
    }
    return Optional.of(new Instruction.Compute(new GeneratedKernel(domain, folded, values, results, kernel.checks()),
        arguments.get(), outputs.get(), compute.checks(), compute.origins()));
  }

  private static Optional<List<Operand>> moved(List<Operand> operands, Function<Layout, Optional<Layout>> move) {
    List<Operand> moved = new ArrayList<>();
    for (Operand operand : operands) {
      Optional<Layout> layout = move.apply(operand.layout());
      if (layout.isEmpty()) {
        return Optional.empty();
      }
      moved.add(operand.with(layout.get()));
    }
    return Optional.of(moved);
  }
}
