package dev.chainrule.train.parity;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.data.Batch;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.nn.Module;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Loss;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Holds one training on a device to the same training on another, the reference:
 *
 * <ul>
 * <li><b>gradients, teacher-forced:</b> the reference trains. At step 0 and every {@code interval} steps both devices are given the
 *     reference's variables and compute loss, gradients and running statistics of one batch. Each may differ by what roundings explain,
 *     relative to its largest element: errors of steps before can neither hide nor add up. Where the input of a relu is 0 to within
 *     roundings, a device may pass its gradient on and another not; what lies below it may then differ by more.
 * <li><b>update, teacher-forced:</b> there both devices also take the reference's gradients for one step of the optimizer; each
 *     parameter and each moment may differ likewise.
 * <li><b>free run:</b> both train by themselves, with plain SGD; all losses agree to 1e-4, relatively.
 * <li><b>random bits:</b> the same bits, all of them, in several runs and streams.
 * </ul>
 *
 * <pre>{@code
 * ParityReport report = Parity.of(() -> network(), Losses::crossEntropy, p -> new Adam(p, Schedule.constant(1e-3)), batches)
 *     .between(Devices.open("cpu"), Devices.open("opencl"));
 * }</pre>
 *
 * @param model makes the model, each time with the same initial values
 * @param optimizer from a model's parameters; of the teacher-forced part
 * @param freeRate the learning rate of the free run
 * @param batches the training's, taken in turn
 * @param steps of the reference's training, and of the free run
 * @param interval how many steps lie between two comparisons
 */
public record Parity(Supplier<Module> model, Loss loss, Function<List<Variable>, Optimizer> optimizer, double freeRate, List<Batch> batches,
    int steps, int interval) {

  /** How far the losses of a free run may be apart, relatively. */
  public static final double FREE_RUN_BOUND = 1e-4;

  private static final int STEPS = 100;
  private static final int INTERVAL = 50;

  /**
   * Copies the list.
   *
   * @throws InvalidArgumentException when there is no batch, or a number is below what is said of it
   */
  public Parity {
    batches = List.copyOf(batches);
    if (batches.isEmpty()) {
      throw new InvalidArgumentException("parity", "no batches to train on", "");
    }
    if (steps < 0 || interval < 1) {
      throw new InvalidArgumentException("parity", steps + " steps, compared every " + interval + ", expected 0 or more and 1 or more", "");
    }
  }

  /** 100 steps, compared every 50; a free run at a rate of 0.05. */
  public static Parity of(Supplier<Module> model, Loss loss, Function<List<Variable>, Optimizer> optimizer, List<Batch> batches) {
    return new Parity(model, loss, optimizer, 0.05, batches, STEPS, INTERVAL);
  }

  /** The same training, of so many steps, compared so often. */
  public Parity withSteps(int count, int between) {
    return new Parity(model, loss, optimizer, freeRate, batches, count, between);
  }

  /** Another learning rate for the free run. */
  public Parity withFreeRate(double rate) {
    return new Parity(model, loss, optimizer, rate, batches, steps, interval);
  }

  /** Compares {@code device} with {@code reference}. */
  public ParityReport between(Device reference, Device device) {
    List<ParityReport.Finding> findings = new ArrayList<>(TeacherForcing.compare(this, reference, device));
    List<Double> expected = freeRun(reference);
    List<Double> actual = freeRun(device);
    for (int i = 0; i < steps; i++) {
      double difference = Math.abs(actual.get(i) - expected.get(i)) / Math.abs(expected.get(i));
      findings.add(new ParityReport.Finding("free run", "loss of step " + i, difference, FREE_RUN_BOUND));
    }
    findings.addAll(RandomBits.compare(reference, device));
    return new ParityReport(reference.info().id(), device.info().id(), findings, expected, actual);
  }

  private List<Double> freeRun(Device device) {
    return Devices.with(device, () -> {
      Module trained = model.get();
      var side = new TrainedSide(trained, loss, new Sgd(trained.parameters(), Schedule.constant(freeRate)));
      List<Double> losses = new ArrayList<>();
      for (int i = 0; i < steps; i++) {
        losses.add(side.train(batch(i)));
      }
      return losses;
    });
  }

  Batch batch(int step) {
    return batches.get(step % batches.size());
  }
}
