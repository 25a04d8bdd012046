package dev.chainrule.nn;

import dev.chainrule.DataFormatException;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;

/** What a model's variables hold, out of them and into them. */
final class Weights {

  private Weights() {}

  static SequencedMap<String, HostArray> read(SequencedMap<String, Variable> variables) {
    SequencedMap<String, HostArray> state = new LinkedHashMap<>();
    variables.forEach((name, variable) -> state.put(name, variable.toHostArray()));
    return Collections.unmodifiableSequencedMap(state);
  }

  static void load(SequencedMap<String, Variable> variables, Map<String, HostArray> state) {
    List<String> problems = problems(variables, state);
    if (!problems.isEmpty()) {
      throw new DataFormatException("load",
          "the weights do not fit the model; nothing was changed:\n  " + String.join("\n  ", problems),
          "Build the model with the settings it was saved with.");
    }
    Map<Variable, HostArray> values = new LinkedHashMap<>();
    variables.forEach((name, variable) -> values.put(variable, Objects.requireNonNull(state.get(name))));
    Variable.assignAll(values);
  }

  private static List<String> problems(SequencedMap<String, Variable> variables, Map<String, HostArray> state) {
    List<String> problems = new ArrayList<>();
    variables.forEach((name, variable) -> {
      HostArray value = state.get(name);
      if (value == null) {
        problems.add("missing: " + variable);
      } else {
        difference(variable.type(), value.type(), name, problems);
      }
    });
    state.forEach((name, value) -> {
      if (!variables.containsKey(name)) {
        problems.add("unexpected: " + name + " " + value.type());
      }
    });
    return problems;
  }

  private static void difference(TensorType expected, TensorType found, String name, List<String> problems) {
    if (!found.shape().equals(expected.shape())) {
      problems.add("wrong shape: " + name + " is " + found.shape() + ", expected " + expected.shape());
    }
    if (found.dtype() != expected.dtype()) {
      problems.add("wrong element type: " + name + " is " + found.dtype() + ", expected " + expected.dtype());
    }
  }
}
