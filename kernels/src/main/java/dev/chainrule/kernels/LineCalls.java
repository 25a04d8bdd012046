package dev.chainrule.kernels;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Operand;
import java.util.List;

/** What goes along the lines of an axis. */
final class LineCalls {

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

  static void sort(Op.Sort op, Operand x, Operand values, Operand positions, Launches to) {
    long elements = x.shape().elements();
    to.each(elements, Template.of("sort.cl").on(x.dtype()), List.of(x, values, positions),
        elements, x.shape().dim(op.axis()), inner(x.shape(), op.axis()), op.descending() ? 1 : 0);
  }

  static void overlap(Op.Overlap op, Operand windows, Operand out, Launches to) {
    Shape in = windows.shape();
    long inner = in.slice(op.axis() + 1, in.rank() - 1).elements();
    long elements = out.shape().elements();
    to.each(elements, Template.of("overlap.cl").on(windows.dtype()), List.of(windows, out),
        elements, op.length(), inner, in.dim(op.axis()), op.size(), op.stride(), op.dilation());
  }
}
