package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Reading and adding at indices that are data. What a wrong index does is in {@link FaultsTest}. */
final class IndexCases {

  private final List<Case> cases = new ArrayList<>();

  private IndexCases() {}

  static List<Case> all() {
    var all = new IndexCases();
    for (DType dtype : Samples.ALL) {
      for (DType indices : List.of(DType.I32, DType.I64)) {
        all.situations(dtype, indices);
      }
    }
    return all.cases;
  }

  private void situations(DType dtype, DType indices) {
    both(dtype, indices, View.dense(6), 0, View.dense());
    both(dtype, indices, View.dense(6), 0, View.dense(0));
    both(dtype, indices, View.dense(6), 0, View.dense(17));
    both(dtype, indices, View.dense(1), 0, View.dense(5));
    both(dtype, indices, View.dense(5, 7), 0, View.dense(4));
    both(dtype, indices, View.dense(5, 7), 1, View.dense(9));
    both(dtype, indices, View.dense(3, 5, 4), 1, View.dense(2, 3));
    both(dtype, indices, View.dense(3, 5, 4), 2, View.dense());
    both(dtype, indices, View.dense(5, 0), 0, View.dense(4));
    both(dtype, indices, View.transposed(5, 7), 0, View.dense(4));
    both(dtype, indices, View.stepped(5, 7), 1, View.stepped(3, 2));
    both(dtype, indices, View.dense(5, 7), 0, View.transposed(3, 2));
    both(dtype, indices, View.repeatedRow(5, 7), 0, View.repeatedScalar(3, 2));
    both(dtype, indices, View.dense(100, 33), 0, View.dense(2_500));
    both(dtype, indices, View.dense(10), 0, View.dense(Samples.LARGE));
  }

  private void both(DType dtype, DType indices, View x, int axis, View at) {
    String name = dtype + " " + x + " at " + indices + " " + at + " on axis " + axis;
    HostArray data = Samples.anyBits(dtype, 40, x.source().dims());
    Tensor moved = x.move().apply(Tensor.of(data));
    HostArray where = Samples.indices(indices, Math.toIntExact(moved.dim(axis)), 41, at.source().dims());
    cases.add(new Case(Op.Gather.class, name, List.of(data, where),
        in -> List.of(x.move().apply(in.get(0)).take(axis, at.move().apply(in.get(1)))), Case.Oracle.SAME_TYPES, Bound.SAME_BITS));
    if (dtype != DType.BOOL) {
      Tensor gathered = moved.take(axis, at.move().apply(Tensor.of(where)));
      HostArray plain = Samples.plain(dtype, 42, x.source().dims());
      HostArray updates = Samples.plain(dtype, 43, gathered.shape().dims());
      double hits = 1 + at.move().apply(Tensor.of(where)).shape().elements();
      cases.add(new Case(Op.ScatterAdd.class, name, List.of(plain, where, updates),
          in -> List.of(x.move().apply(in.get(0)).scatterAdd(axis, at.move().apply(in.get(1)), in.get(2))), Case.Oracle.IN_F64,
          Bounds.sum(dtype, hits, in -> x.move().apply(in.get(0)).abs().scatterAdd(axis, at.move().apply(in.get(1)), in.get(2).abs()))));
    }
  }
}
