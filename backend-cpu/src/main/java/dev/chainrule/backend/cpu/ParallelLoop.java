package dev.chainrule.backend.cpu;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Runs kernels that do not depend on one another as one loop: each part does its share of their work, so small kernels cost no hand-over
 * to the threads of their own. All is decided when it is made; a run allocates nothing.
 */
final class ParallelLoop implements Kernel, PartTask {

  private final RangeKernel[] kernels;
  private final Parts parts;
  private final int count;

  /** For each kernel the first item of each part, and the end of the last. */
  private final long[][] cuts;

  private @Nullable Frame frame;

  ParallelLoop(List<RangeKernel> kernels, Parts parts) {
    this.kernels = kernels.stream().filter(kernel -> kernel.items() > 0).toArray(RangeKernel[]::new);
    this.parts = parts;
    long items = 0;
    long work = 0;
    for (RangeKernel kernel : this.kernels) {
      items += kernel.items();
      work += work(kernel);
    }
    this.count = (int) Math.clamp(Math.min(items, work / Parts.GRAIN), 1, parts.most());
    this.cuts = new long[this.kernels.length][];
    long before = 0;
    for (int i = 0; i < cuts.length; i++) {
      cuts[i] = cuts(this.kernels[i], before, work);
      before += work(this.kernels[i]);
    }
  }

  private static long work(RangeKernel kernel) {
    return kernel.items() * Math.max(1, kernel.itemWork());
  }

  /** Where the parts begin in a kernel that comes after work {@code before} of {@code all}. */
  private long[] cuts(RangeKernel kernel, long before, long all) {
    long[] result = new long[count + 1];
    for (int part = 0; part <= count; part++) {
      double share = (double) all * part / count - before;
      result[part] = Math.clamp((long) Math.ceil(share / Math.max(1, kernel.itemWork())), 0, kernel.items());
    }
    result[0] = 0;
    result[count] = kernel.items();
    return result;
  }

  @Override
  public void run(Frame frame) {
    this.frame = frame;
    if (count == 1) {
      run(0);
    } else {
      parts.workers().forEach(count, this);
    }
  }

  @Override
  public void run(int part) {
    Frame current = Objects.requireNonNull(frame);
    for (int i = 0; i < kernels.length; i++) {
      if (cuts[i][part] < cuts[i][part + 1]) {
        kernels[i].range(current, parts.registers(part), cuts[i][part], cuts[i][part + 1]);
      }
    }
  }
}
