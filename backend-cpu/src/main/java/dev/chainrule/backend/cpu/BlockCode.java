package dev.chainrule.backend.cpu;

import java.util.List;

/**
 * A phase as lists of loops over registers: load, compute, store, a tile of each. Traffic: every operand once from memory, results once to
 * it; what is between stays in first-level cache, which is why a tile is short.
 */
final class BlockCode implements PhaseCode {

  private final BlockStep[] constants;
  private final BlockStep[] group;
  private final BlockStep[] spread;
  private final BlockStep[] once;
  private final BlockStep[] tile;

  /** @param spread repeats what is the same for all rows, after {@code group} has computed it */
  BlockCode(List<BlockStep> constants, List<BlockStep> group, List<BlockStep> spread, List<BlockStep> once, List<BlockStep> tile) {
    this.constants = constants.toArray(BlockStep[]::new);
    this.group = group.toArray(BlockStep[]::new);
    this.spread = spread.toArray(BlockStep[]::new);
    this.once = once.toArray(BlockStep[]::new);
    this.tile = tile.toArray(BlockStep[]::new);
  }

  @Override
  public void prepare(Frame frame, Registers registers) {
    run(constants, frame, registers, 0, 1);
  }

  @Override
  public void group(Frame frame, Registers registers, Tile tile) {
    places(frame, registers, tile);
    run(spread, frame, registers, tile.place, tile.places());
  }

  /** What {@link #group} does, except that it repeats nothing for each row. */
  void places(Frame frame, Registers registers, Tile tile) {
    run(group, frame, registers, tile.place, tile.places());
  }

  @Override
  public void once(Frame frame, Registers registers, Tile tile) {
    run(once, frame, registers, tile.place, tile.places());
  }

  @Override
  public boolean hasTiles() {
    return tile.length > 0;
  }

  @Override
  public void tile(Frame frame, Registers registers, Tile at) {
    run(tile, frame, registers, at.at, at.elements());
  }

  private static void run(BlockStep[] steps, Frame frame, Registers registers, long at, int n) {
    for (BlockStep step : steps) {
      step.run(frame, registers, at, n);
    }
  }
}
