package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.KernelExpression;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Writes the text of one generated kernel; {@link GeneratedSource} says what it does. */
final class KernelWriter {

  /**
   * Numbers of the geometry before the sizes: code, gated, rows, length, whether neighbouring threads take neighbouring
   * rows, checks of the instruction's kernels before this one.
   */
  private static final int HEADER = 6;

  private final GeneratedKernel kernel;
  private final Traversal traversal;
  private final GeneratedSource.Form form;
  private final String index;
  private final List<Boolean> uniform;
  private final List<Integer> depths = new ArrayList<>();
  private final boolean[] live;
  private final int arguments;
  private final StringBuilder text = new StringBuilder();
  private int indent;

  KernelWriter(GeneratedKernel kernel, Traversal traversal, GeneratedSource.Form form, boolean wide) {
    this.kernel = kernel;
    this.traversal = traversal;
    this.form = form;
    this.index = wide ? "u64" : "u32";
    this.uniform = kernel.uniform();
    kernel.values().forEach(value -> depths.add(depth(value)));
    this.live = needed(Stream.concat(kernel.results().stream().map(GeneratedKernel.Result::value), kernel.checks().stream()), false);
    this.arguments = kernel.values().stream().mapToInt(v -> v instanceof KernelExpression.Load load ? load.argument() + 1 : 0).max().orElse(0);
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
    boolean[] needed = new boolean[kernel.values().size()];
    roots.forEach(root -> needed[root] = !(differing && uniform.get(root)));
    for (int i = needed.length - 1; i >= 0; i--) {
      if (needed[i]) {
        inputs(kernel.values().get(i)).stream().filter(a -> !(differing && uniform.get(a))).forEach(a -> needed[a] = true);
      }
    }
    return needed;
  }

  // --- the kernel --------------------------------------------------------------------------------------------------------------------

  String text() {
    List<String> parameters = new ArrayList<>();
    for (int i = 0; i <= arguments + kernel.results().size(); i++) {
      parameters.add("BUFFER(" + i + ")");
    }
    parameters.add("NUMBERS");
    open("KERNEL(%d) void %s(%s)".formatted(Source.THREADS, Source.NAME, String.join(", ", parameters)));
    int faults = arguments + kernel.results().size();
    line("GLOBAL const i64 *g = numbers + first;");
    line("GLOBAL u32 *faults = (GLOBAL u32 *)(b%1$d + o%1$d);".formatted(faults));
    line("const i64 rows = g[1] != 0 && faults[0] != 0 ? 0 : g[2];");
    if (form == GeneratedSource.Form.SHARED_ROWS) {
      sharedRows();
    } else {
      open("for (i64 row = GROUP * %1$d + THREAD; row < rows; row += GROUPS * %1$d)".formatted(Source.THREADS));
      split("row", 0, traversal.outer().size());
      row("");
      close();
    }
    close();
    return text.toString();
  }

  private void sharedRows() {
    int together = Source.THREADS / GeneratedSource.LANES;
    for (DType dtype : accumulated()) {
      line("SHARED(acc_%1$s, shared_%1$s, %2$d);".formatted(dtype, Source.THREADS));
    }
    line("const int lane = g[4] != 0 ? THREAD / %d : THREAD %% %d;".formatted(together, GeneratedSource.LANES));
    line("const int place = g[4] != 0 ? THREAD %% %d : THREAD / %d;".formatted(together, GeneratedSource.LANES));
    open("for (i64 start = GROUP * %1$d; start < rows; start += GROUPS * %1$d)".formatted(together));
    line("const int active = start + place < rows;");
    line("const i64 row = active ? start + place : rows - 1;");
    split("row", 0, traversal.outer().size());
    row("active");
    close();
  }

  private Set<DType> accumulated() {
    return kernel.values().stream().filter(KernelExpression.Fold.class::isInstance).map(KernelExpression::dtype)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Indices along some axes from their number in row-major order. */
  private void split(String number, int from, int to) {
    if (to - from == 1) {
      line("const i64 i%d = %s;".formatted(from, number));
      return;
    }
    line("%1$s rest%2$d = (%1$s)%3$s;".formatted(index, from, number));
    for (int axis = to - 1; axis > from; axis--) {
      line("const i64 i%1$d = (i64)(rest%2$d %% (%3$s)g[%4$d]);".formatted(axis, from, index, HEADER + axis));
      line("rest%2$d /= (%3$s)g[%4$d];".formatted(axis, from, index, HEADER + axis));
    }
    line("const i64 i%1$d = (i64)rest%1$d;".formatted(from));
  }

  private void row(String condition) {
    if (mayDivide()) {
      line("int by_zero = 0;");
    }
    if (form == GeneratedSource.Form.ELEMENTS) {
      declare(live);
      outcomes(kernel.results(), false, condition);
    } else {
      int last = IntStream.range(0, live.length).filter(i -> live[i]).map(depths::get).max().orElse(0);
      for (int depth = 0; depth <= last; depth++) {
        phase(depth);
      }
      outcomes(kernel.results(), true, form == GeneratedSource.Form.SHARED_ROWS ? "active && lane == 0" : "");
      if (differing().findAny().isPresent()) {
        elements(form == GeneratedSource.Form.SHARED_ROWS ? "lane" : "0", "g[3]", () -> {
          declare(needed(differing(), true));
          outcomes(kernel.results(), false, condition);
        });
      }
    }
    if (mayDivide()) {
      line("if (by_zero) fault(faults, g[0], 0);");
    }
  }

  private boolean mayDivide() {
    return IntStream.range(0, live.length).anyMatch(i -> live[i] && kernel.values().get(i) instanceof KernelExpression.Apply apply
        && Operations.divides(apply.op(), apply.dtype()));
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
    if (folds.isEmpty()) {
      return;
    }
    folds.forEach(fold -> line("%s a%d = %s;".formatted(accumulator(fold), fold, neutral(fold))));
    if (form == GeneratedSource.Form.SERIAL_ROWS) {
      combine(folds, "a", "0", "g[3]");
    } else {
      open("for (i64 chunk = 0; chunk < g[3]; chunk += %d)".formatted(GeneratedSource.CHUNK));
      line("const i64 end = chunk + %1$d < g[3] ? chunk + %1$d : g[3];".formatted(GeneratedSource.CHUNK));
      folds.forEach(fold -> line("%s c%d = %s;".formatted(accumulator(fold), fold, neutral(fold))));
      combine(folds, "c", "chunk + lane", "end");
      folds.forEach(this::acrossLanes);
      close();
    }
  }

  private void combine(List<Integer> folds, String accumulators, String from, String to) {
    elements(from, to, () -> {
      declare(needed(folds.stream().map(fold -> fold(fold).argument()), true));
      folds.forEach(fold -> line("%1$s%2$d = %3$s;".formatted(accumulators, fold,
          combined(fold, accumulators + fold, "v" + fold(fold).argument()))));
    });
  }

  /** The lanes' numbers become one, and the chunk's joins those of the chunks before. */
  private void acrossLanes(int fold) {
    String shared = "shared_" + fold(fold).dtype();
    line("%s[place * %d + lane] = c%d;".formatted(shared, GeneratedSource.LANES, fold));
    line("BARRIER();");
    open("for (int half_lanes = %1$d; half_lanes > 0; half_lanes /= 2)".formatted(GeneratedSource.LANES / 2));
    open("if (lane < half_lanes)");
    String own = "%s[place * %d + lane]".formatted(shared, GeneratedSource.LANES);
    line(own + " = " + combined(fold, own, "%s[place * %d + lane + half_lanes]".formatted(shared, GeneratedSource.LANES)) + ";");
    close();
    line("BARRIER();");
    close();
    String sum = "%s[place * %d]".formatted(shared, GeneratedSource.LANES);
    line("a%1$d = chunk == 0 ? %2$s : %3$s;".formatted(fold, sum, combined(fold, "a" + fold, sum)));
    line("BARRIER();");
  }

  private KernelExpression.Fold fold(int number) {
    return (KernelExpression.Fold) kernel.values().get(number);
  }

  private String accumulator(int fold) {
    return ElementType.of(fold(fold).dtype()).value();
  }

  private String neutral(int fold) {
    return ElementType.of(fold(fold).dtype()).neutral(fold(fold).fold());
  }

  private String combined(int fold, String total, String x) {
    return Operations.combined(fold(fold).fold(), total, x, ElementType.of(fold(fold).dtype()));
  }

  private void declare(boolean... chosen) {
    for (int i = 0; i < chosen.length; i++) {
      if (chosen[i]) {
        line("const %s v%d = %s;".formatted(ElementType.of(kernel.values().get(i).dtype()).value(), i, expression(i)));
      }
    }
  }

  private String expression(int number) {
    return switch (kernel.values().get(number)) {
      case KernelExpression.Load(int argument, DType dtype, var _) -> ElementType.of(dtype).loaded(loaded(number, argument, dtype));
      case KernelExpression.Index(DType dtype, int axis) ->
          Operations.cast(traversal.places()[axis] < 0 ? "(i64)0" : "i" + traversal.places()[axis], ElementType.of(DType.I64), ElementType.of(dtype));
      case KernelExpression.Apply(Op.Pointwise op, var inputs, DType dtype) -> Operations.of(op,
          inputs.stream().map(a -> "v" + a).toList(), inputs.stream().map(a -> kernel.values().get(a).dtype()).toList(), dtype);
      case KernelExpression.Fold(var _, int _, DType dtype) -> ElementType.of(dtype).rounded("a" + number);
    };
  }

  private String loaded(int value, int argument, DType dtype) {
    long before = kernel.values().subList(0, value).stream().filter(KernelExpression.Load.class::isInstance).count();
    return element("GLOBAL const " + ElementType.of(dtype).memory(), argument, (int) before, uniform.get(value));
  }

  /** What is stored once for all indices along the folded axes or checked there, or what at each of them. */
  private void outcomes(List<GeneratedKernel.Result> results, boolean once, String condition) {
    List<String> lines = new ArrayList<>();
    int loads = (int) kernel.values().stream().filter(KernelExpression.Load.class::isInstance).count();
    for (int i = 0; i < results.size(); i++) {
      int value = results.get(i).value();
      if (results.get(i).isFolded(kernel.folded()) == once) {
        ElementType type = ElementType.of(kernel.values().get(value).dtype());
        // Bits of a NaN that is only moved stay.
        String stored = type.isNarrow() && kernel.values().get(value) instanceof KernelExpression.Load load
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
    if (!lines.isEmpty() && !condition.isEmpty()) {
      open("if (" + condition + ")");
      lines.forEach(this::line);
      close();
    } else {
      lines.forEach(this::line);
    }
  }

  /** The values that the last loops store or check. */
  private Stream<Integer> differing() {
    return Stream.concat(
        kernel.results().stream().filter(r -> !r.isFolded(kernel.folded())).map(GeneratedKernel.Result::value),
        kernel.checks().stream().filter(check -> !uniform.get(check)));
  }

  private String element(String type, int buffer, int layout, boolean once) {
    int axes = traversal.outer().size() + traversal.inner().size();
    int at = HEADER + axes + layout * (1 + axes);
    String place = IntStream.range(0, once ? traversal.outer().size() : axes).mapToObj(axis -> " + i%d * g[%d]".formatted(axis, at + 1 + axis))
        .collect(Collectors.joining());
    return "((%1$s *)(b%2$d + o%2$d))[g[%3$d]%4$s]".formatted(type, buffer, at, place);
  }

  // --- lines -------------------------------------------------------------------------------------------------------------------------

  /** A loop over elements of the row. */
  private void elements(String from, String to, Runnable body) {
    String step = form == GeneratedSource.Form.SERIAL_ROWS ? "1" : Integer.toString(GeneratedSource.LANES);
    open("for (i64 element = %s; element < %s; element += %s)".formatted(from, to, step));
    split("element", traversal.outer().size(), traversal.outer().size() + traversal.inner().size());
    body.run();
    close();
  }

  private void open(String head) {
    line(head + " {");
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
