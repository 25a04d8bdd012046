package dev.chainrule.optim;

import dev.chainrule.tensor.Variable;
import java.util.List;
import java.util.function.BiFunction;

/** Every optimizer, with a learning rate for small problems. */
enum Kind {
  SGD(0.1, (p, s) -> new Sgd(p, s).withMomentum(0.9).withNesterov()),
  RMSPROP(0.02, RmsProp::new),
  ADAM(0.05, Adam::new),
  ADAMW(0.05, (p, s) -> new AdamW(p, s).withWeightDecay(1e-4));

  final double rate;
  final BiFunction<List<Variable>, Schedule, Optimizer> maker;

  Kind(double rate, BiFunction<List<Variable>, Schedule, Optimizer> maker) {
    this.rate = rate;
    this.maker = maker;
  }

  Optimizer of(Variable... parameters) {
    return maker.apply(List.of(parameters), Schedule.constant(rate));
  }
}
