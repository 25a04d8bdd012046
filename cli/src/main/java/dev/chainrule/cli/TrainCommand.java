package dev.chainrule.cli;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.tensor.Precision;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code chainrule train RECIPE}: a network, its data and sensible settings, all of them open to change. */
@Command(name = "train", description = "Trains a recipe and reports its accuracy on held-out data.", mixinStandardHelpOptions = true,
    sortOptions = false, showDefaultValues = true)
final class TrainCommand implements Callable<Integer> {

  private static final Map<String, Precision> PRECISIONS =
      new TreeMap<>(Map.of("f32", Precision.AS_WRITTEN, "tf32", Precision.TF32, "bf16", Precision.MIXED_BF16, "f16", Precision.MIXED_F16));

  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  @Parameters(paramLabel = "RECIPE", description = "What to train: mnist (handwritten digits).")
  private String recipe = "";

  @Mixin
  private BackendOption backend = new BackendOption();

  @Option(names = "--epochs", paramLabel = "N", description = "Passes over the training data.")
  private int epochs = 25;

  @Option(names = "--batch-size", paramLabel = "N", description = "Examples in a step.")
  private int batchSize = 64;

  @Option(names = "--learning-rate", paramLabel = "X", description = "Step size; by default the optimizer's own.",
      showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private Optional<Double> learningRate = Optional.empty();

  @Option(names = "--optimizer", paramLabel = "NAME", description = "sgd, momentum, nesterov, rmsprop, adam or adamw.")
  private String optimizer = "adam";

  @Option(names = "--schedule", paramLabel = "NAME", description = "Learning rate over time: constant, cosine or warmup-cosine.")
  private String schedule = "cosine";

  @Option(names = "--activation", paramLabel = "NAME", description = "relu, leaky-relu, sigmoid, tanh or gelu.")
  private String activation = "relu";

  @Option(names = "--layers", paramLabel = "N,N,...", split = ",", description = "Units of each hidden layer.")
  private int[] layers = {512, 256};

  @Option(names = "--precision", paramLabel = "NAME", description = "Of products and convolutions, all else is f32: f32, bf16 (twice as"
      + " fast on CPUs with AVX512-BF16), f16, or tf32 (faster on NVIDIA's GPUs).")
  private String precision = "f32";

  @Option(names = "--seed", paramLabel = "N", description = "Of initial values, order and shifts.")
  private long seed;

  @Option(names = "--max-steps", paramLabel = "N", description = "Stop after this many steps.",
      showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private long maxSteps = Long.MAX_VALUE;

  @Option(names = "--data", paramLabel = "DIR", description = "A folder with the four files of MNIST or Fashion-MNIST, instead of the"
      + " 10,000 digits that come along.", showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private Optional<Path> data = Optional.empty();

  @Option(names = "--save", paramLabel = "FILE", description = "Write the weights as safetensors.",
      showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private Optional<Path> save = Optional.empty();

  @Option(names = "--summary", paramLabel = "FILE", description = "Write what happened as JSON.",
      showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private Optional<Path> summary = Optional.empty();

  @Option(names = "--profile", paramLabel = "FILE", description = "Record the training as a trace for ui.perfetto.dev, or as a flight"
      + " recording if the name ends in .jfr.", showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private Optional<Path> profile = Optional.empty();

  @Option(names = "--explain", description = "Print the plan of a step before the first one.",
      showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private boolean explain;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Choices.pick("recipe", recipe, Map.of("mnist", "mnist"));
    requireAtLeastOne("--epochs", epochs);
    requireAtLeastOne("--batch-size", batchSize);
    requireAtLeastOne("--max-steps", maxSteps);
    learningRate.ifPresent(TrainCommand::requireRate);
    var network = new DigitsNetwork(Arrays.stream(layers).boxed().toList(), activation);
    Precision products = Choices.pick("--precision", precision, PRECISIONS);
    Device device = backend.open();
    return Devices.with(device, () -> {
      var training = new MnistTraining(network, new MnistTraining.Settings(epochs, batchSize, maxSteps, optimizer, learningRate,
          schedule, products, seed, data), device, out);
      training.run(new MnistTraining.Outputs(save, summary, profile, explain));
      return 0;
    });
  }

  private static void requireAtLeastOne(String option, long value) {
    if (value < 1) {
      throw new InvalidArgumentException(option, value + ", expected 1 or more", "");
    }
  }

  private static void requireRate(double rate) {
    if (!(rate > 0) || Double.isInfinite(rate)) {
      throw new InvalidArgumentException("--learning-rate", rate + ", expected a positive number", "");
    }
  }
}
