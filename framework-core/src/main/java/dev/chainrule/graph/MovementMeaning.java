package dev.chainrule.graph;

import java.util.Arrays;
import java.util.List;

/** The reference meaning of what rearranges elements: for each place of the result, where its element comes from. */
final class MovementMeaning {

  private MovementMeaning() {}

  static HostArray move(Op.Movement op, List<HostArray> in, TensorType type) {
    HostArray x = in.getFirst();
    return switch (op) {
      case Op.Reshape _ -> HostArray.copyOf(type, x.segment());
      case Op.Permute(Axes order) -> Assembly.pick(type, x, at -> {
        long[] from = new long[at.length];
        for (int i = 0; i < at.length; i++) {
          from[order.get(i)] = at[i];
        }
        return from;
      });
      case Op.Expand _ -> Assembly.pick(type, x, at -> {
        long[] from = new long[x.type().rank()];
        for (int i = 0; i < from.length; i++) {
          from[i] = x.type().shape().dim(i) == 1 ? 0 : at[i + at.length - from.length];
        }
        return from;
      });
      case Op.Slice(List<Op.Range> ranges) -> Assembly.pick(type, x, at -> {
        for (int i = 0; i < at.length; i++) {
          at[i] = ranges.get(i).start() + at[i] * ranges.get(i).step();
        }
        return at;
      });
      case Op.Window(int axis, long _, long stride, long dilation) -> Assembly.pick(type, x, at -> {
        at[axis] = at[axis] * stride + at[at.length - 1] * dilation;
        return at;
      });
      case Op.Pad(List<Op.Edge> edges) -> pad(x, in.get(1), edges, type);
      case Op.Concat(int axis) -> concat(in, axis, type);
    };
  }

  private static HostArray pad(HostArray x, HostArray value, List<Op.Edge> edges, TensorType type) {
    var result = new Assembly(type);
    var to = new Grid(type.shape());
    var from = new Grid(x.type().shape());
    for (int i = 0; i < to.elements(); i++) {
      long[] at = to.at(i);
      for (int axis = 0; axis < at.length; axis++) {
        at[axis] -= edges.get(axis).low();
      }
      if (from.contains(at)) {
        result.put(i, x, from.index(at));
      } else {
        result.put(i, value, 0);
      }
    }
    return result.done();
  }

  private static HostArray concat(List<HostArray> in, int axis, TensorType type) {
    var result = new Assembly(type);
    Lines to = Lines.along(type.shape(), axis);
    int offset = 0;
    for (HostArray x : in) {
      Lines from = to.withLength(Math.toIntExact(x.type().shape().dim(axis)));
      int start = offset;
      from.forEach(line -> {
        for (int k = 0; k < from.length(); k++) {
          result.put(to.index(line, start + k), x, from.index(line, k));
        }
      });
      offset += from.length();
    }
    return result.done();
  }

  /** Every element of every window goes back to where {@link Op.Window} would have read it. */
  static HostArray overlap(Op.Overlap op, HostArray windows, TensorType type) {
    var from = new Grid(windows.type().shape());
    var to = new Grid(type.shape());
    boolean floating = type.dtype().isFloating();
    double[] reals = new double[to.elements()];
    long[] integers = new long[to.elements()];
    for (int i = 0; i < from.elements(); i++) {
      long[] at = from.at(i);
      at[op.axis()] = at[op.axis()] * op.stride() + at[at.length - 1] * op.dilation();
      if (floating) {
        reals[to.index(at)] += windows.doubleAt(i);
      } else {
        integers[to.index(at)] += windows.longAt(i);
      }
    }
    return floating ? HostArray.ofDoubles(type, reals) : HostArray.ofLongs(type, integers);
  }
}
