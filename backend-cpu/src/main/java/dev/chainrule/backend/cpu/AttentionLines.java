package dev.chainrule.backend.cpu;

import dev.chainrule.backend.cpu.AttentionSizes.Heads;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.KernelExpression.Apply;
import dev.chainrule.schedule.KernelExpression.Fold;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * What attention does between its products: a line for each of some queries, with a number for each key, or for the first keys where
 * none of the queries may attend to others. In causal order what a query may
 * not attend to is put out of the way first, so that the kernels need not ask; where it is in the way nevertheless, because a line is not
 * finite, it is put right behind them.
 */
final class AttentionLines {

  /** Bytes in front of scratch memory, for the numbers that are the same for all lines. */
  static final int NUMBERS = 64;

  private static final int MINUS_INFINITY = Float.floatToRawIntBits(Float.NEGATIVE_INFINITY);
  private static final int ZERO = 0;

  private final AttentionSizes sizes;
  private final int[] widths;
  private final Optional<AttentionVectors> vectors;

  /** For each width. */
  private final LineKernel[] softmax;
  private final LineKernel[] gradient;

  AttentionLines(AttentionSizes sizes, CpuDevice.Machine machine, VectorSwitch vectors) {
    Parts parts = machine.parts();
    this.sizes = sizes;
    this.widths = sizes.widths();
    this.vectors = vectors.isOn() && Arrays.stream(widths).allMatch(AttentionVectors::fit)
        ? Optional.of(new AttentionVectors(sizes, machine.generation() == Generation.EAGER)) : Optional.empty();
    this.softmax = kernels(width -> new LineKernel(AttentionSizes.BLOCK, width, 1, 1, List.of(
        of(new Op.Mul(), 0, 1),
        new Fold(Op.Fold.MAX, 2, DType.F32),
        of(new Op.Sub(), 2, 3),
        of(new Op.Exp(), 4),
        new Fold(Op.Fold.SUM, 5, DType.F32),
        of(new Op.Div(), 5, 6)), parts, vectors));
    this.gradient = kernels(width -> new LineKernel(AttentionSizes.BLOCK, width, 2, 1, List.of(
        of(new Op.Mul(), 0, 1),
        new Fold(Op.Fold.SUM, 3, DType.F32),
        of(new Op.Mul(), 1, 4),
        of(new Op.Sub(), 3, 5),
        of(new Op.Mul(), 6, 2)), parts, vectors));
  }

  private LineKernel[] kernels(IntFunction<LineKernel> ofWidth) {
    return Arrays.stream(widths).mapToObj(ofWidth).toArray(LineKernel[]::new);
  }

  private static Apply of(Op.Pointwise op, Integer... arguments) {
    return new Apply(op, List.of(arguments), DType.F32);
  }

  /**
   * Where {@code keys} of the keys count, from one line to the next, in elements: vectors may have lines apart.
   *
   * @param apart how far they lie apart where that is possible, at least {@code keys}
   */
  int line(int keys, int apart) {
    return ready() ? apart : widths[kernel(keys)];
  }

  private boolean ready() {
    return vectors.isPresent() && vectors.get().areReady();
  }

  /** Whether a head has neither infinities nor NaN; false also where its rows are not dense. */
  boolean areFinite(Heads heads, Frame frame, long head) {
    return ready() && heads.column() == 1 && AttentionVectors.areVectors(heads.columns())
        ? AttentionVectors.areFinite(heads.at(frame, head, 0) * Float.BYTES, heads.row() * Float.BYTES, heads.rows(), heads.columns())
        : heads.areFinite(frame, head);
  }

  private int kernel(int keys) {
    int i = 0;
    while (widths[i] < keys) {
      i++;
    }
    return i;
  }

  /** To be called before the others, with a part's scratch memory. */
  void begin(Registers registers, long numbers) {
    OffHeap.MEMORY.set(OffHeap.FLOAT, numbers, sizes.scale());
    for (int i = 0; i < widths.length; i++) {
      softmax[i].bind(registers, 1, numbers);
      gradient[i].bind(registers, 2, numbers);
    }
  }

  /**
   * Products of queries {@code from} and behind with the first {@code keys} become weights, 0 where a query may not attend.
   *
   * @param line what {@link #line} gave
   */
  void softmax(Registers registers, long lines, int line, int from, int count, int keys) {
    int width = widths[kernel(keys)];
    if (ready() || line > width) {
      vectors.orElseThrow().softmax(registers, lines, lines, line, width, from, count);
      return;
    }
    vectors.ifPresent(tried -> tried.attempt(registers, lines, from));
    fillForbidden(lines, width, from, count, MINUS_INFINITY);
    LineKernel kernel = softmax[kernel(keys)];
    kernel.bind(registers, 0, lines);
    kernel.run(registers, count);
    zeroUnfinished(lines, width, from, count);
  }

  /** Gradients of weights become those of the products that these were made of. */
  void gradient(Registers registers, long weights, long lines, int line, int from, int count, int keys) {
    int width = widths[kernel(keys)];
    if (ready() || line > width) {
      vectors.orElseThrow().gradient(registers, weights, lines, lines, line, width, from, count);
      return;
    }
    fillForbidden(lines, width, from, count, ZERO);
    LineKernel kernel = gradient[kernel(keys)];
    kernel.bind(registers, 0, lines);
    kernel.bind(registers, 1, weights);
    kernel.run(registers, count);
    zeroUnfinished(lines, width, from, count);
  }

  private void fillForbidden(long lines, int line, int from, int count, int bits) {
    for (int i = 0; i < count; i++) {
      fill(lines + (long) i * line * Float.BYTES, line, sizes.allowed(from + i), bits);
    }
  }

  private void zeroUnfinished(long lines, int line, int from, int count) {
    for (int i = 0; i < count && sizes.causal(); i++) {
      long at = lines + (long) i * line * Float.BYTES;
      if (!Float.isFinite(OffHeap.MEMORY.get(OffHeap.FLOAT, at))) { // then so is none, or this one alone
        fill(at, line, sizes.allowed(from + i), ZERO);
      }
    }
  }

  private static void fill(long at, int line, int from, int bits) {
    int i = from;
    if ((line - i) % 2 != 0) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, at + (long) i * Float.BYTES, bits);
      i++;
    }
    long both = (long) bits << Integer.SIZE | Integer.toUnsignedLong(bits);
    for (; i < line; i += 2) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, at + (long) i * Float.BYTES, both);
    }
  }
}
