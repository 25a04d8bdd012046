package dev.chainrule.train;

import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Value;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.FaultedRun;
import dev.chainrule.plan.PlanCache;
import dev.chainrule.plan.Replay;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A function of tensors that runs as one plan: forward pass, gradients and updates in a single graph, planned when its structure is
 * new and reused ever after. The function itself runs anew each time, so plain {@code if} and {@code for} work and nothing stale is
 * captured. All assignments take effect together when the run has ended well, or not at all.
 *
 * <pre>{@code
 * Step train = Step.training(in -> {
 *   Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
 *   adam.minimise(loss);
 *   return List.of(loss);
 * });
 * double loss = train.run(images, labels).getFirst().item();
 * }</pre>
 */
public final class Step {

  /** What a Step computes from its inputs. */
  @FunctionalInterface
  public interface Function {
    List<Tensor> apply(List<Tensor> inputs);
  }

  private final Mode mode;
  private final Function function;
  private final long seed;
  private final AtomicLong runs = new AtomicLong();
  private final AtomicLong hostReads = new AtomicLong();
  private final Map<Engine, PlanCache> caches = new ConcurrentHashMap<>();

  private Step(Mode mode, Function function, long seed) {
    this.mode = mode;
    this.function = function;
    this.seed = seed;
  }

  /** A Step in training mode. */
  public static Step training(Function function) {
    return new Step(Mode.TRAINING, function, 0);
  }

  /** A Step in evaluation mode. */
  public static Step evaluation(Function function) {
    return new Step(Mode.EVALUATION, function, 0);
  }

  /** This Step with another seed for its random bits, and for variables that it is the first to use; the default is 0. */
  public Step withSeed(long seed) {
    return new Step(mode, function, seed);
  }

  /**
   * Runs the function once on the current device.
   *
   * @return its results, evaluated
   * @throws dev.chainrule.NonFiniteException when the loss or an updated parameter is not finite; variables keep their values
   * @throws dev.chainrule.IndexRangeException when an index lies outside its axis; variables keep their values
   */
  public List<Tensor> run(Tensor... inputs) {
    Engine engine = Engine.current();
    long run = runs.getAndIncrement();
    Trace.Recording recording = record(run, false, inputs);
    hostReads.addAndGet(recording.hostReads());
    List<Value> values;
    try {
      values = engine.run(recording.graph(), caches.computeIfAbsent(engine, _ -> new PlanCache()));
    } catch (FaultedRun fault) {
      Trace.Recording withLines = record(run, true, inputs);
      throw Replay.explain(withLines.graph(), fault, "step " + (run + 1));
    }
    return values.stream().map(v -> Tensor.of(Ops.input(v))).toList();
  }

  private Trace.Recording record(long run, boolean lines, Tensor... inputs) {
    return Trace.record(mode, seed, run, lines, () -> function.apply(List.of(inputs)));
  }

  /** How often it has run; with the seed it addresses the random bits, so a resumed training sets it. */
  public long runs() {
    return runs.get();
  }

  /** Continues the count of runs from a checkpoint. */
  public void resumeAt(long run) {
    runs.set(run);
  }

  /** How many plans have been built: one for each structure and set of shapes met. */
  public long plans() {
    return caches.values().stream().mapToLong(PlanCache::misses).sum();
  }

  /** How often the function has read values on the host while it was traced; each makes a part run twice. */
  public long hostReads() {
    return hostReads.get();
  }
}
