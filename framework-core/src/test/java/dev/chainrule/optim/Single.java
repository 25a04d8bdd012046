package dev.chainrule.optim;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.ReferenceStep;
import java.util.List;
import java.util.function.Function;

/** One scalar parameter that starts at 1, for figures worked out by hand. */
final class Single {

  private Single() {}

  static Variable parameter() {
    return parameter("p", DType.F32, 1);
  }

  static Variable parameter(String name, DType dtype, double value) {
    return Variable.of(name, HostArray.ofDoubles(TensorType.scalar(dtype), value), true);
  }

  /** The parameter after each step with these gradients. */
  static double[] path(Function<List<Variable>, Optimizer> maker, double... gradients) {
    Variable parameter = parameter();
    Optimizer optimizer = maker.apply(List.of(parameter));
    ReferenceStep step = ReferenceStep.training(0, in -> {
      optimizer.update(in);
      return List.of();
    });
    double[] path = new double[gradients.length];
    for (int t = 0; t < path.length; t++) {
      step.run(Tensor.scalar(gradients[t]));
      path[t] = ReferenceStep.values(parameter)[0];
    }
    return path;
  }
}
