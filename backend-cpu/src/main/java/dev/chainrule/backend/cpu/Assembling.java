package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Padding, put together from copies. Traffic: the input once, the result twice. */
final class Assembling {

  private Assembling() {}

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
