package dev.chainrule.optim;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.tensor.Variable;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What every optimizer is made from.
 *
 * @param parameters trainable, f32 or f64, each once and under its own name
 */
record Setup(List<Variable> parameters, Schedule schedule, Optional<GradientClipping> clipping) {

  Setup {
    Objects.requireNonNull(schedule, "schedule");
    parameters = List.copyOf(parameters);
    if (parameters.isEmpty()) {
      throw new InvalidArgumentException("optimizer", "there are no parameters to optimise", "Give it the model's parameters.");
    }
    Set<String> names = new HashSet<>();
    for (Variable parameter : parameters) {
      if (!parameter.isTrainable()) {
        throw new InvalidArgumentException("optimizer", parameter + " is not trainable", "Leave it out of the optimizer's parameters.");
      }
      if (parameter.type().dtype() != DType.F32 && parameter.type().dtype() != DType.F64) {
        throw new DTypeMismatchException("optimizer", parameter + " is neither f32 nor f64",
            "Keep parameters in f32; a precision policy casts what is computed from them.");
      }
      if (!names.add(parameter.name())) {
        throw new InvalidArgumentException("optimizer", "there are two parameters " + parameter.name(),
            "Each is given once, and has a name of its own for checkpoints.");
      }
    }
  }

  static Setup of(List<Variable> parameters, Schedule schedule) {
    return new Setup(parameters, schedule, Optional.empty());
  }

  Setup with(GradientClipping other) {
    return new Setup(parameters, schedule, Optional.of(other));
  }
}
