package dev.chainrule.backend.cpu;

import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.KernelExpression;
import java.util.ArrayList;
import java.util.List;

/** For each value of a kernel how often it must be computed, and in which phase; what nobody needs is in none. */
final class KernelLevels {

  /** For how many indices a value is the same. */
  enum Level {
    /** One for all. */
    ONE,
    /** One for each place of [outer, width], the same for all rows; only in kernels with folded axes. */
    PLACES,
    /** One for each element. */
    ELEMENTS
  }

  private final GeneratedKernel kernel;
  private final Level[] levels;

  /** How many folds a value needs one after the other. */
  private final int[] depths;

  private final boolean[] live;

  KernelLevels(GeneratedKernel kernel) {
    this.kernel = kernel;
    int n = kernel.values().size();
    this.levels = new Level[n];
    this.depths = new int[n];
    this.live = new boolean[n];
    List<Boolean> uniform = kernel.uniform();
    for (int i = 0; i < n; i++) {
      levels[i] = isOne(kernel.values().get(i)) ? Level.ONE : uniform.get(i) ? Level.PLACES : Level.ELEMENTS;
      depths[i] = depth(kernel.values().get(i));
    }
    kernel.results().forEach(result -> live[result.value()] = true);
    kernel.checks().forEach(check -> live[check] = true);
    for (int i = n - 1; i >= 0; i--) {
      if (live[i]) {
        arguments(i).forEach(argument -> live[argument] = true);
      }
    }
  }

  private boolean isOne(KernelExpression value) {
    return switch (value) {
      case KernelExpression.Load load -> Strides.of(load.layout()).isUniform();
      case KernelExpression.Apply apply -> apply.arguments().stream().allMatch(argument -> levels[argument] == Level.ONE);
      case KernelExpression.Index _, KernelExpression.Fold _ -> false;
    };
  }

  private int depth(KernelExpression value) {
    return switch (value) {
      case KernelExpression.Load _, KernelExpression.Index _ -> 0;
      case KernelExpression.Apply apply -> apply.arguments().stream().mapToInt(argument -> depths[argument]).max().orElse(0);
      case KernelExpression.Fold fold -> depths[fold.argument()] + 1;
    };
  }

  private List<Integer> arguments(int number) {
    return switch (kernel.values().get(number)) {
      case KernelExpression.Load _, KernelExpression.Index _ -> List.of();
      case KernelExpression.Apply apply -> apply.arguments();
      case KernelExpression.Fold fold -> List.of(fold.argument());
    };
  }

  Level of(int number) {
    return levels[number];
  }

  int phases() {
    int last = 0;
    for (int i = 0; i < levels.length; i++) {
      last = live[i] ? Math.max(last, depths[i]) : last;
    }
    return last + 1;
  }

  /** The folds whose arguments a phase computes. */
  List<Integer> folds(int phase) {
    List<Integer> folds = new ArrayList<>();
    for (int i = 0; i < levels.length; i++) {
      if (live[i] && kernel.values().get(i) instanceof KernelExpression.Fold && depths[i] == phase + 1) {
        folds.add(i);
      }
    }
    return folds;
  }

  /** The results that a phase stores, by their place in the kernel's list. */
  List<Integer> results(int phase) {
    List<Integer> results = new ArrayList<>();
    for (int i = 0; i < kernel.results().size(); i++) {
      if (depths[kernel.results().get(i).value()] == phase) {
        results.add(i);
      }
    }
    return results;
  }

  /** The checks that a phase makes, by their place in the kernel's list. */
  List<Integer> checks(int phase) {
    List<Integer> checks = new ArrayList<>();
    for (int i = 0; i < kernel.checks().size(); i++) {
      if (depths[kernel.checks().get(i)] == phase) {
        checks.add(i);
      }
    }
    return checks;
  }

  /** The values that a phase computes or, folds of earlier phases, reads. */
  boolean[] isNeeded(int phase) {
    boolean[] needed = new boolean[levels.length];
    folds(phase).forEach(fold -> arguments(fold).forEach(argument -> needed[argument] = true));
    results(phase).forEach(result -> needed[kernel.results().get(result).value()] = true);
    checks(phase).forEach(check -> needed[kernel.checks().get(check)] = true);
    for (int i = levels.length - 1; i >= 0; i--) {
      if (needed[i] && !(kernel.values().get(i) instanceof KernelExpression.Fold)) {
        arguments(i).forEach(argument -> needed[argument] = true);
      }
    }
    return needed;
  }
}
