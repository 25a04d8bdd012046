package dev.chainrule.benchmarks.gpu;

import dev.chainrule.data.Batch;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Module;
import dev.chainrule.optim.AdamW;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.optim.Schedule;
import dev.chainrule.plan.PlanReport;
import dev.chainrule.schedule.Work;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** A workload as a user of Chainrule would train it, on batches in the host's memory that take turns. */
public final class GpuTraining {

  private static final int BATCHES = 4;
  private static final long SEED = 7;

  /** What arithmetic counts as, by the names in a plan's report. */
  private static final Set<String> PRODUCTS = Set.of("dot", "conv", "convInputGradient", "convWeightGradient", "attention",
      "attentionGradient");

  private final Module model;
  private final Step step;
  private final List<Tensor[]> batches;
  private int next;

  /** Ready to train on the current device, always from the same initial values. */
  public GpuTraining(GpuWorkload workload) {
    model = model(workload);
    Optimizer optimizer = new AdamW(model.parameters(), Schedule.constant(workload.rate()));
    step = Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.getFirst()), in.getLast());
      optimizer.minimise(loss);
      return List.of(loss);
    }).withPrecision(workload.precision());
    batches = batches(workload).stream().map(batch -> batch.fields().stream().map(Tensor::of).toArray(Tensor[]::new)).toList();
  }

  /** The network with its initial values. */
  public static Module model(GpuWorkload workload) {
    Module model = GpuModels.of(workload.model());
    model.initialise(0);
    return model;
  }

  /** Inputs and labels, the same numbers at each call. */
  public static List<Batch> batches(GpuWorkload workload) {
    var random = new SplittableRandom(SEED);
    return IntStream.range(0, BATCHES).mapToObj(_ -> batch(workload, random)).toList();
  }

  private static Batch batch(GpuWorkload workload, SplittableRandom random) {
    Shape shape = Shape.of(workload.batch()).concat(Shape.of(workload.model().inputShape().stream().mapToLong(n -> n).toArray()));
    int classes = workload.model().classes();
    HostArray inputs = workload.model().readsText() ? integers(random, classes, shape)
        : HostArray.ofDoubles(new TensorType(DType.F32, shape), random.doubles(shape.elements()).toArray());
    return new Batch(List.of(inputs, integers(random, classes, Shape.of(workload.labels()))), workload.batch());
  }

  private static HostArray integers(SplittableRandom random, int below, Shape shape) {
    return HostArray.ofLongs(new TensorType(DType.I32, shape), LongStream.range(0, shape.elements()).map(_ -> random.nextInt(below)).toArray());
  }

  /** A step on the next batch; its loss, not yet read. */
  public Tensor step() {
    Tensor[] batch = batches.get(next);
    next = (next + 1) % BATCHES;
    return step.run(batch).getFirst();
  }

  /** The loss of the batch that the first step was on. */
  public double lossOfFirstBatch() {
    while (next != 0) {
      step();
    }
    return step().item();
  }

  /** How many numbers are trained. */
  public long parameters() {
    return model.parameters().stream().map(Variable::type).mapToLong(TensorType::elements).sum();
  }

  /** What a step does and needs. */
  public PlanReport plan() {
    return step.plan(batches.getFirst());
  }

  /** Operations in products, convolutions and attention, with the scalar ones that a product takes along. */
  public static double arithmetic(PlanReport plan) {
    return plan.kernels().stream().mapToDouble(GpuTraining::arithmetic).sum();
  }

  private static double arithmetic(Work work) {
    if (!work.body().isEmpty()) {
      return work.repetitions() * work.body().stream().mapToDouble(GpuTraining::arithmetic).sum();
    }
    return isProduct(work) ? work.flops() : 0;
  }

  private static boolean isProduct(Work work) {
    return work.operations().stream().anyMatch(PRODUCTS::contains);
  }

  /** Bytes that all other kernels move to and from memory. */
  public static double bytesMoved(PlanReport plan) {
    return plan.kernels().stream().mapToDouble(GpuTraining::bytesMoved).sum();
  }

  private static double bytesMoved(Work work) {
    if (!work.body().isEmpty()) {
      return work.repetitions() * work.body().stream().mapToDouble(GpuTraining::bytesMoved).sum();
    }
    return isProduct(work) ? 0 : work.bytesRead() + work.bytesWritten();
  }

  /** Kernels that a step starts, those of loops as often as they run. */
  public static long kernels(PlanReport plan) {
    return plan.kernels().stream().mapToLong(GpuTraining::kernels).sum();
  }

  private static long kernels(Work work) {
    return work.body().isEmpty() ? 1 : work.repetitions() * work.body().stream().mapToLong(GpuTraining::kernels).sum();
  }
}
