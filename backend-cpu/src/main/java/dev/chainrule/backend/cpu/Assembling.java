package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Results that are put together from copies: concatenation and padding. Traffic: inputs and result once, padding its result twice. */
final class Assembling {

  private Assembling() {}

  /** One input after the other along an axis. */
  static Kernel concat(int axis, List<Operand> in, Operand out, Bases bases, Parts parts) {
    List<Kernel> copies = new ArrayList<>();
    long start = 0;
    for (Operand x : in) {
      Layout part = part(out.shape(), axis, start, x.shape());
      copies.add(parts.loop(copy(x, x.layout(), out, part, bases)));
      start += x.shape().dim(axis);
    }
    return Sequence.of(copies);
  }

  private static Layout part(Shape whole, int axis, long start, Shape part) {
    List<Op.Range> ranges = new ArrayList<>();
    for (int i = 0; i < whole.rank(); i++) {
      ranges.add(new Op.Range(i == axis ? start : 0, part.dim(i), 1));
    }
    return Layout.dense(whole).slice(ranges);
  }

  /** The scalar everywhere, then the input over the middle. */
  static Kernel pad(Op.Pad op, Operand x, Operand scalar, Operand out, Bases bases, Parts parts) {
    long[] ones = new long[out.shape().rank()];
    Arrays.fill(ones, 1);
    Layout everywhere = Layout.dense(Shape.of(ones)).expand(out.shape());
    Place one = bases.place(scalar.buffer()).plus(scalar.layout().offset() * scalar.dtype().bytes());
    var fill = new StridedCopy(one, everywhere, bases.place(out.buffer()), out.layout(), out.dtype().bytes());
    List<Op.Range> middle = new ArrayList<>();
    for (int i = 0; i < x.shape().rank(); i++) {
      middle.add(new Op.Range(op.edges().get(i).low(), x.shape().dim(i), 1));
    }
    return Sequence.of(parts.loop(fill), parts.loop(copy(x, x.layout(), out, Layout.dense(out.shape()).slice(middle), bases)));
  }

  private static StridedCopy copy(Operand from, Layout fromLayout, Operand to, Layout toLayout, Bases bases) {
    return new StridedCopy(bases.place(from.buffer()), fromLayout, bases.place(to.buffer()), toLayout, to.dtype().bytes());
  }
}
