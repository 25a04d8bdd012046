package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import java.util.ArrayList;
import java.util.List;

/**
 * How a kernel walks its domain. The domain is seen as [outer, rows, width] in row-major order: folds combine rows, width is what lies
 * behind the last folded axis; without folds all axes are outer. A <em>group</em> is a number of <em>places</em> of [outer, width] with
 * all their rows, so folds of different groups have nothing to do with each other. A {@link Tile} is a part of a group that fits the
 * registers, neighbours in the order of the walk.
 *
 * <p>Groups of at most {@value Registers#BLOCK} elements are one tile, as many outer indices together as fit. In larger ones a tile is a
 * block of the fold's tree or a part of one, see {@link FoldTree}; a width that exceeds the registers is cut.
 */
final class Tiling {

  /** Rows of single numbers that a block combines. */
  static final int BLOCK_OF_NUMBERS = 1024;

  /** Rows of more than one number that a block combines. */
  static final int BLOCK_OF_ROWS = 16;

  /** Blocks of a chunk, the part of a fold that one thread does, at most. */
  private static final int LARGEST_CHUNK = 64;

  private static final long CHUNK_ELEMENTS = 65_536;

  private final Axes order;
  private final Axes folded;
  private final long outer;
  private final long rows;
  private final long width;
  private final boolean single;

  /** @param folded those of size 1 make no difference */
  Tiling(Shape domain, Axes folded) {
    List<Integer> before = new ArrayList<>();
    List<Integer> combined = new ArrayList<>();
    List<Integer> behind = new ArrayList<>();
    for (int axis = 0; axis < domain.rank(); axis++) {
      if (folded.contains(axis) && domain.dim(axis) > 1) {
        combined.add(axis);
        before.addAll(behind);
        behind.clear();
      } else {
        behind.add(axis);
      }
    }
    if (combined.isEmpty()) {
      before.addAll(behind);
      behind.clear();
    }
    this.folded = axes(combined);
    this.outer = elements(domain, before);
    this.rows = elements(domain, combined);
    this.width = elements(domain, behind);
    before.addAll(combined);
    before.addAll(behind);
    this.order = axes(before);
    this.single = rows <= Registers.BLOCK && width <= Registers.BLOCK && rows * width <= Registers.BLOCK;
  }

  private static Axes axes(List<Integer> axes) {
    return Axes.of(axes.stream().mapToInt(axis -> axis).toArray());
  }

  private static long elements(Shape domain, List<Integer> axes) {
    long n = 1;
    for (int axis : axes) {
      n *= domain.dim(axis);
    }
    return n;
  }

  // --- layouts -----------------------------------------------------------------------------------------------------------------------

  /** An operand's layout in the order of the walk over [outer, rows, width]. */
  Layout elements(Layout layout) {
    return layout.permute(order);
  }

  /** An operand's layout in the order of the walk over [outer, width], at the first row. */
  Layout places(Layout layout) {
    List<Op.Range> first = new ArrayList<>();
    for (int axis = 0; axis < layout.shape().rank(); axis++) {
      first.add(new Op.Range(0, folded.contains(axis) ? 1 : layout.shape().dim(axis), 1));
    }
    return layout.slice(first).permute(order);
  }

  /** Where an axis comes in the order of the walk. */
  int position(int axis) {
    return order.inverse().get(axis);
  }

  /** Whether an operand with this layout is the same for every tile of a kernel with folds. */
  boolean repeats(Layout layout) {
    Layout walked = elements(layout);
    boolean same = single && rows > 1 && outer > 1;
    long inner = 1;
    for (int axis = walked.shape().rank() - 1; axis >= 0; axis--) {
      same &= inner < rows * width || walked.shape().dim(axis) == 1 || walked.stride(axis) == 0;
      inner *= walked.shape().dim(axis);
    }
    return same;
  }

  /** Whether an index counts the same for every tile of a kernel with folds. */
  boolean repeats(Counting counting) {
    return single && rows > 1 && outer > 1 && rows * width % (counting.length() * counting.inner()) == 0;
  }

  // --- sizes -------------------------------------------------------------------------------------------------------------------------

  long rows() {
    return rows;
  }

  long width() {
    return width;
  }

  /** Whether every group is one tile. */
  boolean isSingle() {
    return single;
  }

  long groups() {
    return single ? (outer + together() - 1) / together() : outer * columnGroups();
  }

  private long columnGroups() {
    return (width + Registers.BLOCK - 1) / Registers.BLOCK;
  }

  /** Outer indices of a group. */
  private long together() {
    return single ? Registers.BLOCK / (rows * width) : 1;
  }

  /** Places of a group at most. */
  int places() {
    return (int) (single ? Math.min(together(), outer) * width : Math.min(width, Registers.BLOCK));
  }

  /** Elements of a tile at most, where every group is one. */
  int tileElements() {
    return (int) (rows * places());
  }

  /** Rows that a block of the tree combines. */
  int blockRows() {
    return width == 1 ? BLOCK_OF_NUMBERS : BLOCK_OF_ROWS;
  }

  /** Rows of a tile, but the last of a group; a divisor of those of a block, or all. */
  int tileRows() {
    if (single) {
      return (int) rows;
    }
    return width == 1 ? BLOCK_OF_NUMBERS : Math.min(BLOCK_OF_ROWS, Integer.highestOneBit(Registers.BLOCK / places()));
  }

  /** Rows that one thread combines where a group is shared, always the same ones: a whole subtree of the fold's. */
  long chunkRows() {
    long blockElements = (long) blockRows() * places();
    return blockRows() * Long.highestOneBit(Math.clamp(CHUNK_ELEMENTS / blockElements, 1, LARGEST_CHUNK));
  }

  long chunks() {
    return single ? 1 : (rows + chunkRows() - 1) / chunkRows();
  }

  /** Blocks of a group. */
  long blocks() {
    return (rows + blockRows() - 1) / blockRows();
  }

  // --- the walk ----------------------------------------------------------------------------------------------------------------------

  /** Sets the tile to the first of a group. */
  void enter(Tile tile, long group) {
    if (single) {
      tile.outer = group * together();
      tile.outers = (int) Math.min(together(), outer - tile.outer);
      tile.column = 0;
      tile.columns = (int) width;
    } else {
      tile.outer = group / columnGroups();
      tile.outers = 1;
      tile.column = group % columnGroups() * Registers.BLOCK;
      tile.columns = (int) Math.min(Registers.BLOCK, width - tile.column);
    }
    tile.place = tile.outer * width + tile.column;
    move(tile, 0, rows);
  }

  /** Sets the tile to {@code groups} groups of a kernel without folds at once. */
  void enterSeveral(Tile tile, long group, long groups) {
    enter(tile, group);
    tile.outers = (int) Math.min(together() * groups, outer - tile.outer);
  }

  /** Sets the tile to {@code n} elements of a kernel without folds. */
  void enterElements(Tile tile, long first, int n) {
    tile.outer = first;
    tile.outers = n;
    tile.column = 0;
    tile.columns = 1;
    tile.place = first;
    move(tile, 0, 1);
  }

  /** Sets the tile to the one of its group that begins at {@code row}; it ends at {@code end} at the latest. */
  void move(Tile tile, long row, long end) {
    tile.row = row;
    tile.rows = (int) Math.min(tileRows(), end - row);
    tile.at = (tile.outer * rows + row) * width + tile.column;
  }
}
