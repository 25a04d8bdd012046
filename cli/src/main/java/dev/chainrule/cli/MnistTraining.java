package dev.chainrule.cli;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Dataset;
import dev.chainrule.data.RandomShift;
import dev.chainrule.datasets.Digits;
import dev.chainrule.datasets.ImageClassification;
import dev.chainrule.datasets.MnistFiles;
import dev.chainrule.device.Device;
import dev.chainrule.graph.TensorType;
import dev.chainrule.io.Json;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Metrics;
import dev.chainrule.nn.Module;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.History;
import dev.chainrule.train.Metric;
import dev.chainrule.train.Profile;
import dev.chainrule.train.ProgressBar;
import dev.chainrule.train.Trainer;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;

/** The mnist recipe: digits, shifted at random by up to two pixels, and a plain network. */
final class MnistTraining {

  private static final int EVALUATION_BATCH = 500;
  private static final int LARGEST_SHIFT = 2;

  /**
   * What the command line says about the training.
   *
   * @param precision of the products of a step; held-out images are classified in f32
   */
  record Settings(int epochs, int batchSize, long maxSteps, String optimizer, Optional<Double> learningRate, String schedule,
      Precision precision, long seed, Optional<Path> data) {}

  /**
   * What is wanted beside the trained network's accuracy.
   *
   * @param explain whether the plan of a step is printed before the first
   */
  record Outputs(Optional<Path> weights, Optional<Path> summary, Optional<Path> profile, boolean explain) {}

  private final DigitsNetwork network;
  private final Settings settings;
  private final Device device;
  private final PrintWriter out;

  MnistTraining(DigitsNetwork network, Settings settings, Device device, PrintWriter out) {
    this.network = network;
    this.settings = settings;
    this.device = device;
    this.out = out;
  }

  static ImageClassification load(Optional<Path> folder) {
    return folder.map(MnistFiles::load).orElseGet(Digits::load);
  }

  void run(Outputs outputs) {
    Stream.of(outputs.weights, outputs.summary, outputs.profile).forEach(file -> file.ifPresent(MnistTraining::requireFolder));
    ImageClassification images = load(settings.data);
    TensorType image = images.train().fields().getFirst();
    Module model = network.module(image, images.classes());
    model.initialise(settings.seed);
    DataLoader loader = DataLoader.of(images.train(), settings.batchSize).withSeed(settings.seed).withShuffle(true)
        .withTransforms(new RandomShift(LARGEST_SHIFT)).withThreads(1, 4);
    long steps = Math.min(settings.maxSteps, (long) settings.epochs * loader.batches());
    var optimizer = Optimizers.named(settings.optimizer, model.parameters(),
        Optimizers.schedule(settings.schedule, settings.learningRate.orElse(Optimizers.defaultRate(settings.optimizer)), steps));
    out.printf(Locale.ROOT, "mnist: %,d images to train, %,d held out; %s, %,d parameters; %s on %s (%s)%n",
        images.train().size(), images.test().size(), network.describe(image, images.classes()), parameters(model),
        settings.optimizer, device.info().id(), device.info().description());
    out.flush();
    Trainer trainer = Trainer.of(model, Losses::crossEntropy, optimizer).withSeed(settings.seed).withPrecision(settings.precision)
        .withCallbacks(ProgressBar.standard());
    if (outputs.explain) {
      out.print(trainer.plan(loader));
      out.flush();
    }
    History history = fit(trainer, loader, outputs.profile);
    double accuracy = accuracy(model, images.test());
    out.printf(Locale.ROOT, "trained %,d steps in %.1f s, %,.0f samples/s%n",
        history.losses().size(), history.seconds(), history.samplesPerSecond());
    out.println(accuracyLine(accuracy));
    out.flush();
    outputs.weights.ifPresent(file -> network.save(model, file));
    outputs.summary.ifPresent(file -> Json.of(report(history, accuracy)).write(file));
  }

  private History fit(Trainer trainer, DataLoader loader, Optional<Path> file) {
    if (file.isEmpty()) {
      return trainer.fit(loader, settings.epochs, settings.maxSteps);
    }
    try (Profile _ = Profile.to(file.get())) {
      return trainer.fit(loader, settings.epochs, settings.maxSteps);
    }
  }

  /** Said before the training, not after it. */
  private static void requireFolder(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder) || Files.isDirectory(file)) {
      throw new InvalidArgumentException(file.toString(), "cannot be written: its folder is missing or not writable, or it is one itself",
          "Name a file in an existing folder.");
    }
  }

  private static long parameters(Module model) {
    return model.parameters().stream().map(Variable::type).mapToLong(TensorType::elements).sum();
  }

  static double accuracy(Module model, Dataset test) {
    return Trainer.evaluate(model, DataLoader.of(test, EVALUATION_BATCH), new Metric("accuracy", Metrics::accuracy))
        .getOrDefault("accuracy", Double.NaN);
  }

  /** What scripts read: the last line. */
  static String accuracyLine(double accuracy) {
    return String.format(Locale.ROOT, "test accuracy %.4f", accuracy);
  }

  private SequencedMap<String, Object> report(History history, double accuracy) {
    SequencedMap<String, Object> report = new LinkedHashMap<>();
    report.put("recipe", "mnist");
    report.put("backend", device.info().backend());
    report.put("device", device.info().id() + " " + device.info().description());
    report.put("seed", settings.seed);
    report.put("epochs", settings.epochs);
    report.put("batchSize", settings.batchSize);
    report.put("optimizer", settings.optimizer);
    report.put("schedule", settings.schedule);
    report.put("precision", settings.precision.toString());
    report.put("steps", history.losses().size());
    report.put("samplesPerSecond", history.samplesPerSecond());
    report.put("finalLoss", history.finalLoss());
    report.put("testAccuracy", accuracy);
    report.put("peakMemoryBytes", Engine.of(device).peakBytes());
    report.put("wallSeconds", history.seconds());
    report.put("losses", history.losses());
    return report;
  }
}
