package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.KernelExpression;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a generated kernel's values are in the dialect: value 3 is the variable {@code v3}, index 1 the variable {@code i1}, sizes and
 * strides the numbers {@code g}; buffers {@code p} are in the order of arguments and results.
 */
final class KernelValues {

  /**
   * Numbers of the geometry before the sizes: code, gated, rows, length, whether neighbouring threads take neighbouring rows, checks of the
   * instruction's kernels before this one.
   */
  static final int HEADER = 6;

  private final GeneratedKernel kernel;
  private final Traversal traversal;
  private final List<Boolean> uniform;
  private final List<Integer> depths = new ArrayList<>();
  private final boolean[] live;
  private final int arguments;
  private final boolean packed;
  private final List<Integer> given;

  KernelValues(GeneratedKernel kernel, Traversal traversal) {
    this(kernel, traversal, false, List.of());
  }

  private KernelValues(GeneratedKernel kernel, Traversal traversal, boolean packed, List<Integer> given) {
    this.packed = packed;
    this.given = given;
    this.kernel = kernel;
    this.traversal = traversal;
    this.uniform = kernel.uniform();
    kernel.values().forEach(value -> depths.add(depth(value)));
    this.live = needed(Stream.concat(kernel.results().stream().map(GeneratedKernel.Result::value), kernel.checks().stream()), false);
    this.arguments = kernel.values().stream()
        .mapToInt(value -> value instanceof KernelExpression.Load load ? load.argument() + 1 : 0).max().orElse(0);
  }

  /** The same for kernels whose elements come in {@link Packs}. */
  KernelValues packed() {
    return new KernelValues(kernel, traversal, true, given);
  }

  /** The same where the element of some arguments is in the variable {@code total}, not yet rounded to its type. */
  KernelValues given(List<Integer> arguments) {
    return new KernelValues(kernel, traversal, packed, arguments);
  }

  /** How many folds a value needs one after the other. */
  private int depth(KernelExpression value) {
    int below = inputs(value).stream().mapToInt(depths::get).max().orElse(0);
    return value instanceof KernelExpression.Fold ? below + 1 : below;
  }

  private static List<Integer> inputs(KernelExpression value) {
    return switch (value) {
      case KernelExpression.Load _, KernelExpression.Index _ -> List.of();
      case KernelExpression.Apply apply -> apply.arguments();
      case KernelExpression.Fold fold -> List.of(fold.argument());
    };
  }

  /** What the given values need, they themselves included; only what differs along the folded axes, or all. */
  private boolean[] needed(Stream<Integer> roots, boolean differing) {
    return needed(roots, differing, Set.of());
  }

  /** @param ready what needs nothing */
  private boolean[] needed(Stream<Integer> roots, boolean differing, Set<Integer> ready) {
    boolean[] needed = new boolean[kernel.values().size()];
    roots.forEach(root -> needed[root] = !(differing && uniform.get(root)));
    for (int i = needed.length - 1; i >= 0; i--) {
      if (needed[i] && !ready.contains(i)) {
        inputs(kernel.values().get(i)).stream().filter(a -> !(differing && uniform.get(a))).forEach(a -> needed[a] = true);
      }
    }
    return needed;
  }

  /** Once through the elements of a row: what it is for, and all that it computes. */
  record Pass(Set<Integer> roots, boolean... needed) {}

  /** For the folds that need no others, for those that need these, and so on, then for what is stored or checked at each index. */
  List<Pass> passes() {
    List<Pass> passes = new ArrayList<>();
    for (int depth = 0; depth < depth(); depth++) {
      passes.add(pass(folds(depth).stream().map(fold -> fold(fold).argument())));
    }
    if (hasElements()) {
      passes.add(pass(differing()));
    }
    return passes;
  }

  private Pass pass(Stream<Integer> roots) {
    Set<Integer> set = roots.collect(Collectors.toCollection(TreeSet::new));
    return new Pass(set, needed(set.stream(), true));
  }

  int count() {
    return kernel.values().size();
  }

  KernelExpression expression(int value) {
    return kernel.values().get(value);
  }

  List<Integer> inputs(int value) {
    return inputs(expression(value));
  }

  /** Whether it differs along the folded axes and needs no fold. */
  boolean needsNoFold(int value) {
    return live[value] && !uniform.get(value) && depths.get(value) == 0;
  }

  /** Whether a load is of other elements in each row. */
  boolean differsByRow(int load) {
    long[] strides = traversal.strides().get(loadsBefore(load));
    return IntStream.range(0, traversal.outer().size()).anyMatch(axis -> strides[axis] != 0);
  }

  /** Arguments and results. */
  int buffers() {
    return arguments + kernel.results().size();
  }

  /** How many folds follow one another. */
  int depth() {
    return IntStream.range(0, live.length).filter(i -> live[i]).map(depths::get).max().orElse(0);
  }

  /** The folds whose arguments need so many folds before them. */
  List<Integer> folds(int depth) {
    return IntStream.range(0, live.length).boxed()
        .filter(i -> live[i] && kernel.values().get(i) instanceof KernelExpression.Fold && depths.get(i) == depth + 1).toList();
  }

  /** All folds, those that others need first. */
  List<Integer> folds() {
    return IntStream.range(0, depth()).boxed().flatMap(depth -> folds(depth).stream()).toList();
  }

  /** Of one depth. */
  int mostFolds() {
    return IntStream.range(0, depth()).map(depth -> folds(depth).size()).max().orElse(0);
  }

  Set<DType> accumulated() {
    return kernel.values().stream().filter(KernelExpression.Fold.class::isInstance).map(KernelExpression::dtype)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  boolean mayDivide() {
    return IntStream.range(0, live.length).anyMatch(i -> live[i] && kernel.values().get(i) instanceof KernelExpression.Apply apply
        && Operations.divides(apply.op(), apply.dtype()));
  }

  /** Whether anything is stored or checked at each of the folded indices. */
  boolean hasElements() {
    return differing().findAny().isPresent();
  }

  /** The values stored or checked at each of the folded indices. */
  private Stream<Integer> differing() {
    return Stream.concat(
        kernel.results().stream().filter(r -> !r.isFolded(kernel.folded())).map(GeneratedKernel.Result::value),
        kernel.checks().stream().filter(check -> !uniform.get(check)));
  }

  // --- declarations ----------------------------------------------------------------------------------------------------------------------

  /** Of all values, for kernels without folds. */
  List<String> all() {
    return declared(live);
  }

  /** Of the values that are the same along the folded axes and need so many folds. */
  List<String> uniform(int depth) {
    boolean[] here = new boolean[live.length];
    for (int i = 0; i < here.length; i++) {
      here[i] = live[i] && uniform.get(i) && depths.get(i) == depth;
    }
    return declared(here);
  }

  /** Of what the folds combine at each of the folded indices. */
  List<String> combined(List<Integer> folds) {
    return combined(folds, Set.of());
  }

  /** The same, and of values to be held. */
  List<String> combined(List<Integer> folds, Set<Integer> more) {
    return declared(needed(Stream.concat(folds.stream().map(fold -> fold(fold).argument()), more.stream()), true));
  }

  /** Of what is stored or checked at each of the folded indices. */
  List<String> elements() {
    return declared(needed(differing(), true));
  }

  /** As {@link #combined}, with values that are held. */
  List<String> combinedOfHeld(List<Integer> folds, Set<Integer> held) {
    return declaredOfHeld(folds.stream().map(fold -> fold(fold).argument()).toList(), held);
  }

  /** As {@link #elements}, with values that are held. */
  List<String> elementsOfHeld(Set<Integer> held) {
    return declaredOfHeld(differing().toList(), held);
  }

  private List<String> declaredOfHeld(List<Integer> roots, Set<Integer> held) {
    boolean[] needed = needed(roots.stream(), true, held);
    return IntStream.range(0, needed.length).filter(i -> needed[i])
        .mapToObj(i -> held.contains(i) ? "const %s v%2$d = h%2$d[k];".formatted(type(i), i) : declaration(i)).toList();
  }

  /** What a value is in a variable. */
  String type(int value) {
    return ElementType.of(dtype(value)).value();
  }

  private List<String> declared(boolean... chosen) {
    return IntStream.range(0, chosen.length).filter(i -> chosen[i]).mapToObj(this::declaration).toList();
  }

  private String declaration(int value) {
    return "const %s v%d = %s;".formatted(type(value), value, computed(value));
  }

  private String computed(int number) {
    return switch (kernel.values().get(number)) {
      case KernelExpression.Load(int argument, DType dtype, var _) -> given.contains(argument)
          ? ElementType.of(dtype).rounded("total") : ElementType.of(dtype).loaded(loaded(number, argument, dtype));
      case KernelExpression.Index(DType dtype, int axis) -> Operations.cast(
          traversal.places()[axis] < 0 ? "(i64)0" : "i" + traversal.places()[axis], ElementType.of(DType.I64), ElementType.of(dtype));
      case KernelExpression.Apply(Op.Pointwise op, var inputs, DType dtype) -> Operations.of(op,
          inputs.stream().map(a -> "v" + a).toList(), inputs.stream().map(a -> kernel.values().get(a).dtype()).toList(), dtype);
      case KernelExpression.Fold(var _, int _, DType dtype) -> ElementType.of(dtype).rounded("a" + number);
    };
  }

  private String loaded(int value, int argument, DType dtype) {
    return element("GLOBAL const " + ElementType.of(dtype).memory(), argument, loadsBefore(value), uniform.get(value));
  }

  private int loadsBefore(int value) {
    return (int) kernel.values().subList(0, value).stream().filter(KernelExpression.Load.class::isInstance).count();
  }

  // --- folds -----------------------------------------------------------------------------------------------------------------------------

  private KernelExpression.Fold fold(int number) {
    return (KernelExpression.Fold) kernel.values().get(number);
  }

  DType dtype(int value) {
    return expression(value).dtype();
  }

  String accumulator(int fold, String name) {
    ElementType type = ElementType.of(dtype(fold));
    return "%s %s%d = %s;".formatted(type.value(), name, fold, type.neutral(fold(fold).fold()));
  }

  /** An accumulator with one more number. */
  String combined(int fold, String total, String x) {
    return Operations.combined(fold(fold).fold(), total, x, ElementType.of(dtype(fold)));
  }

  /** An accumulator with the current element. */
  String withElement(int fold, String total) {
    return combined(fold, total, "v" + fold(fold).argument());
  }

  // --- outcomes --------------------------------------------------------------------------------------------------------------------------

  /** What is stored once for all indices along the folded axes or checked there, or what at each of them. */
  List<String> outcomes(boolean once) {
    List<String> lines = new ArrayList<>();
    int loads = loadsBefore(count());
    for (int i = 0; i < kernel.results().size(); i++) {
      int value = kernel.results().get(i).value();
      if (kernel.results().get(i).isFolded(kernel.folded()) == once) {
        ElementType type = ElementType.of(kernel.values().get(value).dtype());
        // Bits of a NaN that is only moved stay.
        String stored = type.isNarrow() && kernel.values().get(value) instanceof KernelExpression.Load load && !given.contains(load.argument())
            ? loaded(value, load.argument(), load.dtype()) : type.stored("v" + value);
        lines.add(element("GLOBAL " + type.memory(), arguments + i, loads + i, once) + " = " + stored + ";");
      }
    }
    for (int i = 0; i < kernel.checks().size(); i++) {
      int value = kernel.checks().get(i);
      if (uniform.get(value) == once) {
        lines.add("if (!is_finite_%s(v%d)) fault(faults, g[0], (u32)g[5] + %d);".formatted(
            ElementType.of(kernel.values().get(value).dtype()).name(), value, i));
      }
    }
    return lines;
  }

  /** What is loaded or stored by packs: buffers and types, by the number of the layout; empty where one element does for all. */
  List<Optional<Packs.Operand>> packs() {
    List<Optional<Packs.Operand>> operands = new ArrayList<>();
    for (KernelExpression value : kernel.values()) {
      if (value instanceof KernelExpression.Load load) {
        operands.add(operand(operands.size(), load.argument(), load.dtype(), false));
      }
    }
    for (int i = 0; i < kernel.results().size(); i++) {
      operands.add(operand(operands.size(), arguments + i, dtype(kernel.results().get(i).value()), true));
    }
    return operands;
  }

  private Optional<Packs.Operand> operand(int layout, int buffer, DType dtype, boolean result) {
    return Packs.isPacked(traversal, layout)
        ? Optional.of(new Packs.Operand(buffer, ElementType.of(dtype).memory(), dtype.bytes(), HEADER + 1 + 2 * layout, result))
        : Optional.empty();
  }

  private String element(String type, int buffer, int layout, boolean once) {
    if (packed && Packs.isPacked(traversal, layout)) {
      return Packs.element(layout);
    }
    int axes = traversal.outer().size() + traversal.inner().size();
    int at = HEADER + axes + layout * (1 + axes);
    String place = IntStream.range(0, once ? traversal.outer().size() : axes)
        .mapToObj(axis -> " + i%d * g[%d]".formatted(axis, at + 1 + axis)).collect(Collectors.joining());
    return "((%1$s *)p%2$d)[g[%3$d]%4$s]".formatted(type, buffer, at, place);
  }
}
