package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A generated kernel as one function of C, written as one would read the kernel aloud: loops over the axes that are not folded; in them,
 * for folds that need no others, then for those that need these, and so on, loops over the folded axes which compute all that the
 * folds need and combine it in row-major order; at the end such loops once more, for the results. Sums and products of floats are
 * accumulated in double and rounded once. What is the same along the folded axes is computed outside these loops.
 *
 * <p>{@code int64_t name(char *const *in, char *const *out)} takes the beginnings of the operands' buffers.
 */
final class CKernelSource {

  private final GeneratedKernel kernel;
  private final List<Boolean> uniform;
  private final List<Integer> depths = new ArrayList<>();
  private final boolean[] live;
  private final StringBuilder text = new StringBuilder();
  private int indent;

  private CKernelSource(GeneratedKernel kernel) {
    this.kernel = kernel;
    this.uniform = kernel.uniform();
    kernel.values().forEach(value -> depths.add(depth(value)));
    this.live = needed(Stream.concat(kernel.results().stream().map(GeneratedKernel.Result::value), kernel.checks().stream()), false);
  }

  static String of(String name, GeneratedKernel kernel) {
    var source = new CKernelSource(kernel);
    source.function(name);
    return source.text.toString();
  }

  /** How many folds a value needs one after the other. */
  private int depth(KernelExpression value) {
    int below = arguments(value).stream().mapToInt(depths::get).max().orElse(0);
    return value instanceof KernelExpression.Fold ? below + 1 : below;
  }

  private static List<Integer> arguments(KernelExpression value) {
    return switch (value) {
      case KernelExpression.Load _, KernelExpression.Index _ -> List.of();
      case KernelExpression.Apply apply -> apply.arguments();
      case KernelExpression.Fold fold -> List.of(fold.argument());
    };
  }

  /** What the given values need, they themselves included; only what differs along the folded axes, or all. */
  private boolean[] needed(Stream<Integer> roots, boolean differing) {
    boolean[] needed = new boolean[kernel.values().size()];
    roots.forEach(root -> needed[root] = !(differing && uniform.get(root)));
    for (int i = needed.length - 1; i >= 0; i--) {
      if (needed[i]) {
        arguments(kernel.values().get(i)).stream().filter(a -> !(differing && uniform.get(a))).forEach(a -> needed[a] = true);
      }
    }
    return needed;
  }

  // --- the function ------------------------------------------------------------------------------------------------------------------

  private void function(String name) {
    open("int64_t " + name + "(char *const *in, char *const *out)");
    line("int64_t failed = PASSED;");
    line("int by_zero = 0;");
    loops(false, () -> {
      int last = IntStream.range(0, live.length).filter(i -> live[i]).map(depths::get).max().orElse(0);
      for (int depth = 0; depth <= last; depth++) {
        phase(depth);
      }
      outcomes(true);
      loops(true, () -> {
        declare(needed(differing(), true));
        outcomes(false);
      });
    });
    line("return by_zero ? DIVIDED_BY_ZERO : failed;");
    close();
  }

  /** The values that are the same along the folded axes and need so many folds, then the folds that need these. */
  private void phase(int depth) {
    boolean[] here = new boolean[live.length];
    List<Integer> folds = new ArrayList<>();
    for (int i = 0; i < live.length; i++) {
      here[i] = live[i] && uniform.get(i) && depths.get(i) == depth;
      if (live[i] && kernel.values().get(i) instanceof KernelExpression.Fold && depths.get(i) == depth + 1) {
        folds.add(i);
      }
    }
    declare(here);
    if (!folds.isEmpty()) {
      folds.forEach(fold -> line("%s a%d = %s;".formatted(accumulator(fold(fold)), fold, neutral(fold(fold)))));
      loops(true, () -> {
        declare(needed(folds.stream().map(fold -> fold(fold).argument()), true));
        folds.forEach(fold -> line("a%d = %s;".formatted(fold, combined(fold))));
      });
    }
  }

  private KernelExpression.Fold fold(int number) {
    return (KernelExpression.Fold) kernel.values().get(number);
  }

  private static String accumulator(KernelExpression.Fold fold) {
    return switch (fold.fold()) {
      case SUM, PROD -> CType.of(fold.dtype()).wide();
      case MAX, MIN -> CType.of(fold.dtype()).value();
    };
  }

  private static String neutral(KernelExpression.Fold fold) {
    return CType.of(fold.dtype()).neutral(fold.fold());
  }

  private String combined(int number) {
    KernelExpression.Fold fold = fold(number);
    return COperations.combined(fold.fold(), "a" + number, "v" + fold.argument(), CType.of(fold.dtype()));
  }

  private void declare(boolean[] chosen) {
    for (int i = 0; i < chosen.length; i++) {
      if (chosen[i]) {
        line("const %s v%d = %s;".formatted(CType.of(kernel.values().get(i).dtype()).value(), i, expression(i)));
      }
    }
  }

  private String expression(int number) {
    return switch (kernel.values().get(number)) {
      case KernelExpression.Load(int argument, DType dtype, Layout layout) ->
          CType.of(dtype).loaded(element("const " + CType.of(dtype).memory(), "in[" + argument + "]", layout));
      case KernelExpression.Index(DType dtype, int axis) -> COperations.cast(index(axis), CType.of(DType.I64), CType.of(dtype));
      case KernelExpression.Apply(var op, var arguments, DType dtype) -> COperations.of(op, arguments.stream().map(a -> "v" + a).toList(),
          arguments.stream().map(a -> kernel.values().get(a).dtype()).toList(), dtype);
      case KernelExpression.Fold(var _, int _, DType dtype) -> CType.of(dtype).rounded("a" + number);
    };
  }

  /** Along an axis of size 1 an index is known, also outside its loop. */
  private String index(int axis) {
    return kernel.domain().dim(axis) == 1 ? "0L" : "i" + axis;
  }

  /** What is stored once for all indices along the folded axes or checked there, or what at each of them. */
  private void outcomes(boolean once) {
    for (int i = 0; i < kernel.results().size(); i++) {
      GeneratedKernel.Result result = kernel.results().get(i);
      if (result.isFolded(kernel.folded()) == once) {
        CType type = CType.of(kernel.values().get(result.value()).dtype());
        line(element(type.memory(), "out[" + i + "]", result.layout()) + " = " + type.stored("v" + result.value()) + ";");
      }
    }
    for (int i = 0; i < kernel.checks().size(); i++) {
      if (uniform.get(kernel.checks().get(i)) == once) {
        line("if (!isfinite(v%d)) failed = first_failed(failed, %d);".formatted(kernel.checks().get(i), i));
      }
    }
  }

  /** The values that the last loops store or check. */
  private Stream<Integer> differing() {
    return Stream.concat(
        kernel.results().stream().filter(r -> !r.isFolded(kernel.folded())).map(GeneratedKernel.Result::value),
        kernel.checks().stream().filter(check -> !uniform.get(check)));
  }

  private static String element(String type, String buffer, Layout layout) {
    var place = new StringBuilder(layout.offset() + "L");
    for (int axis = 0; axis < layout.shape().rank(); axis++) {
      if (layout.stride(axis) != 0) {
        place.append(" + i").append(axis).append(" * ").append(layout.stride(axis)).append('L');
      }
    }
    return "((" + type + " *)" + buffer + ")[" + place + "]";
  }

  // --- lines -------------------------------------------------------------------------------------------------------------------------

  /** A block that runs for each index along the axes that are folded, or along those that are not. */
  private void loops(boolean folded, Runnable body) {
    int depth = indent;
    open("");
    for (int axis = 0; axis < kernel.domain().rank(); axis++) {
      if (kernel.folded().contains(axis) == folded) {
        open("for (int64_t i%1$d = 0; i%1$d < %2$d; i%1$d++)".formatted(axis, kernel.domain().dim(axis)));
      }
    }
    body.run();
    while (indent > depth) {
      close();
    }
  }

  private void open(String head) {
    line((head + " {").strip());
    indent++;
  }

  private void close() {
    indent--;
    line("}");
  }

  private void line(String line) {
    text.append("  ".repeat(indent)).append(line).append('\n');
  }
}
