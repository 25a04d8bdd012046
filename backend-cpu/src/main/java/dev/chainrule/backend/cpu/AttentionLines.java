package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.KernelExpression.Apply;
import dev.chainrule.schedule.KernelExpression.Fold;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * What attention does between its products: a line for each of some queries, with a number for each key. In causal order what a query may
 * not attend to is put out of the way first, so that the kernels need not ask; where it is in the way nevertheless, because a line is not
 * finite, it is put right behind them.
 */
final class AttentionLines {

  /** Bytes in front of scratch memory, for the numbers that are the same for all lines. */
  static final int NUMBERS = 64;

  private static final int MINUS_INFINITY = Float.floatToRawIntBits(Float.NEGATIVE_INFINITY);
  private static final int ZERO = 0;

  private final AttentionSizes sizes;
  private final LineKernel softmax;
  private final LineKernel gradient;

  AttentionLines(AttentionSizes sizes, Parts parts, VectorSwitch vectors) {
    this.sizes = sizes;
    this.softmax = new LineKernel(AttentionSizes.BLOCK, sizes.keys(), 1, 1, List.of(
        of(new Op.Mul(), 0, 1),
        new Fold(Op.Fold.MAX, 2, DType.F32),
        of(new Op.Sub(), 2, 3),
        of(new Op.Exp(), 4),
        new Fold(Op.Fold.SUM, 5, DType.F32),
        of(new Op.Div(), 5, 6)), parts, vectors);
    this.gradient = new LineKernel(AttentionSizes.BLOCK, sizes.keys(), 2, 1, List.of(
        of(new Op.Mul(), 0, 1),
        new Fold(Op.Fold.SUM, 3, DType.F32),
        of(new Op.Mul(), 1, 4),
        of(new Op.Sub(), 3, 5),
        of(new Op.Mul(), 6, 2)), parts, vectors);
  }

  private static Apply of(Op.Pointwise op, Integer... arguments) {
    return new Apply(op, List.of(arguments), DType.F32);
  }

  /** From one line to the next, in elements. */
  int line() {
    return sizes.keys();
  }

  /** To be called before the others, with a part's scratch memory. */
  void begin(Registers registers, long numbers) {
    OffHeap.MEMORY.set(OffHeap.FLOAT, numbers, sizes.scale());
    softmax.bind(registers, 1, numbers);
    gradient.bind(registers, 2, numbers);
  }

  /** Products of queries {@code from} and behind with all keys become weights, 0 where a query may not attend. */
  void softmax(Registers registers, long lines, int from, int count) {
    fillForbidden(lines, from, count, MINUS_INFINITY);
    softmax.bind(registers, 0, lines);
    softmax.run(registers, count);
    zeroUnfinished(lines, from, count);
  }

  /** Gradients of weights become those of the products that these were made of. */
  void gradient(Registers registers, long weights, long lines, int from, int count) {
    fillForbidden(lines, from, count, ZERO);
    gradient.bind(registers, 0, lines);
    gradient.bind(registers, 1, weights);
    gradient.run(registers, count);
    zeroUnfinished(lines, from, count);
  }

  private void fillForbidden(long lines, int from, int count, int bits) {
    for (int i = 0; i < count; i++) {
      fill(lines + (long) i * line() * Float.BYTES, sizes.allowed(from + i), bits);
    }
  }

  private void zeroUnfinished(long lines, int from, int count) {
    for (int i = 0; i < count && sizes.causal(); i++) {
      long line = lines + (long) i * line() * Float.BYTES;
      if (!Float.isFinite(OffHeap.MEMORY.get(OffHeap.FLOAT, line))) { // then so is none, or this one alone
        fill(line, sizes.allowed(from + i), ZERO);
      }
    }
  }

  private void fill(long line, int from, int bits) {
    int i = from;
    if ((sizes.keys() - i) % 2 != 0) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, line + (long) i * Float.BYTES, bits);
      i++;
    }
    long both = (long) bits << Integer.SIZE | Integer.toUnsignedLong(bits);
    for (; i < sizes.keys(); i += 2) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, line + (long) i * Float.BYTES, both);
    }
  }
}
