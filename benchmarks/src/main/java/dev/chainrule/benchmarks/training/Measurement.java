package dev.chainrule.benchmarks.training;

import dev.chainrule.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Measures cells: in each round a process of every contender, one after the other, so that what disturbs the machine for a while disturbs
 * all of them.
 */
final class Measurement {

  /** A peer that was slower than the best by more than this in the first round is not asked again: it will not turn out the best. */
  private static final double OUT_OF_THE_RUNNING = 1.25;

  /**
   * How long to measure.
   *
   * @param ownWarmUp seconds that Chainrule trains before it is measured: its kernels are code for the JVM's compiler
   * @param peerWarmUp seconds that a peer does: its kernels are compiled
   * @param seconds that steps are measured in a process
   * @param steps measured in a process at most
   */
  record Duration(int rounds, double ownWarmUp, double peerWarmUp, double seconds, int steps) {

    Duration {
      if (rounds < 1 || steps < 1) {
        throw new IllegalArgumentException("[rounds, steps] expected at least 1 of each, got " + rounds + " and " + steps);
      }
    }

    SequencedMap<String, Object> report() {
      SequencedMap<String, Object> report = new LinkedHashMap<>();
      report.put("rounds", rounds);
      report.put("warmUpSeconds", ownWarmUp);
      report.put("peerWarmUpSeconds", peerWarmUp);
      report.put("secondsMeasured", seconds);
      report.put("stepsMeasuredAtMost", steps);
      return report;
    }
  }

  private final Path root;
  private final Precision precision;
  private final List<String> peers;
  private final Duration duration;

  /**
   * @param root folder of the repository, with all that is to be measured built
   * @param precision of Chainrule's products
   * @param peers short names, see {@link Contenders#PEERS}
   */
  Measurement(Path root, Precision precision, List<String> peers, Duration duration) {
    this.root = root;
    this.precision = precision;
    this.peers = List.copyOf(peers);
    this.duration = duration;
  }

  Cell measure(Workload workload, Cores cores) {
    var cell = new Cell(workload, cores.count());
    var contenders = new Contenders(root, precision);
    List<Contender> running = new ArrayList<>(List.of(contenders.ours()));
    peers.forEach(library -> running.addAll(contenders.peer(library, cores.count())));
    running.removeIf(contender -> !contender.trains().test(workload));
    for (int round = 0; round < duration.rounds(); round++) {
      for (Contender contender : running) {
        cell.add(contender, sample(contender, cell, cores));
      }
      // Threads that sleep between calls lose less on a busy machine, threads that spin on an idle one.
      cell.add(floor(cell, cores, round % 2 == 0 ? "PASSIVE" : "ACTIVE"));
      if (round == 0) {
        running.removeAll(slow(cell));
      }
    }
    return cell;
  }

  private Sample sample(Contender contender, Cell cell, Cores cores) {
    double warmUp = contender.ours() ? duration.ownWarmUp() : duration.peerWarmUp();
    Child child = contender.train(cell.workload(), cores, warmUp, duration.seconds(), duration.steps());
    Sample sample = Sample.of(child.run());
    Agreement.requireLearning(child.what(), sample);
    cell.ours().ifPresent(ours -> Agreement.requireSame(child.what(), ours.samples().getFirst(), sample));
    return sample;
  }

  private static List<Contender> slow(Cell cell) {
    double best = cell.peers().stream().map(Cell.Results::stepMillis).min(Comparator.naturalOrder()).orElse(Double.MAX_VALUE);
    return cell.peers().stream().filter(r -> r.stepMillis() > OUT_OF_THE_RUNNING * best).map(Cell.Results::contender).toList();
  }

  private Floor floor(Cell cell, Cores cores, String waiting) {
    Path own = root.resolve("benchmarks/target/app");
    Path natives = root.resolve("benchmarks/peers/dnnl/target/natives");
    // Files before the jar that the CPU's backend brings: what is in that cannot be opened where it is.
    List<String> jars = !peers.isEmpty() && Files.isDirectory(natives) ? List.of(natives.toString(), own + "/*") : List.of(own + "/*");
    long bytes = cell.ours().map(r -> r.samples().getFirst().bytesNeeded()).orElse(0L);
    List<String> arguments = List.of(cell.workload().title(), Integer.toString(cores.count()), Double.toString(duration.seconds() / 2),
        Long.toString(bytes));
    return Floor.of(new Child("the floor of " + cell.workload().title(), jars, "dev.chainrule.benchmarks.floor.FloorProcess",
        Map.of("OMP_NUM_THREADS", Integer.toString(cores.count()), "OMP_WAIT_POLICY", waiting), arguments, cores).run());
  }
}
