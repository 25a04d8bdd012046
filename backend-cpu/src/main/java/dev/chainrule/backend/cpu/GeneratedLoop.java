package dev.chainrule.backend.cpu;

import java.util.List;

/** A generated kernel run a group at a time, all phases of it, while it is in the cache. Traffic: each operand once for each phase. */
final class GeneratedLoop implements RangeKernel {

  /** Groups that are one tile where that is possible. */
  private static final long LONGEST = 256;

  private final Tiling tiling;
  private final Phase[] phases;
  private final long work;

  /** @param elementWork operations on an element */
  GeneratedLoop(Tiling tiling, List<Phase> phases, long elementWork) {
    this.tiling = tiling;
    this.phases = phases.toArray(Phase[]::new);
    this.work = tiling.rows() * tiling.places() * elementWork;
  }

  @Override
  public long items() {
    return tiling.groups();
  }

  @Override
  public long itemWork() {
    return work;
  }

  @Override
  public void range(Frame frame, Registers registers, long from, long to) {
    for (Phase phase : phases) {
      phase.code().prepare(frame, registers);
    }
    if (phases.length == 1 && phases[0].code().takesTilesOfAnyLength()) {
      longTiles(frame, registers, from, to);
      return;
    }
    for (long group = from; group < to; group++) {
      for (Phase phase : phases) {
        tiling.enter(registers.tile, group);
        phase.code().group(frame, registers, registers.tile);
        phase.code().once(frame, registers, registers.tile);
        phase.rows(tiling, frame, registers, 0, tiling.rows());
        phase.conclude(registers);
      }
    }
  }

  /** Where no axes are folded, groups and phases have nothing of their own to do. */
  private void longTiles(Frame frame, Registers registers, long from, long to) {
    for (long group = from; group < to; group += LONGEST) {
      tiling.enterSeveral(registers.tile, group, Math.min(LONGEST, to - group));
      phases[0].code().tile(frame, registers, registers.tile);
    }
  }
}
