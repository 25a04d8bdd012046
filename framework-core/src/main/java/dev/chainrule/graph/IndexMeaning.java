package dev.chainrule.graph;

import dev.chainrule.IndexRangeException;

/** The reference meaning of reading and adding at indices that are themselves data. */
final class IndexMeaning {

  private IndexMeaning() {}

  static HostArray gather(Node node, HostArray x, HostArray indices, int axis) {
    Lines from = Lines.along(x.type().shape(), axis);
    Lines to = from.withLength(Math.toIntExact(indices.elements()));
    int[] rows = checked(node, x.type(), indices, axis);
    var result = new Assembly(node.type());
    to.forEach(line -> {
      for (int k = 0; k < rows.length; k++) {
        result.put(to.index(line, k), x, from.index(line, rows[k]));
      }
    });
    return result.done();
  }

  static HostArray scatterAdd(Node node, HostArray x, HostArray indices, HostArray updates, int axis) {
    Lines to = Lines.along(x.type().shape(), axis);
    Lines from = to.withLength(Math.toIntExact(indices.elements()));
    int[] rows = checked(node, x.type(), indices, axis);
    boolean floating = x.type().dtype().isFloating();
    double[] reals = x.toDoubleArray();
    long[] integers = x.toLongArray();
    from.forEach(line -> {
      for (int k = 0; k < rows.length; k++) {
        if (floating) {
          reals[to.index(line, rows[k])] += updates.doubleAt(from.index(line, k));
        } else {
          integers[to.index(line, rows[k])] += updates.longAt(from.index(line, k));
        }
      }
    });
    return floating ? HostArray.ofDoubles(x.type(), reals) : HostArray.ofLongs(x.type(), integers);
  }

  private static int[] checked(Node node, TensorType x, HostArray indices, int axis) {
    int[] rows = new int[Math.toIntExact(indices.elements())];
    for (int i = 0; i < rows.length; i++) {
      long index = indices.longAt(i);
      if (index < 0 || index >= x.shape().dim(axis)) {
        throw new IndexRangeException(node.op().label(),
            "index " + index + " (element " + i + " of the indices) is outside axis " + axis + " of " + x
                + ", which has " + x.shape().dim(axis) + " places" + node.origin().describe(), "");
      }
      rows[i] = (int) index;
    }
    return rows;
  }
}
