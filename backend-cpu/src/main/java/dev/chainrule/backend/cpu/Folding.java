package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;

/**
 * A fold of a generated kernel: where its numbers lie and how those of a tile are combined. Products of floats are multiplied in double
 * and rounded once: in f32 one half of the factors might overflow and the other vanish where the whole product does neither. Sums of
 * 16-bit floats are added in f32 and rounded once.
 *
 * <p>Several short rows in one tile are transposed, so that all are combined side by side: the same tree.
 *
 * @param dtype of the result
 * @param kind in which it is combined
 * @param rowsOfNumbers whether the width is 1, see {@link FoldTree}
 * @param accumulator register for a number for each place
 * @param result register of the dtype's kind for a number for each place, rounded; the accumulator where nothing has to be
 * @param scratch the first of {@value #SCRATCH} registers of the kind
 */
record Folding(DType dtype, RegisterKind kind, Folds.Accumulate accumulate, FoldTree tree, boolean rowsOfNumbers, int accumulator,
    int result, int scratch) {

  /** Lanes of a block of numbers. */
  static final int LANES = 64;

  static final int SCRATCH = 3;

  /** The type in which elements are combined. */
  static DType combined(Op.Fold fold, DType result) {
    return fold == Op.Fold.PROD && result.isFloating() ? DType.F64 : result;
  }

  /** The number for each place. */
  Object accumulated(Registers registers) {
    return registers.array(kind, accumulator);
  }

  /** See {@link PhaseCode#tile}; {@code argument} is the register with the tile's elements. */
  void combine(Registers registers, Tile tile, int argument) {
    Object elements = registers.array(kind, argument);
    Object into = accumulated(registers);
    if (tile.outers == 1) {
      rows(registers, elements, tile.row, tile.rows, tile.columns, into);
      return;
    }
    Object sideBySide = registers.array(kind, scratch);
    Transposition.of(elements, sideBySide, tile.outers, tile.rows * tile.columns, kind);
    rows(registers, sideBySide, 0, tile.rows, tile.columns * tile.outers, into);
    if (tile.columns > 1) {
      Transposition.of(into, sideBySide, tile.columns, tile.outers, kind);
      System.arraycopy(sideBySide, 0, into, 0, tile.places());
    }
  }

  private void rows(Registers registers, Object elements, long row, int rows, int width, Object into) {
    if (rowsOfNumbers) {
      lanes(registers, elements, rows, width, into);
    } else if (rows > Tiling.BLOCK_OF_ROWS) {
      blocks(registers, elements, rows, width, into);
    } else if (row % Tiling.BLOCK_OF_ROWS == 0) {
      block(registers, elements, 0, rows, width, into);
    } else {
      accumulate.apply(into, elements, 0, rows, width, registers.array(kind, scratch + 2));
    }
  }

  private void block(Registers registers, Object elements, int at, int rows, int width, Object into) {
    System.arraycopy(elements, at, into, 0, width);
    accumulate.apply(into, elements, at + width, rows - 1, width, registers.array(kind, scratch + 2));
  }

  private void blocks(Registers registers, Object elements, int rows, int width, Object into) {
    int blocks = 0;
    for (int row = 0; row < rows; row += Tiling.BLOCK_OF_ROWS) {
      block(registers, elements, row * width, Math.min(Tiling.BLOCK_OF_ROWS, rows - row), width, into);
      tree.push(registers, blocks++, into, 0, width);
    }
    tree.finish(registers, blocks, into, width);
  }

  /** A block of numbers, or several in columns. */
  private void lanes(Registers registers, Object elements, int rows, int columns, Object into) {
    Object lanes = registers.array(kind, scratch + 1);
    Object spare = registers.array(kind, scratch + 2);
    int count = Math.min(rows, LANES);
    System.arraycopy(elements, 0, lanes, 0, count * columns);
    if (rows > LANES) {
      int whole = rows / LANES;
      accumulate.apply(lanes, elements, LANES * columns, whole - 1, LANES * columns, spare);
      accumulate.apply(lanes, elements, whole * LANES * columns, 1, (rows - whole * LANES) * columns, spare);
    }
    while (count > 1) {
      int half = (count + 1) / 2;
      accumulate.apply(lanes, lanes, half * columns, 1, (count - half) * columns, spare);
      count = half;
    }
    System.arraycopy(lanes, 0, into, 0, columns);
  }

  /** Whether what is combined in registers of a kind still has to become the result's type. */
  static boolean isRounded(DType result, RegisterKind kind) {
    return kind != RegisterKind.of(result) || Conversions.needsRounding(result);
  }

  /** Rounds {@code n} accumulated numbers to the result's type. */
  void conclude(Registers registers, int n) {
    if (!isRounded(dtype, kind)) {
      return;
    }
    Object rounded = registers.array(RegisterKind.of(dtype), result);
    if (kind == RegisterKind.of(dtype)) {
      System.arraycopy(accumulated(registers), 0, rounded, 0, n);
      Conversions.round(dtype, rounded, n);
    } else {
      Conversions.between(DType.F64, dtype).apply(rounded, accumulated(registers), n);
    }
  }
}
