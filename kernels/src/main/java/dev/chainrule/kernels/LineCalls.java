package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Operand;
import java.util.List;

/** What goes along the lines of an axis. */
final class LineCalls {

  /** As {@code sort_blocks.cl} has it. */
  private static final long SORTED_AT_ONCE = 64;

  private LineCalls() {}

  private static long inner(Shape shape, int axis) {
    return shape.slice(axis + 1, shape.rank()).elements();
  }

  private static long lines(Shape shape, int axis) {
    return shape.slice(0, axis).elements() * inner(shape, axis);
  }

  static void argReduce(Op.ArgReduce op, Operand x, Operand out, Launches to) {
    long lines = out.shape().elements();
    to.each(lines, Template.of("arg_reduce.cl").on(x.dtype()).with("beats", op.fold() == Op.Fold.MAX ? ">" : "<"), List.of(x, out),
        lines, x.shape().dim(op.axis()), inner(x.shape(), op.axis()));
  }

  static void cumulate(Op.Cumulate op, Operand x, Operand out, Launches to) {
    long lines = x.shape().elements() == 0 ? 0 : lines(x.shape(), op.axis());
    boolean sums = op.fold() == Op.Fold.SUM;
    to.each(lines, Template.of("cumulate.cl").on(x.dtype()).with("neutral", sums ? "0" : "1").with("COMBINE", sums ? "ADD" : "MULTIPLY"),
        List.of(x, out), lines, x.shape().dim(op.axis()), inner(x.shape(), op.axis()), op.reverse() ? 1 : 0);
  }

  /** Two lists of positions, read and written in turns. */
  static long sortBytes(TensorType x) {
    return 2 * x.elements() * DType.I32.bytes();
  }

  static void sort(Op.Sort op, Operand x, Operand lists, List<Operand> out, Launches to) {
    long elements = x.shape().elements();
    long length = x.shape().dim(op.axis());
    long inner = inner(x.shape(), op.axis());
    long descending = op.descending() ? 1 : 0;
    Place elementsOf = to.start(x);
    Place from = to.start(lists);
    Place into = from.plus(elements * DType.I32.bytes());
    long groups = Math.min(GeneratedSource.MOST_GROUPS, Math.ceilDiv(elements, Source.THREADS));
    to.groups(groups, Template.of("sort_blocks.cl").on(x.dtype()).source(), List.of(elementsOf, from), elements, length, inner, descending);
    for (long width = SORTED_AT_ONCE; width < length; width *= 2) {
      to.groups(groups, Template.of("sort_merge.cl").on(x.dtype()).source(), List.of(elementsOf, from, into),
          elements, length, inner, descending, width);
      Place merged = into;
      into = from;
      from = merged;
    }
    to.groups(groups, Template.of("sort_order.cl").moving(x.dtype()).source(),
        List.of(elementsOf, from, to.start(out.get(0)), to.start(out.get(1))), elements, length, inner);
  }

  static void overlap(Op.Overlap op, Operand windows, Operand out, Launches to) {
    Shape in = windows.shape();
    long inner = in.slice(op.axis() + 1, in.rank() - 1).elements();
    long elements = out.shape().elements();
    to.each(elements, Template.of("overlap.cl").on(windows.dtype()), List.of(windows, out),
        elements, op.length(), inner, in.dim(op.axis()), op.size(), op.stride(), op.dilation());
  }
}
