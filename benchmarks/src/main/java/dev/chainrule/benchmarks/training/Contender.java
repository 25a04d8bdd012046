package dev.chainrule.benchmarks.training;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A library with settings, to be started in processes of its own.
 *
 * @param library its short name; one library may contend with several settings
 * @param settings what its settings are called; empty when there is one choice only
 * @param jars folder with all that it needs
 * @param main class to start, which does what {@link TrainingProcess} says
 * @param environment variables to set
 * @param trains the workloads that it can train
 */
record Contender(String library, String settings, Path jars, String main, Map<String, String> environment, Predicate<Workload> trains) {

  /** The one that the others are compared with. */
  static final String OURS = "chainrule";

  Contender {
    environment = Map.copyOf(environment);
  }

  boolean ours() {
    return library.equals(OURS);
  }

  /** {@code libtorch (one BLAS thread)}. */
  String title() {
    return settings.isEmpty() ? library : library + " (" + settings + ")";
  }

  Child train(Workload workload, Cores cores, double warmUp, double seconds, int steps) {
    List<String> arguments = List.of(workload.title(), Integer.toString(cores.count()), Double.toString(warmUp), Double.toString(seconds),
        Integer.toString(steps));
    return new Child(title() + " on " + workload.title(), List.of(jars + "/*"), main, environment, arguments, cores);
  }
}
