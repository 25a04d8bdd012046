package dev.chainrule.backend.cpu;

/**
 * The straight-line code of one phase of a generated kernel: what it computes between memory and a store or a fold. Phase k computes the
 * arguments of the folds that need folds of earlier phases only, and all results and checks that do; loops over groups and tiles, the
 * fold's tree from its blocks on and the threads are the driver's. The driver calls, on one thread and with the same registers,
 *
 * <pre>
 * prepare                       once for each part of a loop
 *   group                       for each group, {@link Registers#tile} at its first tile
 *   once                        for each group, on one thread only where several share it
 *     tile, tile, ...           for each tile in order of rows, if there is anything to do for tiles
 * </pre>
 *
 * <p>Results of earlier phases' folds lie in their registers, {@link Folding#result}, from {@link #group} on: a number for each place of
 * the group. Where a group is a single tile, what earlier phases left in registers is there too, and code may rely on it.
 */
interface PhaseCode {

  /** Computes what is the same for all elements. */
  void prepare(Frame frame, Registers registers);

  /** Computes what is the same for all rows. */
  void group(Frame frame, Registers registers, Tile tile);

  /** Stores and checks what is the same for all rows. */
  void once(Frame frame, Registers registers, Tile tile);

  /** Whether {@link #tile} does anything. */
  boolean hasTiles();

  /** Whether {@link #tile} needs no registers for elements, so that a tile of a kernel without folds may hold any number of them. */
  default boolean takesTilesOfAnyLength() {
    return false;
  }

  /**
   * Computes the tile's elements, stores and checks, all loads before the first store. For each fold of the phase it leaves in
   * {@link Folding#accumulator} a number for each place: the tile's rows combined if it begins a block ({@code tile.row} is a multiple of
   * {@link Tiling#blockRows}), else these combined with what is there. A tile of all rows, of several blocks too, is combined wholly.
   */
  void tile(Frame frame, Registers registers, Tile tile);
}
