package dev.chainrule.benchmarks.training;

import dev.chainrule.ChainruleException;
import dev.chainrule.io.Json;
import dev.chainrule.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command: trains workloads in Chainrule and in peers, prints a table, and writes all samples to a file. */
@Command(name = "scripts/benchmark-training", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measures the steps of trainings in Chainrule and in other libraries, in turns.")
public final class TrainingBenchmark implements Callable<Integer> {

  /** How a check differs from a measurement: one round, in which almost nothing is repeated. */
  private static final Measurement.Duration SMOKE = new Measurement.Duration(1, 0.1, 0.1, 0.2, 20);

  @Option(names = "--workloads", split = ",", paramLabel = "NAME", description = "Default: all, that is ${DEFAULT-VALUE}.")
  private List<String> workloads = Arrays.stream(Workload.values()).map(Workload::title).toList();

  @Option(names = "--threads", split = ",", paramLabel = "N",
      description = "Numbers of threads; each process gets as many processors. Default: ${DEFAULT-VALUE}.")
  private List<Integer> threads = List.of(1, 2);

  @Option(names = "--peers", split = ",", paramLabel = "NAME", description = "Some of ${DEFAULT-VALUE}, or none. Default: all.")
  private List<String> peers = Contenders.PEERS;

  @Option(names = "--rounds", paramLabel = "N",
      description = "Processes of each library, of which the median counts. Default: ${DEFAULT-VALUE}.")
  private int rounds = 5;

  @Option(names = "--warm-up", paramLabel = "SECONDS",
      description = "How long Chainrule trains before it is measured. Default: ${DEFAULT-VALUE}.")
  private double ownWarmUp = 15;

  @Option(names = "--peer-warm-up", paramLabel = "SECONDS", description = "How long a peer does. Default: ${DEFAULT-VALUE}.")
  private double peerWarmUp = 2;

  @Option(names = "--seconds", paramLabel = "SECONDS", description = "How long each process is measured. Default: ${DEFAULT-VALUE}.")
  private double seconds = 1;

  @Option(names = "--steps", paramLabel = "N", description = "Steps measured in a process at most. Default: as many as there is time for.")
  private int steps = Integer.MAX_VALUE;

  @Option(names = "--precision", paramLabel = "NAME",
      description = "Of Chainrule's products: AS_WRITTEN, MIXED_BF16 or MIXED_F16; peers compute in f32. Default: ${DEFAULT-VALUE}.")
  private Precision precision = Precision.AS_WRITTEN;

  @Option(names = "--processors", paramLabel = "LIST", description = "Processors to use, as in 0,2-3. Default: the first ones allowed.")
  private Optional<String> processors = Optional.empty();

  @Option(names = "--output", paramLabel = "FILE",
      description = "Where to write all samples. Default: benchmarks/results/training-DATE.json.")
  private Optional<Path> output = Optional.empty();

  @Option(names = "--smoke", description = "Only checks that everything runs: one short round, and a file only where --output says so.")
  private boolean smoke;

  /** Run in the root of the repository. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new TrainingBenchmark())
        .setExecutionExceptionHandler((e, command, _) -> {
          if (e instanceof IllegalArgumentException || e instanceof ChainruleException) {
            command.getErr().println(e.getMessage());
            return 1;
          }
          throw e;
        }).execute(args));
  }

  /** Fails at the first problem, but not before it has shown and kept what had been measured by then. */
  @Override
  public Integer call() throws IOException {
    List<Workload> chosen = workloads.stream().map(Workload::titled).toList();
    Cores cores = processors.map(Cores::of).orElseGet(Cores::allowed);
    List<Cores> parts = threads.stream().map(cores::first).toList();
    SequencedMap<String, Object> report = new LinkedHashMap<>();
    report.put("date", ZonedDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS).toString());
    report.put("machine", Machine.report(cores));
    report.put("precision", precision.name());
    report.put("loadBefore", Machine.load());
    List<Cell> cells = new ArrayList<>();
    Optional<String> problem = measure(chosen, parts, cells);
    System.out.print(Table.of(cells));
    report.put("loadAfter", Machine.load());
    report.putAll(duration().report());
    problem.ifPresent(text -> report.put("problem", text));
    report.put("cells", cells.stream().map(Cell::report).toList());
    if (!smoke || output.isPresent()) {
      write(Json.of(report));
    }
    problem.ifPresent(System.err::println);
    return problem.isPresent() ? 1 : 0;
  }

  private Measurement.Duration duration() {
    return smoke ? SMOKE : new Measurement.Duration(rounds, ownWarmUp, peerWarmUp, seconds, steps);
  }

  /** What went wrong, if anything did. */
  private Optional<String> measure(List<Workload> chosen, List<Cores> parts, List<Cell> cells) {
    List<String> libraries = peers.equals(List.of("none")) ? List.of() : peers;
    var measurement = new Measurement(Path.of("").toAbsolutePath(), precision, libraries, duration());
    for (Workload workload : chosen) {
      for (Cores part : parts) {
        System.err.printf("%s, %d threads ...%n", workload.title(), part.count());
        try {
          cells.add(measurement.measure(workload, part));
        } catch (IllegalStateException e) {
          return Optional.of(String.valueOf(e.getMessage()));
        }
      }
    }
    return Optional.empty();
  }

  private void write(Json report) throws IOException {
    String date = ZonedDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm"));
    Path file = output.orElse(Path.of("benchmarks/results/training-" + date + ".json"));
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.writeString(file, report.text() + "\n");
    System.err.println("All samples are in " + file);
  }
}
