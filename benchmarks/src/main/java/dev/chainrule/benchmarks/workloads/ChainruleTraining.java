package dev.chainrule.benchmarks.workloads;

import dev.chainrule.benchmarks.training.FixedBatch;
import dev.chainrule.benchmarks.training.Training;
import dev.chainrule.benchmarks.training.TrainingProcess;
import dev.chainrule.benchmarks.training.Workload;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Module;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.schedule.Work;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.List;
import java.util.Set;

/** A workload as a user of Chainrule would train it. */
public final class ChainruleTraining implements Training {

  /** What the floor counts apart, by the names in a plan's report. */
  private static final Set<String> PRODUCTS = Set.of("dot", "conv", "convInputGradient", "convWeightGradient");

  private final Module model;
  private final Tensor inputs;
  private final Tensor labels;
  private final Step step;

  /** Ready to train, always from the same initial values, in f32. */
  public ChainruleTraining(Workload workload) {
    this(workload, Precision.AS_WRITTEN);
  }

  /** The same under a precision policy. */
  public ChainruleTraining(Workload workload, Precision precision) {
    model = Models.of(workload.network());
    model.initialise(0);
    var batch = new FixedBatch(workload);
    inputs = workload.network().readsCharacters()
        ? Tensor.of(batch.characters(), batch.inputShape())
        : Tensor.of(batch.values(), batch.inputShape());
    int[] classes = batch.labels();
    labels = Tensor.of(classes, classes.length);
    Optimizer optimizer = optimizer(workload.method(), model.parameters());
    step = Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.getFirst()), in.getLast());
      optimizer.minimise(loss);
      return List.of(loss);
    }).withPrecision(precision);
  }

  private static Optimizer optimizer(Workload.Method method, List<Variable> parameters) {
    Schedule rate = Schedule.constant(method.rate());
    return switch (method) {
      case SGD -> new Sgd(parameters, rate);
      case ADAM -> new Adam(parameters, rate);
    };
  }

  @Override
  public String library() {
    return Training.jar(Step.class);
  }

  @Override
  public long parameters() {
    return model.parameters().stream().map(Variable::type).mapToLong(TensorType::elements).sum();
  }

  @Override
  public double step() {
    return step.run(inputs, labels).getFirst().item();
  }

  @Override
  public long bytesMoved() {
    return step.plan(inputs, labels).kernels().stream().mapToLong(ChainruleTraining::movedBesideProducts).sum();
  }

  private static long movedBesideProducts(Work work) {
    if (work.operations().stream().noneMatch(PRODUCTS::contains)) {
      return work.bytesRead() + work.bytesWritten();
    }
    return work.repetitions() * work.body().stream().mapToLong(ChainruleTraining::movedBesideProducts).sum();
  }

  @Override
  public long bytesNeeded() {
    return step.plan(inputs, labels).peakBytes();
  }

  /** See {@link TrainingProcess#run}; {@code -Dchainrule.cpu.threads} says how many threads compute. */
  public static void main(String[] args) {
    var precision = Precision.valueOf(System.getenv().getOrDefault(TrainingProcess.PRECISION, Precision.AS_WRITTEN.name()));
    TrainingProcess.run(args, (workload, _) -> new ChainruleTraining(workload, precision));
  }
}
