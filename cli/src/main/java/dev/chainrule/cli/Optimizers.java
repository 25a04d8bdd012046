package dev.chainrule.cli;

import dev.chainrule.optim.Adam;
import dev.chainrule.optim.AdamW;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.optim.RmsProp;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.tensor.Variable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/** The optimizers and schedules that the command line knows by name. */
final class Optimizers {

  private static final double MOMENTUM = 0.9;

  /** The part of a training over which the rate rises. */
  private static final double WARM_UP = 0.05;

  private Optimizers() {}

  /** An optimizer's name and its learning rate for plain networks of a few layers. */
  private enum Kind {
    SGD(0.2, Sgd::new),
    MOMENTUM(0.05, (p, s) -> new Sgd(p, s).withMomentum(Optimizers.MOMENTUM)),
    NESTEROV(0.05, (p, s) -> new Sgd(p, s).withMomentum(Optimizers.MOMENTUM).withNesterov()),
    RMSPROP(5e-4, RmsProp::new),
    ADAM(1e-3, Adam::new),
    ADAMW(1e-3, AdamW::new);

    private final double rate;
    private final BiFunction<List<Variable>, Schedule, Optimizer> maker;

    Kind(double rate, BiFunction<List<Variable>, Schedule, Optimizer> maker) {
      this.rate = rate;
      this.maker = maker;
    }
  }

  private static Kind kind(String name) {
    Map<String, Kind> known = Arrays.stream(Kind.values())
        .collect(Collectors.toMap(k -> k.name().toLowerCase(Locale.ROOT), k -> k, (a, _) -> a, TreeMap::new));
    return Choices.pick("--optimizer", name, known);
  }

  static double defaultRate(String name) {
    return kind(name).rate;
  }

  static Optimizer named(String name, List<Variable> parameters, Schedule schedule) {
    return kind(name).maker.apply(parameters, schedule);
  }

  /** @param steps of the whole training */
  static Schedule schedule(String name, double rate, long steps) {
    long warmUp = Math.max(1, Math.round(WARM_UP * steps));
    Map<String, Schedule> known = new TreeMap<>(Map.of(
        "constant", Schedule.constant(rate),
        "cosine", Schedule.cosine(rate, steps),
        "warmup-cosine", Schedule.warmUp(warmUp, Schedule.cosine(rate, Math.max(1, steps - warmUp)))));
    return Choices.pick("--schedule", name, known);
  }
}
