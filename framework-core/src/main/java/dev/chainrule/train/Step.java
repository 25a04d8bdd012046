package dev.chainrule.train;

import dev.chainrule.ChainruleException;
import dev.chainrule.StaleTensorException;
import dev.chainrule.device.events.Recorder;
import dev.chainrule.device.events.TraceEvent;
import dev.chainrule.graph.Ops;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.FaultedRun;
import dev.chainrule.plan.PlanCache;
import dev.chainrule.plan.PlanReport;
import dev.chainrule.plan.Replay;
import dev.chainrule.plan.StepGraph;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
    /** Composes the results; called at every run. */
    List<Tensor> apply(List<Tensor> inputs);
  }

  private static final System.Logger LOG = System.getLogger(Step.class.getName());

  /** A reader that is overtaken this often by writers meets them at every turn, or holds a tensor that really is stale. */
  private static final int MOST_ATTEMPTS = 100;

  private final Mode mode;
  private final Function function;
  private final long seed;
  private final AtomicLong runs = new AtomicLong();
  private final AtomicLong hostReads = new AtomicLong();
  private final Map<Engine, PlanCache> caches = new ConcurrentHashMap<>();

  private Step(Mode mode, Function function, long seed) {
    Objects.requireNonNull(function, "function");
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

  /**
   * This Step with another seed for its random bits, and for variables that it is the first to use; the default is 0. Two Steps with one
   * seed draw the same bits at the same place of the same model: give them different seeds where that must not be, as for the two
   * networks of an adversarial pair.
   */
  public Step withSeed(long seed) {
    return new Step(mode, function, seed);
  }

  /** This Step with its function under a precision policy; the default is that of the surroundings of {@link #run}. */
  public Step withPrecision(Precision precision) {
    Objects.requireNonNull(precision, "precision");
    return new Step(mode, inputs -> precision.call(() -> function.apply(inputs)), seed);
  }

  /**
   * Runs the function once on the current device. A device may be some runs behind: who reads a result or a variable waits for it. What is
   * thrown for a run is thrown there at the latest, also by the runs that were queued after it, which change nothing.
   *
   * @return its results, evaluated
   * @throws dev.chainrule.NonFiniteException when the loss or an updated parameter is not finite; variables keep their values
   * @throws dev.chainrule.IndexRangeException when an index lies outside its axis; variables keep their values
   */
  public List<Tensor> run(Tensor... inputs) {
    Engine engine = Engine.current();
    PlanCache cache = caches.computeIfAbsent(engine, _ -> new PlanCache());
    long run = runs.getAndIncrement();
    for (int attempt = 1;; attempt++) {
      Trace.Recording recording = record(run, false, inputs);
      noteHostReads(recording);
      try {
        return engine.run(recording.graph(), cache, fault -> explained(recording, run, fault, inputs)).stream().map(v -> Tensor.of(Ops.input(v))).toList();
      } catch (StaleTensorException overtaken) {
        // Another thread's Step has committed since the trace. One that only reads can simply read again.
        if (!recording.graph().assignments().isEmpty() || attempt == MOST_ATTEMPTS) {
          throw overtaken;
        }
      }
    }
  }

  private ChainruleException explained(Trace.Recording recording, long run, FaultedRun fault, Tensor... inputs) {
    return Replay.explain(recording.graph(), recordedWithLines(run, inputs), fault, "step " + (run + 1));
  }

  /**
   * Traces the function and plans what it computes, as {@link #run} with these inputs would, but runs nothing: variables and the number of
   * runs stay as they are, but for variables that get their first values. The plan is kept for the next run.
   *
   * @param inputs whose types count; the device is the current one
   * @return what a run will do and need; its {@code toString()} is a table
   */
  public PlanReport plan(Tensor... inputs) {
    Engine engine = Engine.current();
    return engine.explain(record(runs.get(), false, inputs).graph(), caches.computeIfAbsent(engine, _ -> new PlanCache()));
  }

  private Trace.Recording record(long run, boolean lines, Tensor... inputs) {
    Optional<TraceEvent> event = Recorder.ifOn(() -> TraceEvent.begun());
    Trace.Recording recording = Trace.record(mode, seed, run, lines, () -> function.apply(List.of(inputs)));
    event.ifPresent(e -> e.ended(mode.name().toLowerCase(Locale.ROOT), () -> recording.graph().size()));
    return recording;
  }

  /** The function is the caller's and may not bear being called again; the fault it is to explain counts more than that. */
  private Optional<StepGraph> recordedWithLines(long run, Tensor... inputs) {
    try {
      return Optional.of(record(run, true, inputs).graph());
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.DEBUG, "no lines for the fault: the function failed when called again", e);
      return Optional.empty();
    }
  }

  private void noteHostReads(Trace.Recording recording) {
    int count = recording.hostReads().size();
    if (count > 0 && hostReads.getAndAdd(count) == 0) {
      LOG.log(System.Logger.Level.WARNING, "the host reads {0} inside a Step: that part runs an extra time at every step",
          recording.hostReads().getFirst());
    }
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

  /** How many plans are kept at present, at most 64 for each device. */
  public int plansKept() {
    return caches.values().stream().mapToInt(PlanCache::size).sum();
  }

  /** How often the function has read values on the host while it was traced; each makes a part run twice. */
  public long hostReads() {
    return hostReads.get();
  }
}
