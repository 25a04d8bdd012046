package dev.chainrule.benchmarks.training;

import dev.chainrule.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** All that can contend, with settings known to be good: which is best depends on the workload and the number of threads. */
final class Contenders {

  /** Their short names. */
  static final List<String> PEERS = List.of("libtorch", "djl", "dl4j");

  private static final String PACKAGE = "dev.chainrule.benchmarks.";

  private final Path benchmarks;
  private final Precision precision;

  /**
   * Those built in a checkout of this repository.
   *
   * @param precision of Chainrule's products
   */
  Contenders(Path root, Precision precision) {
    this.benchmarks = root.resolve("benchmarks");
    this.precision = precision;
  }

  Contender ours() {
    return new Contender(Contender.OURS, precision == Precision.AS_WRITTEN ? "" : precision.name(), benchmarks.resolve("target/app"),
        PACKAGE + "workloads.ChainruleTraining", Map.of("CHAINRULE_BACKEND", "cpu", TrainingProcess.PRECISION, precision.name()), _ -> true);
  }

  /** A peer with each of its settings. */
  List<Contender> peer(String library, int threads) {
    String count = Integer.toString(threads);
    return switch (library) {
      case "libtorch" -> libtorch(count, threads);
      case "djl" -> List.of(peer("djl", "", "DjlTraining", Map.of("OMP_NUM_THREADS", count, "OMP_WAIT_POLICY", "PASSIVE"),
          workload -> !workload.network().readsCharacters()));
      // Ten seconds for a step of VGG are not worth the wait.
      case "dl4j" -> List.of(peer("dl4j", "", "Dl4jTraining", Map.of("OMP_NUM_THREADS", count),
          workload -> !workload.network().readsCharacters() && workload != Workload.VGG));
      default -> throw new IllegalArgumentException("[peers] no '" + library + "', expected some of " + PEERS);
    };
  }

  /** Its BLAS chooses kernels for AVX2 on some processors that have AVX-512, and its two pools of threads get into each other's way. */
  private List<Contender> libtorch(String count, int threads) {
    Map<String, String> passive = new LinkedHashMap<>(
        Map.of("OMP_NUM_THREADS", count, "OMP_WAIT_POLICY", "PASSIVE", "OPENBLAS_THREAD_TIMEOUT", "4"));
    if (hasAvx512()) {
      passive.put("OPENBLAS_CORETYPE", "SKYLAKEX");
    }
    List<Contender> contenders = new ArrayList<>(List.of(libtorch("", passive)));
    if (threads > 1) {
      contenders.add(libtorch("one BLAS thread", with(passive, "OPENBLAS_NUM_THREADS", "1")));
      contenders.add(libtorch("one BLAS thread, active", with(with(passive, "OPENBLAS_NUM_THREADS", "1"), "OMP_WAIT_POLICY", "ACTIVE")));
    }
    return contenders;
  }

  private Contender libtorch(String settings, Map<String, String> environment) {
    return peer("libtorch", settings, "LibtorchTraining", environment, _ -> true);
  }

  private Contender peer(String library, String settings, String type, Map<String, String> environment, Predicate<Workload> trains) {
    return new Contender(library, settings, benchmarks.resolve("peers").resolve(library).resolve("target/app"),
        PACKAGE + "peers." + library + "." + type, environment, trains);
  }

  private static Map<String, String> with(Map<String, String> environment, String name, String value) {
    Map<String, String> changed = new LinkedHashMap<>(environment);
    changed.put(name, value);
    return changed;
  }

  private static boolean hasAvx512() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo")).contains(" avx512f ");
    } catch (IOException e) {
      return false;
    }
  }
}
