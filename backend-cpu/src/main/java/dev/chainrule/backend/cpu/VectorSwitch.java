package dev.chainrule.backend.cpu;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Moves an executable's phases from the block interpreter to generated loops. What is run once or twice, as evaluations outside of steps
 * are, never pays for them: at the third run the loops are written and warmed up for {@value #FIRST_MILLIS} ms or as long as two runs take
 * at most, after that for a fifth of the time that runs take, each until it is compiled. Programs with most to do come first, small phases stay as they are.
 */
final class VectorSwitch {

  /** The run that brings the loops. */
  static final int FIRST_RUN = 3;

  private static final long FIRST_MILLIS = 150;
  private static final long FIRST_RUNS = 2;
  private static final long LONGEST_FIRST_MILLIS = 1500;

  /** Between two rounds of the first time, which the compiler may need the processor for. */
  private static final long PAUSE = 2_000_000;
  private static final long MILLION = 1_000_000;

  /** One of so many parts of the time between two runs, or of what others compute, may go into getting loops compiled. */
  static final long SHARE = 5;

  private static final long SHORTEST_ROUND = MILLION / 5;
  private static final long LONGEST_ROUND = 100 * MILLION;

  /** Elementary operations of a phase that are worth a class. */
  private static final long WORTHWHILE = 4096;

  private final VectorClasses classes;
  private final Generation generation;
  private final Map<VectorProgram, List<VectorCode>> phases = new LinkedHashMap<>();
  private final List<VectorProgram> waiting = new ArrayList<>();
  private int runs;
  private long last;

  /** How long the last run took. */
  private long lasted;

  private WarmUp.@Nullable Scratch scratch;

  VectorSwitch(VectorClasses classes, Generation generation) {
    this.classes = classes;
    this.generation = generation;
  }

  /** Whether phases should be {@link VectorCode}. */
  boolean isOn() {
    return generation != Generation.OFF;
  }

  void add(VectorCode code) {
    if (generation == Generation.EAGER) {
      code.use(classes.loop(code.program()).loop());
    } else if (code.work() >= WORTHWHILE) {
      phases.computeIfAbsent(code.program(), program -> {
        waiting.add(program);
        return new ArrayList<>();
      }).add(code);
    }
  }

  /** To be called before each run. */
  void beforeRun() {
    if (waiting.isEmpty()) {
      return;
    }
    long start = System.nanoTime();
    if (++runs == FIRST_RUN) {
      waiting.sort(Comparator.comparingLong(this::work).reversed());
      long deadline = start + Math.clamp(FIRST_RUNS * lasted, FIRST_MILLIS * MILLION, LONGEST_FIRST_MILLIS * MILLION);
      while (!waiting.isEmpty() && System.nanoTime() < deadline) {
        round(deadline);
        LockSupport.parkNanos(PAUSE);
      }
    } else if (runs > FIRST_RUN) {
      round(start + Math.clamp((start - last) / SHARE, SHORTEST_ROUND, LONGEST_ROUND));
    }
    last = System.nanoTime();
    if (waiting.isEmpty()) {
      close();
    }
  }

  /** To be called after each run. */
  void afterRun() {
    if (!waiting.isEmpty()) {
      lasted = System.nanoTime() - last;
    }
  }

  private long work(VectorProgram program) {
    return phases.getOrDefault(program, List.of()).stream().mapToLong(VectorCode::work).sum();
  }

  /** Each waiting program once, while there is time; which had no turn is first the next time. */
  private void round(long deadline) {
    int turns = waiting.size();
    for (int i = 0; i < turns && System.nanoTime() < deadline; i++) {
      VectorProgram program = waiting.removeFirst();
      WarmUp warmUp = classes.loop(program);
      if (!warmUp.isReady()) {
        warmUp.round(scratch(), deadline);
      }
      if (warmUp.isReady()) {
        phases.getOrDefault(program, List.of()).forEach(code -> code.use(warmUp.loop()));
      } else if (!warmUp.isGivenUp()) {
        waiting.add(program);
      }
    }
  }

  private WarmUp.Scratch scratch() {
    WarmUp.Scratch there = scratch;
    if (there == null) {
      there = new WarmUp.Scratch();
      scratch = there;
    }
    return there;
  }

  /** Programs that still wait. */
  int waiting() {
    return waiting.size();
  }

  void close() {
    WarmUp.Scratch there = scratch;
    if (there != null) {
      there.free();
      scratch = null;
    }
  }
}
