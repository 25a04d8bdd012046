package dev.chainrule.backend.cpu;

/**
 * A generated kernel without folds that goes along with another kernel: that one has it compute any part of the domain as soon as the
 * part's elements are there, on the same thread, while they are in its cache.
 */
final class Epilogue {

  /** Elements of a tile that needs no registers. */
  private static final long LONGEST = 1 << 20;

  private final Tiling tiling;
  private final PhaseCode code;
  private final Pool<Registers> registers;

  Epilogue(Tiling tiling, PhaseCode code, Pool<Registers> registers) {
    this.tiling = tiling;
    this.code = code;
    this.registers = registers;
  }

  /** Computes elements {@code from} to {@code to}, excluded, in the order of the domain. */
  void elements(Frame frame, long from, long to) {
    rows(frame, from, 1, 0, to - from);
  }

  /** Computes {@code rows} times {@code columns} elements from {@code from} on; rows begin {@code apart} elements from one another. */
  void rows(Frame frame, long from, int rows, long apart, long columns) {
    Registers own = registers.take();
    try {
      code.prepare(frame, own);
      if (columns == apart) {
        row(frame, own, from, from + rows * columns);
        return;
      }
      for (int row = 0; row < rows; row++) {
        row(frame, own, from + row * apart, from + row * apart + columns);
      }
    } finally {
      registers.giveBack(own);
    }
  }

  private void row(Frame frame, Registers own, long from, long to) {
    long most = code.takesTilesOfAnyLength() ? LONGEST : Registers.BLOCK;
    for (long at = from; at < to; at += most) {
      tiling.enterElements(own.tile, at, (int) Math.min(most, to - at));
      code.tile(frame, own, own.tile);
    }
  }
}
