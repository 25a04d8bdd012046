package dev.chainrule.benchmarks.peers.djl;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.chainrule.benchmarks.training.FixedBatch;
import dev.chainrule.benchmarks.training.Training;
import dev.chainrule.benchmarks.training.TrainingProcess;
import dev.chainrule.benchmarks.training.Workload;

/** A workload in DJL, as its guides train. */
public final class DjlTraining implements Training {

  /** Weights as PyTorch draws them, uniform within one over the root of a unit's inputs. */
  private static final Initializer WEIGHTS = (manager, shape, type) -> {
    float bound = (float) (1 / Math.sqrt((double) shape.size() / shape.get(0)));
    return manager.randomUniform(-bound, bound, shape, type);
  };

  private final NDManager manager = NDManager.newBaseManager();
  private final Model model = Model.newInstance("workload");
  private final Trainer trainer;
  private final NDArray inputs;
  private final NDArray labels;

  DjlTraining(Workload workload) {
    model.setBlock(Models.of(workload.network()));
    trainer = model.newTrainer(new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss()).optOptimizer(optimizer(workload.method()))
        .optInitializer(WEIGHTS, Parameter.Type.WEIGHT));
    var batch = new FixedBatch(workload);
    Shape shape = new Shape(batch.inputShape());
    trainer.initialize(shape);
    inputs = manager.create(batch.values(), shape);
    labels = manager.create(batch.labels());
  }

  private static Optimizer optimizer(Workload.Method method) {
    Tracker rate = Tracker.fixed((float) method.rate());
    return switch (method) {
      case SGD -> Optimizer.sgd().setLearningRateTracker(rate).build();
      case ADAM -> Optimizer.adam().optLearningRateTracker(rate).build();
    };
  }

  @Override
  public String library() {
    return Training.jar(Model.class) + " (" + model.getNDManager().getEngine().getEngineName() + " "
        + model.getNDManager().getEngine().getVersion() + ")";
  }

  @Override
  public long parameters() {
    return model.getBlock().getParameters().values().stream().mapToLong(p -> p.getArray().size()).sum();
  }

  /** What a step makes belongs to the manager of its inputs, and is freed with it. */
  @Override
  public double step() {
    try (NDManager step = manager.newSubManager()) {
      inputs.attach(step);
      labels.attach(step);
      float loss;
      try (GradientCollector gradients = trainer.newGradientCollector()) {
        NDArray result = trainer.getLoss().evaluate(new NDList(labels), trainer.forward(new NDList(inputs)));
        gradients.backward(result);
        loss = result.getFloat();
      }
      trainer.step();
      inputs.attach(manager);
      labels.attach(manager);
      return loss;
    }
  }

  /** See {@link TrainingProcess#run}. */
  public static void main(String[] args) {
    TrainingProcess.run(args, (workload, threads) -> {
      System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
      System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
      // Everything that it needs is on the class path.
      System.setProperty("ai.djl.offline", "true");
      System.setProperty("OPT_OUT_TRACKING", "true");
      return new DjlTraining(workload);
    });
  }
}
