package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** Methods that move, index and interpolate, as the chains of primitives that users make of them. */
final class ShapingCases {

  private final List<Case> cases = new ArrayList<>();

  private ShapingCases() {}

  static List<Case> all() {
    var all = new ShapingCases();
    for (DType dtype : Samples.ALL) {
      all.slices(dtype);
      all.repetitions(dtype);
      all.matrices(dtype);
      all.windows(dtype);
      all.masks(dtype);
      for (DType indices : List.of(DType.I32, DType.I64)) {
        all.alongAnAxis(dtype, indices);
      }
    }
    for (DType dtype : Samples.FLOATING) {
      all.elementwise(dtype);
    }
    return all.cases;
  }

  private void move(Class<? extends Op> of, String name, DType dtype, UnaryOperator<Tensor> movement, long... dims) {
    cases.add(Case.of(of, dtype + " " + name, Bound.SAME_BITS, movement, Samples.anyBits(dtype, 60, dims)).onSameTypes());
  }

  private void slices(DType dtype) {
    for (long step : new long[] {2, 3, -1, -2, -5, Long.MIN_VALUE}) {
      move(Op.Slice.class, "slice in steps of " + step, dtype, x -> x.slice(0, 1, 8, step).slice(-1, 2, -1, 2), 9, 7);
    }
    move(Op.Slice.class, "slice of nothing in steps", dtype, x -> x.slice(0, 2, 2, -3), 4, 3);
    move(Op.Slice.class, "slice of a slice, transposed", dtype, x -> x.slice(1, 1, 17, 3).transpose().slice(0, 0, 5, -2), 6, 18);
    move(Op.Slice.class, "large slice in steps", dtype, x -> x.slice(0, 0, Samples.LARGE, -3), Samples.LARGE);
    move(Op.Concat.class, "roll", dtype, x -> x.roll(1, 3).roll(0, -1), 5, 7);
    move(Op.Concat.class, "roll of a transposed matrix", dtype, x -> x.transpose().roll(0, 2), 5, 7);
    move(Op.Concat.class, "large roll", dtype, x -> x.roll(0, 12_345), Samples.LARGE);
    move(Op.Slice.class, "parts in another order", dtype, x -> Tensor.concat(1, x.split(1, 3).reversed().toArray(Tensor[]::new)), 4, 9);
    move(Op.Slice.class, "parts of given sizes", dtype, x -> x.split(0, 2, 0, 5).get(2), 7, 2);
    move(Op.Permute.class, "swapAxes", dtype, x -> x.swapAxes(0, 2), 3, 4, 5);
    move(Op.Permute.class, "moveAxis", dtype, x -> x.moveAxis(0, -1).moveAxis(1, 0), 3, 4, 5);
  }

  private void repetitions(DType dtype) {
    move(Op.Expand.class, "tile", dtype, x -> x.tile(2, 3), 3, 5);
    move(Op.Expand.class, "tile of more axes", dtype, x -> x.tile(2, 1, 3), 5);
    move(Op.Expand.class, "tile of a scalar", dtype, x -> x.tile(7));
    move(Op.Expand.class, "tile to nothing", dtype, x -> x.tile(0, 2), 3, 5);
    move(Op.Expand.class, "tile of a transposed matrix", dtype, x -> x.transpose().tile(2, 2), 3, 5);
    move(Op.Expand.class, "large tile", dtype, x -> x.tile(257), 263);
    move(Op.Expand.class, "repeatInterleave", dtype, x -> x.repeatInterleave(0, 3), 4, 5);
    move(Op.Expand.class, "repeatInterleave of the last axis", dtype, x -> x.repeatInterleave(-1, 2), 4, 5);
    move(Op.Expand.class, "repeatInterleave of nothing", dtype, x -> x.repeatInterleave(0, 2), 0, 5);
  }

  private void matrices(DType dtype) {
    for (long[] dims : new long[][] {{1, 1}, {0, 3}, {5, 7}, {2, 7, 5}, {270, 260}}) {
      for (long diagonal : new long[] {0, 2, -1}) {
        String name = dtype + " at " + diagonal + " of " + List.of(dims[0], dims[dims.length - 1]) + " of rank " + dims.length;
        HostArray x = Samples.anyBits(dtype, 61, dims);
        cases.add(Case.of(Op.Where.class, "tril " + name, Bound.EXACT, t -> t.tril(diagonal), x).onSameTypes());
        cases.add(Case.of(Op.Where.class, "triu of transposed " + name, Bound.EXACT, t -> t.transpose().triu(diagonal), x).onSameTypes());
        move(Op.Slice.class, "diagonal " + name, dtype, t -> t.diagonal(diagonal), dims);
        move(Op.Slice.class, "diagonal of transposed " + name, dtype, t -> t.transpose().diagonal(diagonal), dims);
      }
    }
  }

  private void windows(DType dtype) {
    move(Op.Window.class, "by name", dtype, x -> x.window(-1, 3, 2, 2), 4, 11);
    move(Op.Window.class, "of rolled elements", dtype, x -> x.roll(0, 2).window(0, 4, 1, 1), 9, 3);
    if (dtype != DType.BOOL) {
      fold("of windows", dtype, x -> x.window(1, 3, 1, 2).fold(1, 9, 3, 1, 2), 4, 9);
      fold("of transposed windows", dtype, x -> x.transpose().fold(0, 9, 2, 2, 1), 2, 4);
      fold("of nothing", dtype, x -> x.fold(0, 4, 3, 1, 1), 2, 0, 3);
      fold("of large windows", dtype, x -> x.fold(-1, 70_000, 3, 1, 1), 69_998, 3);
    }
  }

  /** No element lies in more than three windows. */
  private void fold(String name, DType dtype, UnaryOperator<Tensor> fold, long... dims) {
    cases.add(Case.of(Op.Overlap.class, dtype + " fold " + name, Bounds.sum(dtype, 3, in -> fold.apply(in.getFirst().abs())), fold,
        Samples.plain(dtype, 62, dims)));
  }

  private void masks(DType dtype) {
    HostArray x = Samples.anyBits(dtype, 64, 33, 17);
    HostArray mask = Samples.anyBits(DType.BOOL, 65, 17);
    cases.add(new Case(Op.Where.class, "maskedFill " + dtype, List.of(x, mask),
        in -> List.of(in.get(0).maskedFill(in.get(1), 1), in.get(0).transpose().maskedFill(in.get(1).reshape(17, 1), 0)),
        Case.Oracle.SAME_TYPES, Bound.EXACT));
  }

  // --- indices -----------------------------------------------------------------------------------------------------------------------

  private void alongAnAxis(DType dtype, DType indices) {
    HostArray rows = Samples.indices(indices, 5, 76, 9);
    cases.add(new Case(Op.Gather.class, "indexSelect " + dtype + " at " + indices, List.of(Samples.anyBits(dtype, 77, 5, 7), rows),
        in -> List.of(in.get(0).indexSelect(0, in.get(1)), in.get(0).transpose().indexSelect(-1, in.get(1))), Case.Oracle.SAME_TYPES,
        Bound.SAME_BITS));
    along(dtype, indices, View.dense(6), 0, 9);
    along(dtype, indices, View.dense(1), 0, 4);
    along(dtype, indices, View.dense(5, 7), 0, 4);
    along(dtype, indices, View.dense(5, 7), 1, 0);
    along(dtype, indices, View.dense(0, 7), 1, 3);
    along(dtype, indices, View.dense(3, 5, 4), 1, 6);
    along(dtype, indices, View.transposed(5, 7), 1, 3);
    along(dtype, indices, View.stepped(5, 7), 0, 3);
    along(dtype, indices, View.dense(300, 33), 1, 257);
  }

  /** Indices of each line's own, and one line of them for all. */
  private void along(DType dtype, DType indices, View x, int axis, long count) {
    HostArray data = Samples.anyBits(dtype, 66, x.source().dims());
    Tensor moved = x.move().apply(Tensor.of(data));
    int places = Math.toIntExact(moved.dim(axis));
    String name = dtype + " " + x + " at " + count + " " + indices + " on axis " + axis;
    HostArray own = Samples.indices(indices, places, 67, moved.shape().with(axis, count).dims());
    long[] shared = new long[moved.rank()];
    Arrays.fill(shared, 1);
    shared[axis] = count;
    HostArray one = Samples.indices(indices, places, 68, shared);
    cases.add(new Case(Op.Gather.class, "takeAlong " + name, List.of(data, own, one),
        in -> List.of(x.move().apply(in.get(0)).takeAlong(axis, in.get(1)), x.move().apply(in.get(0)).takeAlong(axis, in.get(2))),
        Case.Oracle.SAME_TYPES, Bound.SAME_BITS));
    if (dtype != DType.BOOL) {
      HostArray plain = Samples.plain(dtype, 69, x.source().dims());
      HostArray updates = Samples.plain(dtype, 70, own.type().shape().dims());
      for (HostArray at : List.of(own, one)) {
        cases.add(new Case(Op.ScatterAdd.class, "scatterAlongAdd " + name + (at == own ? " of its own" : " for all"),
            List.of(plain, at, updates),
            in -> List.of(x.move().apply(in.get(0)).scatterAlongAdd(axis, in.get(1), in.get(2))), Case.Oracle.IN_F64,
            Bounds.sum(dtype, 1 + count, in -> x.move().apply(in.get(0)).abs().scatterAlongAdd(axis, in.get(1), in.get(2).abs()))));
      }
    }
  }

  // --- arithmetic --------------------------------------------------------------------------------------------------------------------

  /** w (y - x): the difference, the weight and the product round, 3u of it and a little; then the sum. In f64 both sides do. */
  private void elementwise(DType dtype) {
    cases.add(Case.of(Op.Div.class, "reciprocal " + dtype, Bound.EXACT, Tensor::reciprocal, Samples.specials(dtype)));
    double roundings = dtype == DType.F64 ? 7 : 3.5;
    for (double weight : new double[] {0, 0.3, 1, -2}) {
      cases.add(Case.of(Op.Mul.class, "lerp " + dtype + " by " + weight,
          Bound.ulps(1).and(roundings, in -> in.get(1).sub(in.get(0)).mul(weight).abs()), (x, y) -> x.lerp(y, weight),
          Samples.between(dtype, -2, 2, 71, 33, 17), Samples.between(dtype, -2, 2, 72, 17)));
    }
    HostArray weights = Samples.between(dtype, 0, 1, 73, 33, 1);
    cases.add(new Case(Op.Mul.class, "lerp " + dtype + " by a tensor",
        List.of(Samples.between(dtype, -2, 2, 74, 33, 17), Samples.between(dtype, -2, 2, 75, 17), weights),
        in -> List.of(in.get(0).lerp(in.get(1), in.get(2))), Case.Oracle.IN_F64,
        Bound.ulps(1).and(roundings, in -> in.get(1).sub(in.get(0)).mul(in.get(2)).abs())));
  }
}
