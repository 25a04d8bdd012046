package dev.chainrule.backend.cpu;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Moves an executable's phases from the block interpreter to generated loops. What is run once or twice, as evaluations outside of steps
 * are, never pays for them: at the third run the loops are written and warmed up for {@value #FIRST_MILLIS} ms at most, after that
 * for a fifth of the time that runs take, each until it is compiled. Phases with most to do come first, small ones stay as they are.
 */
final class VectorSwitch {

  /** The run that brings the loops. */
  static final int FIRST_RUN = 3;

  private static final long FIRST_MILLIS = 150;
  private static final long MILLION = 1_000_000;

  /** Of the time between two runs. */
  private static final long SHARE = 5;

  private static final long SHORTEST_ROUND = MILLION / 5;
  private static final long LONGEST_ROUND = 100 * MILLION;

  /** Elementary operations of a phase that are worth a class. */
  private static final long WORTHWHILE = 4096;

  private final VectorClasses classes;
  private final Generation generation;
  private final List<VectorCode> waiting = new ArrayList<>();
  private int runs;
  private long last;
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
      waiting.add(code);
    }
  }

  /** To be called before each run. */
  void beforeRun() {
    if (waiting.isEmpty() || ++runs < FIRST_RUN) {
      return;
    }
    long start = System.nanoTime();
    if (runs == FIRST_RUN) {
      waiting.sort(Comparator.comparingLong(VectorCode::work).reversed());
      long deadline = start + FIRST_MILLIS * MILLION;
      while (!waiting.isEmpty() && System.nanoTime() < deadline) {
        round(deadline);
      }
    } else {
      round(start + Math.clamp((start - last) / SHARE, SHORTEST_ROUND, LONGEST_ROUND));
    }
    last = System.nanoTime();
    if (waiting.isEmpty()) {
      close();
    }
  }

  /** Each waiting phase once, while there is time; who had no turn is first the next time. */
  private void round(long deadline) {
    int turns = waiting.size();
    for (int i = 0; i < turns && System.nanoTime() < deadline; i++) {
      VectorCode code = waiting.removeFirst();
      WarmUp warmUp = classes.loop(code.program());
      if (!warmUp.isReady()) {
        warmUp.round(scratch(), deadline);
      }
      if (warmUp.isReady()) {
        code.use(warmUp.loop());
      } else if (!warmUp.isGivenUp()) {
        waiting.add(code);
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

  /** Phases that still wait. */
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
