package dev.chainrule.train;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.data.Batch;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Epoch;
import dev.chainrule.nn.Module;
import dev.chainrule.optim.GradientAccumulation;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.plan.PlanReport;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.stream.Stream;

/**
 * The usual loop: epochs of batches, a step on each. A batch's first field is the model's input, its second the target. It remembers how
 * many epochs it has trained, so that fitting again goes on with fresh orders and fresh random bits. Not for several threads at a time.
 */
public final class Trainer {

  /** Losses that are not read yet: as many steps may a device be behind. */
  private static final int AHEAD = 4;

  private final Module model;
  private final Loss loss;
  private final Update update;
  private final long seed;
  private final Optional<Precision> precision;
  private final List<Callback> callbacks;
  private final Step step;
  private int epochsDone;

  /** What becomes of a batch's loss, the mean over so many samples. */
  private interface Update {
    void minimise(Tensor mean, long samples);
  }

  private Trainer(Module model, Loss loss, Update update, long seed, Optional<Precision> precision, List<Callback> callbacks) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(loss, "loss");
    this.model = model;
    this.loss = loss;
    this.update = update;
    this.seed = seed;
    this.precision = precision;
    this.callbacks = List.copyOf(callbacks);
    Step written = Step.training(in -> {
      Tensor value = loss.apply(model.apply(in.get(0)), in.get(1));
      update.minimise(value, in.get(0).dim(0));
      return List.of(value);
    }).withSeed(seed);
    this.step = precision.map(written::withPrecision).orElse(written);
  }

  /** A trainer with seed 0 and without callbacks. */
  public static Trainer of(Module model, Loss loss, Optimizer optimizer) {
    Objects.requireNonNull(optimizer, "optimizer");
    return new Trainer(model, loss, (mean, _) -> optimizer.minimise(mean), 0, Optional.empty(), List.of());
  }

  /**
   * A trainer whose optimizer takes a step for several batches together, as one batch of all their samples.
   *
   * @param loss the mean over a batch's samples
   */
  public static Trainer of(Module model, Loss loss, GradientAccumulation accumulation) {
    return new Trainer(model, loss, accumulation::minimiseMean, 0, Optional.empty(), List.of());
  }

  /** A trainer, with no epoch done, whose dropout and other random bits come from this seed. */
  public Trainer withSeed(long value) {
    return new Trainer(model, loss, update, value, precision, callbacks);
  }

  /** A trainer, with no epoch done, that tells these what happens. */
  public Trainer withCallbacks(Callback... values) {
    return new Trainer(model, loss, update, seed, precision, List.of(values));
  }

  /**
   * A trainer, with no epoch done, whose steps are taken under a precision policy: {@link Precision#MIXED_BF16} multiplies and convolves
   * in bf16, parameters and their updates stay f32. The default is the policy of the surroundings of {@link #fit(DataLoader, int)}.
   */
  public Trainer withPrecision(Precision value) {
    return new Trainer(model, loss, update, seed, Optional.of(value), callbacks);
  }

  /**
   * Trains for further epochs.
   *
   * @throws dev.chainrule.NonFiniteException when the loss or a parameter stops being finite; the model holds its last good values
   */
  public History fit(DataLoader loader, int epochs) {
    return fit(loader, epochs, Long.MAX_VALUE);
  }

  /** The same, ending after {@code maxSteps} steps even within an epoch. */
  public History fit(DataLoader loader, int epochs, long maxSteps) {
    if (epochs < 0 || maxSteps < 0) {
      throw new InvalidArgumentException("fit", epochs + " epochs and at most " + maxSteps + " steps, expected 0 or more", "");
    }
    List<Double> losses = new ArrayList<>();
    long samples = 0;
    long start = System.nanoTime();
    int end = epochsDone + epochs;
    while (epochsDone < end && losses.size() < maxSteps) {
      samples += epoch(loader, end, losses, maxSteps);
      epochsDone++;
    }
    return new History(losses, samples, seconds(start));
  }

  private long epoch(DataLoader loader, int end, List<Double> losses, long maxSteps) {
    long start = System.nanoTime();
    int first = losses.size();
    long samples = 0;
    Queue<Tensor> unread = new ArrayDeque<>();
    try (Epoch batches = loader.epoch(epochsDone)) {
      for (Batch batch : batches) {
        if (losses.size() + unread.size() >= maxSteps) {
          break;
        }
        unread.add(step.run(inputs(batch)).getFirst());
        samples += batch.size();
        // Callbacks are told of a step before the next one begins; without them the device need not wait for the host.
        read(unread, callbacks.isEmpty() ? AHEAD : 0, losses);
        if (!callbacks.isEmpty()) {
          var report = new Callback.StepEnd(
              epochsDone, end, losses.size() - first - 1, loader.batches(), step.runs(), losses.getLast(), batch.size());
          callbacks.forEach(c -> c.stepEnded(report));
        }
      }
      read(unread, 0, losses);
    }
    double mean = losses.subList(first, losses.size()).stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    var report = new Callback.EpochEnd(epochsDone, end, mean, seconds(start), samples / seconds(start));
    callbacks.forEach(c -> c.epochEnded(report));
    return samples;
  }

  /** Takes the oldest losses to the host until so many are left. */
  private static void read(Queue<Tensor> unread, int left, List<Double> losses) {
    while (unread.size() > left) {
      losses.add(unread.remove().item());
    }
  }

  /**
   * The plan of the next step, which is not taken.
   *
   * @throws InvalidArgumentException when the loader has no batch
   */
  public PlanReport plan(DataLoader loader) {
    try (Epoch batches = loader.epoch(epochsDone)) {
      for (Batch batch : batches) {
        return step.plan(inputs(batch));
      }
    }
    throw new InvalidArgumentException("plan", "the loader has no batch", "");
  }

  /** How many epochs it has trained. */
  public int epochsDone() {
    return epochsDone;
  }

  /**
   * Goes on where another trainer stopped, whose model and optimizer state have been loaded.
   *
   * @param epochs that have been done
   * @param steps that have been taken
   */
  public void resumeAt(int epochs, long steps) {
    epochsDone = epochs;
    step.resumeAt(steps);
  }

  /** Each metric's mean over all examples of the loader, by its name, in evaluation mode. */
  public Map<String, Double> evaluate(DataLoader loader, Metric... metrics) {
    return evaluate(model, loader, metrics);
  }

  /** Each metric's mean over all examples of the loader, by its name, in evaluation mode. */
  public static Map<String, Double> evaluate(Module model, DataLoader loader, Metric... metrics) {
    Step step = Step.evaluation(in -> {
      Tensor prediction = model.apply(in.get(0));
      return Stream.of(metrics).map(m -> m.perBatch().apply(prediction, in.get(1))).toList();
    });
    double[] sums = new double[metrics.length];
    long samples = 0;
    try (Epoch batches = loader.epoch(0)) {
      for (Batch batch : batches) {
        List<Tensor> values = step.run(inputs(batch));
        for (int i = 0; i < sums.length; i++) {
          sums[i] += values.get(i).item() * batch.size();
        }
        samples += batch.size();
      }
    }
    Map<String, Double> results = new LinkedHashMap<>();
    for (int i = 0; i < sums.length; i++) {
      results.put(metrics[i].name(), sums[i] / samples);
    }
    return results;
  }

  private static Tensor[] inputs(Batch batch) {
    return batch.fields().stream().map(Tensor::of).toArray(Tensor[]::new);
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }
}
