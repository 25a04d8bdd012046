package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Operand;
import java.util.List;
import java.util.Optional;

/** Reading and adding at indices that are data. */
final class IndexCalls {

  private IndexCalls() {}

  static void gather(int axis, Operand x, Operand indices, Operand out, Launches to) {
    long elements = out.shape().elements();
    to.each(elements, Template.of("gather.cl").moving(x.dtype()).counting(elements).with("J", memory(indices)), List.of(x, indices, out),
        elements, x.shape().dim(axis), indices.shape().elements(), rowLength(x.shape(), axis));
  }

  /** What the lists of updates need. */
  static long listBytes(int axis, List<TensorType> in) {
    return (in.get(0).shape().dim(axis) + in.get(1).elements()) * DType.I32.bytes();
  }

  /** @param in x, indices, updates */
  static void scatterAdd(int axis, List<Operand> in, Optional<Operand> workspace, Operand out, Launches to) {
    Operand x = in.get(0);
    Operand indices = in.get(1);
    long places = x.shape().dim(axis);
    long count = indices.shape().elements();
    if (workspace.isEmpty()) {
      return; // neither places nor updates
    }
    Place lists = to.start(workspace.get());
    to.groups(groups(places), Template.of("fill.cl").on(DType.I32).with("value", "-1").source(), List.of(lists), places);
    to.groups(groups(count), Template.of("scatter_lists.cl").with("J", memory(indices)).source(), List.of(to.start(indices), lists),
        places, count);
    long elements = out.shape().elements();
    to.groups(groups(elements), Template.of("scatter_add.cl").on(x.dtype()).counting(elements).source(),
        List.of(to.start(x), to.start(in.get(2)), to.start(out), lists), elements, places, count, rowLength(x.shape(), axis));
  }

  private static long groups(long elements) {
    return Math.min(GeneratedSource.MOST_GROUPS, Math.ceilDiv(elements, Source.THREADS));
  }

  private static long rowLength(Shape shape, int axis) {
    return shape.slice(axis + 1, shape.rank()).elements();
  }

  private static String memory(Operand operand) {
    return ElementType.of(operand.dtype()).memory();
  }
}
