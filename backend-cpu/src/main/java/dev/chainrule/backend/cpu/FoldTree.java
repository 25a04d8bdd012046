package dev.chainrule.backend.cpu;

/**
 * Combines the blocks of a fold as a binary counter counts: two subtrees of one size become one as soon as both are there, the earlier on
 * the left; at the end what is left is combined from the smallest, which is the last, to the largest. So the tree depends on the number
 * of blocks alone, and a power of two of them is a whole subtree wherever it begins at a multiple of itself: threads may each do some.
 *
 * <p>A block is {@value Tiling#BLOCK_OF_NUMBERS} rows of one number, or {@value Tiling#BLOCK_OF_ROWS} rows of more. In a block of
 * numbers each of {@value Folding#LANES} lanes combines every {@value Folding#LANES}th in order, then the upper half of the lanes joins
 * the lower until one is left; a block of wider rows combines them in order. The error of a sum grows with the logarithm of its length.
 */
final class FoldTree {

  private final RegisterKind kind;
  private final Folds.Accumulate accumulate;
  private final int firstRegister;
  private final int spare;

  /** Level k lies in register {@code firstRegister + k}. */
  FoldTree(RegisterKind kind, Folds.Accumulate accumulate, int firstRegister, int spare) {
    this.kind = kind;
    this.accumulate = accumulate;
    this.firstRegister = firstRegister;
    this.spare = spare;
  }

  /** How many registers so many blocks need. */
  static int levels(long blocks) {
    return Long.SIZE - Long.numberOfLeadingZeros(blocks);
  }

  /** Adds {@code n} numbers of {@code array} from {@code at} on, the block after the first {@code count}. */
  void push(Registers registers, long count, Object array, int at, int n) {
    Object subtree = array;
    int start = at;
    int level = 0;
    while ((count >> level & 1) == 1) {
      Object earlier = level(registers, level);
      accumulate.apply(earlier, subtree, start, 1, n, registers.array(kind, spare));
      subtree = earlier;
      start = 0;
      level++;
    }
    System.arraycopy(subtree, start, level(registers, level), 0, n);
  }

  /** Leaves {@code count} blocks combined in {@code into}. */
  void finish(Registers registers, long count, Object into, int n) {
    System.arraycopy(level(registers, Long.numberOfTrailingZeros(count)), 0, into, 0, n);
    finishWith(registers, count & (count - 1), into, n);
  }

  /** Leaves {@code count} blocks and a smaller subtree behind them, which {@code into} holds, combined there. */
  void finishWith(Registers registers, long count, Object into, int n) {
    for (long left = count; left != 0; left &= left - 1) {
      Object earlier = level(registers, Long.numberOfTrailingZeros(left));
      accumulate.apply(earlier, into, n);
      System.arraycopy(earlier, 0, into, 0, n);
    }
  }

  private Object level(Registers registers, int level) {
    return registers.array(kind, firstRegister + level);
  }
}
