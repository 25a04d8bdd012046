package dev.chainrule.cli;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.data.Batch;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Epoch;
import dev.chainrule.datasets.Digits;
import dev.chainrule.datasets.ImageClassification;
import dev.chainrule.device.Backend;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.TensorType;
import dev.chainrule.io.Json;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Module;
import dev.chainrule.train.parity.Parity;
import dev.chainrule.train.parity.ParityReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code chainrule parity}: whether the mnist recipe trains the same on other devices as on the CPU. */
@Command(name = "parity", description = "Compares trainings on other devices with the same training on the CPU.",
    mixinStandardHelpOptions = true, sortOptions = false, showDefaultValues = true)
final class ParityCommand implements Callable<Integer> {

  private static final String REFERENCE = "cpu";

  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  @Option(names = "--backends", paramLabel = "NAME,...", split = ",", showDefaultValue = CommandLine.Help.Visibility.NEVER,
      description = "Devices to compare with the CPU, as --backend names them; by default all that are here.")
  private List<String> names = List.of();

  @Option(names = "--steps", paramLabel = "N", description = "Of the training, compared every 50 steps.")
  private int steps = 100;

  @Option(names = "--batch-size", paramLabel = "N", description = "Examples in a step.")
  private int batchSize = 64;

  @Option(names = "--optimizer", paramLabel = "NAME", description = "sgd, momentum, nesterov, rmsprop, adam or adamw.")
  private String optimizer = "adam";

  @Option(names = "--seed", paramLabel = "N", description = "Of initial values and order.")
  private long seed;

  @Option(names = "--json", paramLabel = "FILE", description = "Write everything that was compared as JSON.",
      showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private Optional<Path> json = Optional.empty();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Device reference = Devices.open(REFERENCE);
    List<Device> devices = devices();
    if (devices.isEmpty()) {
      throw new InvalidArgumentException("parity", "there is no device beside the CPU to compare with it",
          "'chainrule doctor' says what is missing.");
    }
    Parity parity = parity();
    List<ParityReport> reports = new ArrayList<>();
    for (Device device : devices) {
      ParityReport report = parity.between(reference, device);
      out.println(report);
      out.flush();
      reports.add(report);
    }
    json.ifPresent(file -> Json.of(document(reports)).write(file));
    return reports.stream().allMatch(ParityReport::holds) ? 0 : ExitCode.PARITY;
  }

  private List<Device> devices() {
    if (!names.isEmpty()) {
      return names.stream().map(Devices::open).toList();
    }
    return Devices.backends().stream().filter(b -> !b.name().equals(REFERENCE)).map(Backend::discover)
        .flatMap(List::stream).map(info -> Devices.open(info.id())).toList();
  }

  private Parity parity() {
    ImageClassification digits = Digits.load();
    TensorType image = digits.train().fields().getFirst();
    var network = new DigitsNetwork(List.of(512, 256), "relu");
    DataLoader loader = DataLoader.of(digits.train(), batchSize).withSeed(seed).withShuffle(true);
    List<Batch> batches = new ArrayList<>();
    try (Epoch epoch = loader.epoch(0)) {
      epoch.forEach(batches::add);
    }
    double rate = Optimizers.defaultRate(optimizer);
    return Parity.of(() -> initialised(network.module(image, digits.classes())), Losses::crossEntropy,
        parameters -> Optimizers.named(optimizer, parameters, Optimizers.schedule("constant", rate, steps)), batches)
        .withSteps(steps, 50);
  }

  private Module initialised(Module model) {
    model.initialise(seed);
    return model;
  }

  private SequencedMap<String, Object> document(List<ParityReport> reports) {
    SequencedMap<String, Object> document = new LinkedHashMap<>();
    document.put("recipe", "mnist");
    document.put("optimizer", optimizer);
    document.put("batchSize", batchSize);
    document.put("seed", seed);
    document.put("reports", reports.stream().map(ParityReport::toMap).toList());
    return document;
  }
}
