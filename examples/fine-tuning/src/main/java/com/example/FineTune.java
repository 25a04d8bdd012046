package com.example;

import dev.chainrule.data.Column;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Dataset;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.io.Safetensors;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Metrics;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Sequential;
import dev.chainrule.nn.Tanh;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Metric;
import dev.chainrule.train.Trainer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;

/** Learns in which of four rings a point lies, then whether it lies in an outer one, with all but the last layer kept as it was. */
public final class FineTune {

  /** A body that both tasks share, and a last layer of each task's own. */
  static final class Classifier extends Module {
    final Module body = child("body", new Sequential(new Linear(2, 32), new Tanh(), new Linear(32, 32), new Tanh()));
    final Linear head;

    Classifier(int classes) {
      head = child("head", new Linear(32, classes));
    }

    @Override
    protected Tensor forward(Tensor points) {
      return head.apply(body.apply(points));
    }
  }

  private FineTune() {}

  public static void main(String[] args) {
    Device device = Devices.fromArguments(args);
    System.out.println("Device: " + device.info().id());
    double accuracy = Devices.with(device, FineTune::run);
    System.out.printf("Result: %.2f right after fine-tuning, saved and loaded%n", accuracy);
  }

  private static double run() {
    var first = new Classifier(4);
    first.initialise(1);
    Dataset rings = points(1200, 3, (x, y) -> Math.min(3, Math.floor(Math.hypot(x, y) * 3)));
    Trainer.of(first, Losses::crossEntropy, new Adam(first.parameters(), Schedule.constant(0.01)))
        .fit(DataLoader.of(rings, 50).withShuffle(true), 20);

    // The body's variables take over what was learned; the head begins anew, and is all that the optimizer is given.
    var second = new Classifier(2);
    second.initialise(2);
    second.body.load(first.body.state());
    Map<String, HostArray> before = second.body.state();
    Dataset few = points(100, 4, (x, y) -> Math.hypot(x, y) > 0.67 ? 1 : 0);
    Trainer.of(second, Losses::crossEntropy, new Adam(second.head.parameters(), Schedule.constant(0.02)))
        .fit(DataLoader.of(few, 20).withShuffle(true), 30);
    if (!second.body.state().equals(before)) {
      throw new AssertionError("the body was to stay as it is");
    }

    Path file = Path.of("target", "fine-tuned.safetensors");
    Safetensors.write(file, second.state(), Map.of());
    var loaded = new Classifier(2);
    loaded.load(Safetensors.read(file).tensors());
    Dataset unseen = points(500, 5, (x, y) -> Math.hypot(x, y) > 0.67 ? 1 : 0);
    return Trainer.evaluate(loaded, DataLoader.of(unseen, 500), new Metric("accuracy", Metrics::accuracy)).get("accuracy");
  }

  /** Points of the square from -1 to 1, and the class of each. */
  private static Dataset points(int count, long seed, DoubleBinaryOperator classOf) {
    var random = new Random(seed);
    double[] coordinates = random.doubles(2L * count, -1, 1).toArray();
    long[] classes = new long[count];
    for (int i = 0; i < count; i++) {
      classes[i] = (long) classOf.applyAsDouble(coordinates[2 * i], coordinates[2 * i + 1]);
    }
    return Dataset.of(Column.of(HostArray.ofDoubles(TensorType.of(DType.F32, count, 2), coordinates)),
        Column.of(HostArray.ofLongs(TensorType.of(DType.I32, count), classes)));
  }
}
