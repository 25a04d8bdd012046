package dev.chainrule.train;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.data.Batch;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Epoch;
import dev.chainrule.nn.Module;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The usual loop: epochs of batches, a step on each. A batch's first field is the model's input, its second the target. Not for
 * several threads at a time.
 *
 * @param seed of dropout and other random bits
 * @param maxSteps where training ends even within an epoch
 */
public record Trainer(Module model, Loss loss, Optimizer optimizer, long seed, long maxSteps, List<Callback> callbacks) {

  public Trainer {
    callbacks = List.copyOf(callbacks);
    if (maxSteps < 0) {
      throw new InvalidArgumentException("trainer", "maxSteps is " + maxSteps + ", expected 0 or more", "");
    }
  }

  /** A trainer with seed 0, without callbacks and without a limit of steps. */
  public static Trainer of(Module model, Loss loss, Optimizer optimizer) {
    return new Trainer(model, loss, optimizer, 0, Long.MAX_VALUE, List.of());
  }

  public Trainer withSeed(long value) {
    return new Trainer(model, loss, optimizer, value, maxSteps, callbacks);
  }

  public Trainer withMaxSteps(long value) {
    return new Trainer(model, loss, optimizer, seed, value, callbacks);
  }

  public Trainer withCallbacks(Callback... values) {
    return new Trainer(model, loss, optimizer, seed, maxSteps, List.of(values));
  }

  /**
   * Trains for a number of epochs.
   *
   * @throws dev.chainrule.NonFiniteException when the loss or a parameter stops being finite; the model holds its last good values
   */
  public History fit(DataLoader loader, int epochs) {
    if (epochs < 0) {
      throw new InvalidArgumentException("fit", "epochs is " + epochs + ", expected 0 or more", "");
    }
    Step step = Step.training(in -> {
      Tensor value = loss.apply(model.apply(in.get(0)), in.get(1));
      optimizer.minimise(value);
      return List.of(value);
    }).withSeed(seed);
    List<Double> losses = new ArrayList<>();
    long samples = 0;
    long start = System.nanoTime();
    for (int e = 0; e < epochs && losses.size() < maxSteps; e++) {
      samples += epoch(step, loader, e, epochs, losses);
    }
    return new History(losses, samples, seconds(start));
  }

  private long epoch(Step step, DataLoader loader, int number, int epochs, List<Double> losses) {
    long start = System.nanoTime();
    int first = losses.size();
    long samples = 0;
    try (Epoch batches = loader.epoch(number)) {
      for (Batch batch : batches) {
        if (losses.size() >= maxSteps) {
          break;
        }
        double value = step.run(inputs(batch)).getFirst().item();
        losses.add(value);
        samples += batch.size();
        var end = new Callback.StepEnd(number, epochs, losses.size() - first - 1, loader.batches(), losses.size(), value, batch.size());
        callbacks.forEach(c -> c.stepEnded(end));
      }
    }
    double mean = losses.subList(first, losses.size()).stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    var end = new Callback.EpochEnd(number, epochs, mean, seconds(start), samples / seconds(start));
    callbacks.forEach(c -> c.epochEnded(end));
    return samples;
  }

  /** Each metric's mean over all examples of the loader, by its name, in evaluation mode. */
  public Map<String, Double> evaluate(DataLoader loader, Metric... metrics) {
    return evaluate(model, loader, metrics);
  }

  /** Each metric's mean over all examples of the loader, by its name, in evaluation mode. */
  public static Map<String, Double> evaluate(Module model, DataLoader loader, Metric... metrics) {
    Step step = Step.evaluation(in -> {
      Tensor prediction = model.apply(in.get(0));
      return List.of(metrics).stream().map(m -> m.perBatch().apply(prediction, in.get(1))).toList();
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
