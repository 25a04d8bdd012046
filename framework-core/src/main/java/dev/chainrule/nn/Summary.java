package dev.chainrule.nn;

import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The table of a model, made by applying it to a stand-in that has a type and no value. */
final class Summary {

  private static final ScopedValue<Map<Module, TensorType>> OUTPUTS = ScopedValue.newInstance();

  private Summary() {}

  /**
   * While a summary is made, notes what {@code module} gives and goes on with a new stand-in, so that no graph grows. The body of a loop
   * or composite must hang together and goes on with the output itself.
   */
  static Tensor observe(Module module, Tensor output) {
    if (!OUTPUTS.isBound()) {
      return output;
    }
    OUTPUTS.get().putIfAbsent(module, output.type());
    return Scope.current().isBody() ? output : standIn(output.type());
  }

  private static Tensor standIn(TensorType type) {
    return Tensor.of(Ops.parameter(0, type));
  }

  static String of(Module root, TensorType input) {
    var outputs = new IdentityHashMap<Module, TensorType>();
    ScopedValue.where(OUTPUTS, outputs).run(() -> Mode.EVALUATION.call(() -> Scope.outside(() -> root.apply(standIn(input)))));
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("module", "kind", "output", "parameters"));
    for (Module module : root.tree()) {
      TensorType output = outputs.get(module);
      rows.add(List.of(module.path(), module.toString(), output == null ? "-" : output.toString(), count(trainable(module.own()))));
    }
    return table(rows) + totals(root);
  }

  private static String totals(Module root) {
    List<Variable> trainable = trainable(root.variables().values());
    List<Variable> others = root.variables().values().stream().filter(v -> !v.isTrainable()).toList();
    String text = count(trainable) + " parameters, " + bytes(trainable) + " bytes\n";
    return others.isEmpty() ? text : text + count(others) + " other values, " + bytes(others) + " bytes\n";
  }

  private static List<Variable> trainable(Collection<Variable> variables) {
    return variables.stream().filter(Variable::isTrainable).toList();
  }

  private static String count(List<Variable> variables) {
    return grouped(variables.stream().mapToLong(v -> v.type().elements()).sum());
  }

  private static String bytes(List<Variable> variables) {
    return grouped(variables.stream().mapToLong(v -> v.type().bytes()).sum());
  }

  private static String grouped(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** Columns as wide as their widest cell, the last one aligned to the right. */
  private static String table(List<List<String>> rows) {
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    var text = new StringBuilder();
    for (List<String> row : rows) {
      for (int c = 0; c < columns; c++) {
        String space = " ".repeat(widths[c] - row.get(c).length());
        text.append(c == columns - 1 ? space + row.get(c) + "\n" : row.get(c) + space + "  ");
      }
    }
    return text.toString();
  }
}
