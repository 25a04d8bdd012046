package dev.chainrule.determinism;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Dropout;
import dev.chainrule.nn.Gelu;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/** A perceptron with dropout trained by Adam on made-up digits: everything that a run's bits may depend on. */
final class DropoutTraining {

  private static final int BATCH = 64;
  private static final int PIXELS = 784;
  private static final int CLASSES = 10;

  private final Sequential model = new Sequential(new Linear(PIXELS, 128), new Relu(), new Dropout(0.2),
      new Linear(128, 64), new Gelu(), new Dropout(0.5), new Linear(64, CLASSES));
  private final Adam adam;
  private final Step step;

  private long batch;

  /**
   * What a checkpoint holds.
   *
   * @param batch the number of the next batch
   * @param runs of the Step, which address its random bits
   */
  record Checkpoint(Map<String, HostArray> model, Map<String, HostArray> optimizer, long batch, long runs) {}

  /** The same weights to start with for every seed: what differs are the Step's random bits. */
  DropoutTraining(long seed) {
    model.initialise(1);
    adam = new Adam(model.parameters(), Schedule.constant(1e-3));
    step = Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
      adam.minimise(loss);
      return List.of(loss);
    }).withSeed(seed);
  }

  DropoutTraining(long seed, Checkpoint from) {
    this(seed);
    model.load(from.model);
    adam.state().forEach((name, variable) -> variable.assign(Tensor.of(from.optimizer.get(name))));
    step.resumeAt(from.runs);
    batch = from.batch;
  }

  /** Losses of the next steps; batch number {@code i} is the same for everyone. */
  List<Double> run(int steps) {
    List<Double> losses = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      var random = new SplittableRandom(batch++);
      HostArray images = HostArray.ofDoubles(TensorType.of(DType.F32, BATCH, PIXELS),
          DoubleStream.generate(random::nextDouble).limit((long) BATCH * PIXELS).toArray());
      HostArray labels = HostArray.ofLongs(TensorType.of(DType.I32, BATCH),
          LongStream.generate(() -> random.nextInt(CLASSES)).limit(BATCH).toArray());
      losses.add(step.run(Tensor.of(images), Tensor.of(labels)).getFirst().item());
    }
    return losses;
  }

  Checkpoint checkpoint() {
    return new Checkpoint(Map.copyOf(model.state()), contents(adam.state()), batch, step.runs());
  }

  private static Map<String, HostArray> contents(Map<String, Variable> variables) {
    Map<String, HostArray> contents = new LinkedHashMap<>();
    variables.forEach((name, variable) -> contents.put(name, variable.value().toHostArray()));
    return contents;
  }
}
