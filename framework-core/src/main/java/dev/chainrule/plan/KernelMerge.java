package dev.chainrule.plan;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Makes one kernel of two: what the second loads of the first's results it takes from its values. The first is moved to the domain of
 * the second or the other way round; where one kernel folds, the other may compute what is one for all indices along the folded axes.
 */
final class KernelMerge {

  private KernelMerge() {}

  /** Both in one, if that computes the same. {@code first} comes before {@code second}. */
  static Optional<Instruction.Compute> of(Instruction.Compute first, Instruction.Compute second) {
    if (mayFault(first) && second.isCommit()) {
      return Optional.empty();
    }
    Shape domain1 = first.kernel().domain();
    Shape domain2 = second.kernel().domain();
    Axes folded1 = first.kernel().folded();
    Axes folded2 = second.kernel().folded();
    if (domain1.elements() == 0 || domain2.elements() == 0) {
      return Optional.empty();
    }
    if (domain1.elements() == domain2.elements()) {
      return Domains.reshaped(second, domain1).flatMap(moved -> joined(first, moved))
          .or(() -> Domains.reshaped(first, domain2).flatMap(moved -> joined(moved, second)));
    }
    if (folded1.count() > 0 && folded2.count() == 0 && domain1.without(folded1).elements() == domain2.elements()) {
      return Domains.repeated(second, domain1, folded1).flatMap(moved -> joined(first, moved));
    }
    if (folded2.count() > 0 && folded1.count() == 0 && domain2.without(folded2).elements() == domain1.elements()) {
      return Domains.repeated(first, domain2, folded2).flatMap(moved -> joined(moved, second));
    }
    return Optional.empty();
  }

  /** {@code second} with what it loads of the first's only result computed at each of its own indices; the first is not changed. */
  static Optional<Instruction.Compute> inlined(Instruction.Compute first, Instruction.Compute second) {
    BufferRef buffer = first.outputs().getFirst().buffer();
    List<Layout> layouts = second.arguments().stream().filter(a -> a.buffer().equals(buffer)).map(Operand::layout).toList();
    return layouts.size() != 1 || second.kernel().domain().elements() == 0 ? Optional.empty() : repeatedAsLoaded(first, layouts.getFirst(), second.kernel().domain())
        .flatMap(moved -> joined(moved, second)).map(merged -> without(merged, buffer::equals));
  }

  private static Optional<Instruction.Compute> repeatedAsLoaded(Instruction.Compute first, Layout layout, Shape domain) {
    int[] repeated = new int[domain.rank()];
    int count = 0;
    for (int axis = 0; axis < domain.rank(); axis++) {
      if (layout.stride(axis) == 0 && domain.dim(axis) > 1) {
        repeated[count++] = axis;
      }
    }
    Axes axes = Axes.of(Arrays.copyOf(repeated, count));
    return domain.keeping(axes).elements() == first.kernel().domain().elements() ? Domains.repeated(first, domain, axes) : Optional.empty();
  }

  /** The kernel without the results that go to buffers like these, and without what only they needed. */
  static Instruction.Compute without(Instruction.Compute compute, Predicate<BufferRef> dropped) {
    GeneratedKernel kernel = compute.kernel();
    List<GeneratedKernel.Result> results = new ArrayList<>();
    List<Operand> outputs = new ArrayList<>();
    for (int i = 0; i < kernel.results().size(); i++) {
      if (!dropped.test(compute.outputs().get(i).buffer())) {
        results.add(kernel.results().get(i));
        outputs.add(compute.outputs().get(i));
      }
    }
    if (results.size() == kernel.results().size()) {
      return compute;
    }
    var builder = new Builder();
    boolean[] needed = new boolean[kernel.values().size()];
    results.forEach(result -> needed[result.value()] = true);
    kernel.checks().forEach(check -> needed[check] = true);
    for (int i = needed.length - 1; i >= 0; i--) {
      if (needed[i]) {
        inputs(kernel.values().get(i)).forEach(input -> needed[input] = true);
      }
    }
    int[] numbers = new int[needed.length];
    for (int i = 0; i < needed.length; i++) {
      numbers[i] = needed[i] ? builder.add(kernel.values().get(i), compute.arguments(), numbers) : -1;
    }
    List<GeneratedKernel.Result> renumbered = results.stream()
        .map(result -> new GeneratedKernel.Result(numbers[result.value()], result.layout())).toList();
    Axes folded = builder.values.stream().anyMatch(KernelExpression.Fold.class::isInstance) ? kernel.folded() : Axes.NONE;
    return new Instruction.Compute(new GeneratedKernel(kernel.domain(), folded, builder.values, renumbered,
        kernel.checks().stream().map(check -> numbers[check]).toList()), builder.arguments(), outputs, compute.checks(), compute.origins());
  }

  private static List<Integer> inputs(KernelExpression value) {
    return switch (value) {
      case KernelExpression.Load _, KernelExpression.Index _ -> List.of();
      case KernelExpression.Apply apply -> apply.arguments();
      case KernelExpression.Fold fold -> List.of(fold.argument());
    };
  }

  /** Values and arguments of a kernel that is being made; equal ones are one. */
  private static final class Builder {
    private final Map<Operand, Integer> arguments = new LinkedHashMap<>();
    private final Map<KernelExpression, Integer> known = new HashMap<>();
    private final List<KernelExpression> values = new ArrayList<>();

    /** @param numbers the new numbers of the values before it */
    int add(KernelExpression value, List<Operand> operands, int... numbers) {
      KernelExpression own = switch (value) {
        case KernelExpression.Load(int argument, DType dtype, Layout layout) ->
            new KernelExpression.Load(arguments.computeIfAbsent(operands.get(argument), _ -> arguments.size()), dtype, layout);
        case KernelExpression.Index index -> index;
        case KernelExpression.Apply(Op.Pointwise op, var inputs, DType dtype) ->
            new KernelExpression.Apply(op, inputs.stream().map(input -> numbers[input]).toList(), dtype);
        case KernelExpression.Fold(Op.Fold fold, int argument, DType dtype) -> new KernelExpression.Fold(fold, numbers[argument], dtype);
      };
      return known.computeIfAbsent(own, _ -> {
        values.add(own);
        return values.size() - 1;
      });
    }

    List<Operand> arguments() {
      return List.copyOf(arguments.keySet());
    }
  }

  /** Two kernels over one domain. */
  private static Optional<Instruction.Compute> joined(Instruction.Compute first, Instruction.Compute second) {
    GeneratedKernel one = first.kernel();
    GeneratedKernel two = second.kernel();
    Axes folded = one.folded().count() > 0 ? one.folded() : two.folded();
    if (two.folded().count() > 0 && !isSame(two.folded(), folded)) {
      return Optional.empty();
    }
    var builder = new Builder();
    int[] numbers = new int[one.values().size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = builder.add(one.values().get(i), first.arguments(), numbers);
    }
    int[] later = new int[two.values().size()];
    for (int i = 0; i < later.length; i++) {
      KernelExpression value = two.values().get(i);
      Operand read = value instanceof KernelExpression.Load load ? second.arguments().get(load.argument()) : null;
      int source = read == null ? -1 : first.outputs().indexOf(read);
      if (source >= 0) {
        later[i] = numbers[one.results().get(source).value()];
      } else if (read != null && first.outputs().stream().anyMatch(o -> o.buffer().equals(read.buffer()))) {
        return Optional.empty(); // read at other places than the current index, or as other numbers
      } else {
        later[i] = builder.add(value, second.arguments(), later);
      }
    }
    List<GeneratedKernel.Result> results = new ArrayList<>();
    one.results().forEach(result -> results.add(new GeneratedKernel.Result(numbers[result.value()], result.layout())));
    two.results().forEach(result -> results.add(new GeneratedKernel.Result(later[result.value()], result.layout())));
    List<Integer> checks = new ArrayList<>();
    one.checks().forEach(check -> checks.add(numbers[check]));
    two.checks().forEach(check -> checks.add(later[check]));
    List<Operand> outputs = new ArrayList<>(first.outputs());
    outputs.addAll(second.outputs());
    List<Integer> numbersOfChecks = new ArrayList<>(first.checks());
    numbersOfChecks.addAll(second.checks());
    Set<Origin> origins = new LinkedHashSet<>(first.origins());
    origins.addAll(second.origins());
    var merged = new Instruction.Compute(new GeneratedKernel(one.domain(), folded, builder.values, results, checks),
        builder.arguments(), outputs, numbersOfChecks, List.copyOf(origins));
    return isSound(merged) ? Optional.of(merged) : Optional.empty();
  }

  private static boolean isSame(Axes a, Axes b) {
    boolean same = a.count() == b.count();
    for (int i = 0; i < a.count() && same; i++) {
      same = b.contains(a.get(i));
    }
    return same;
  }

  /** Nothing is written twice or read where it is written, and bits that are only moved do not pass through registers that change them. */
  private static boolean isSound(Instruction.Compute compute) {
    GeneratedKernel kernel = compute.kernel();
    List<Operand> written = new ArrayList<>();
    for (Operand output : compute.outputs()) {
      boolean inPlace = compute.arguments().stream().allMatch(argument -> !argument.buffer().equals(output.buffer())
          || kernel.folded().count() == 0 && argument.layout().equals(output.layout()) && argument.dtype() == output.dtype());
      boolean apart = written.stream().allMatch(other -> !other.buffer().equals(output.buffer())
          || other.dtype() == output.dtype() && other.layout().isApartFrom(output.layout()));
      if (!apart || !inPlace) {
        return false;
      }
      written.add(output);
    }
    List<Boolean> uniform = kernel.uniform();
    for (GeneratedKernel.Result result : kernel.results()) {
      KernelExpression value = kernel.values().get(result.value());
      boolean moved = value instanceof KernelExpression.Load && (value.dtype() == DType.F16 || value.dtype() == DType.BF16);
      if (moved && kernel.values().size() + kernel.results().size() > 2 || result.isFolded(kernel.folded()) && !uniform.get(result.value())) {
        return false;
      }
    }
    return true;
  }

  /** Whether a kernel divides integers. */
  static boolean mayFault(Instruction.Compute compute) {
    return compute.kernel().values().stream().anyMatch(value -> value instanceof KernelExpression.Apply apply
        && (apply.op() instanceof Op.IDiv || apply.op() instanceof Op.Mod) && !apply.dtype().isFloating());
  }
}
