package dev.chainrule.backend.cpu;

import java.util.List;

/**
 * A loop that each thread goes through with rows of its own ({@link LoopRows}): threads meet once, behind the last repetition, rather than
 * at each kernel of each, which for the small kernels of a recurrent layer would cost as much as these do.
 */
final class SharedRepetition implements Kernel, PartTask {

  /** Rows of a thread at least; with fewer, products would not be worth reading their right operands for. */
  private static final long ROWS_PER_THREAD = 8;

  /** What a core's own cache should hold of right operands. If there is more, it is better that each thread has columns of its own. */
  private static final long MOST_SHARED_BYTES = 1 << 20;

  private final Workers workers;
  private final Repetition[] shares;
  private final Frame[] frames;

  /** @param shares the same loop for different rows, each with kernels and scratch space of its own */
  SharedRepetition(List<Repetition> shares, int bases, Workers workers) {
    this.workers = workers;
    this.shares = shares.toArray(Repetition[]::new);
    this.frames = shares.stream().map(_ -> new Frame(bases)).toArray(Frame[]::new);
  }

  /** Whether it is better that threads share out the rows than that they share out each kernel. */
  static boolean isBetter(LoopRows rows, int threads) {
    return threads > 1 && rows.count() >= ROWS_PER_THREAD * threads && rows.sharedBytes() <= MOST_SHARED_BYTES;
  }

  @Override
  public void run(Frame frame) {
    for (Frame own : frames) {
      own.bindAll(frame);
    }
    workers.forEach(shares.length, this);
  }

  @Override
  public void run(int part) {
    shares[part].run(frames[part]);
  }
}
