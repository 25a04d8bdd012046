package dev.chainrule.backend.cpu;

import java.util.ArrayList;
import java.util.List;

/**
 * A generated kernel of few large groups: the threads share each group, in chunks of rows that are subtrees of the folds, and go through
 * the kernel phase by phase. Between two phases the chunks' numbers are combined in the tree that one thread would have built.
 */
final class SharedGroups implements Kernel {

  private final Tiling tiling;
  private final List<Phase> phases;
  private final List<Gathered> gathered = new ArrayList<>();
  private final Kernel[] loops;

  /** What the chunks of a fold have come to, and the results of its groups. */
  private record Gathered(Folding fold, Object partials, Object results) {}

  /** @param elementWork operations on an element */
  SharedGroups(Tiling tiling, List<Phase> phases, long elementWork, Parts parts) {
    this.tiling = tiling;
    this.phases = List.copyOf(phases);
    List<Kernel> all = new ArrayList<>();
    for (int i = 0; i < phases.size(); i++) {
      List<Gathered> earlier = List.copyOf(gathered);
      List<Gathered> own = new ArrayList<>();
      for (Folding fold : phases.get(i).folds()) {
        own.add(gathered(fold));
      }
      all.add(new ParallelLoop(List.of(new Chunks(i, earlier, own, elementWork)), parts));
      if (!own.isEmpty()) {
        all.add(new ParallelLoop(List.of(new Combination(own)), parts));
      }
      gathered.addAll(own);
    }
    this.loops = all.toArray(Kernel[]::new);
  }

  private Gathered gathered(Folding fold) {
    int results = Math.toIntExact(tiling.groups() * tiling.places());
    int partials = Math.toIntExact(tiling.chunks() * results);
    return new Gathered(fold, array(fold.kind(), partials), array(RegisterKind.of(fold.dtype()), results));
  }

  private static Object array(RegisterKind kind, int n) {
    return switch (kind) {
      case FLOAT -> new float[n];
      case DOUBLE -> new double[n];
      case INT -> new int[n];
      case LONG -> new long[n];
    };
  }

  @Override
  public void run(Frame frame) {
    for (Kernel loop : loops) {
      loop.run(frame);
    }
  }

  private int partial(long group, long chunk) {
    return (int) ((group * tiling.chunks() + chunk) * tiling.places());
  }

  private int result(long group) {
    return (int) (group * tiling.places());
  }

  /** A phase over all chunks of all groups. */
  private final class Chunks implements RangeKernel {
    private final int number;
    private final Phase phase;
    private final List<Gathered> earlier;
    private final List<Gathered> own;
    private final long chunks;
    private final long work;

    Chunks(int number, List<Gathered> earlier, List<Gathered> own, long elementWork) {
      this.number = number;
      this.phase = phases.get(number);
      this.earlier = earlier;
      this.own = List.copyOf(own);
      this.chunks = phase.code().hasTiles() ? tiling.chunks() : 1;
      this.work = (phase.code().hasTiles() ? Math.min(tiling.rows(), tiling.chunkRows()) : 1) * tiling.places() * elementWork;
    }

    @Override
    public long items() {
      return tiling.groups() * chunks;
    }

    @Override
    public long itemWork() {
      return work;
    }

    @Override
    public void range(Frame frame, Registers registers, long from, long to) {
      for (int i = 0; i <= number; i++) {
        phases.get(i).code().prepare(frame, registers);
      }
      for (long item = from; item < to; item++) {
        chunk(frame, registers, item / chunks, item % chunks);
      }
    }

    private void chunk(Frame frame, Registers registers, long group, long chunk) {
      Tile tile = registers.tile;
      tiling.enter(tile, group);
      for (int i = 0; i < earlier.size(); i++) {
        Folding fold = earlier.get(i).fold;
        Object into = registers.array(RegisterKind.of(fold.dtype()), fold.result());
        System.arraycopy(earlier.get(i).results, result(group), into, 0, tile.places());
      }
      phase.code().group(frame, registers, tile);
      if (chunk == 0) {
        phase.code().once(frame, registers, tile);
      }
      long first = chunk * tiling.chunkRows();
      phase.rows(tiling, frame, registers, first, Math.min(tiling.rows(), first + tiling.chunkRows()));
      for (int i = 0; i < own.size(); i++) {
        System.arraycopy(own.get(i).fold.accumulated(registers), 0, own.get(i).partials, partial(group, chunk), tile.places());
      }
    }
  }

  /** From chunks to results. */
  private final class Combination implements RangeKernel {
    private final List<Gathered> folds;

    Combination(List<Gathered> folds) {
      this.folds = List.copyOf(folds);
    }

    @Override
    public long items() {
      return tiling.groups();
    }

    @Override
    public long itemWork() {
      return tiling.chunks() * tiling.places();
    }

    @Override
    public void range(Frame frame, Registers registers, long from, long to) {
      for (long group = from; group < to; group++) {
        tiling.enter(registers.tile, group);
        for (int i = 0; i < folds.size(); i++) {
          combine(folds.get(i), registers, group);
        }
      }
    }

    private void combine(Gathered gathered, Registers registers, long group) {
      Folding fold = gathered.fold;
      int n = registers.tile.places();
      long whole = tiling.rows() / tiling.chunkRows();
      for (long chunk = 0; chunk < whole; chunk++) {
        fold.tree().push(registers, chunk, gathered.partials, partial(group, chunk), n);
      }
      Object into = fold.accumulated(registers);
      if (whole == tiling.chunks()) {
        fold.tree().finish(registers, whole, into, n);
      } else {
        System.arraycopy(gathered.partials, partial(group, whole), into, 0, n);
        fold.tree().finishWith(registers, whole, into, n);
      }
      fold.conclude(registers, n);
      System.arraycopy(registers.array(RegisterKind.of(fold.dtype()), fold.result()), 0, gathered.results, result(group), n);
    }
  }
}
