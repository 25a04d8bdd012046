package dev.chainrule.conformance;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** What combines the elements along axes, or compares them: reduce, argReduce, cumulate, sort. */
final class ReductionCases {

  /** Inputs of reductions and the axes that go: first, last, middle, two apart, all, none, empty ones, sizes of 1, large. */
  @SuppressWarnings("ImmutableEnumChecker") // A view's function keeps nothing, and nobody writes to the axes.
  private enum Situation {
    ALL_OF_A_VECTOR(View.dense(13), 0),
    ALL_OF_A_SCALAR(View.dense()),
    NONE_OF_A_MATRIX(View.dense(3, 4)),
    ROWS(View.dense(9, 33), 1),
    COLUMNS(View.dense(33, 9), 0),
    WHOLE_MATRIX(View.dense(7, 19), 0, 1),
    MIDDLE(View.dense(3, 5, 7), 1),
    FIRST_AND_LAST(View.dense(3, 5, 7), 0, 2),
    AXES_OF_ONE(View.dense(1, 6, 1), 0, 2),
    EMPTY_AXIS(View.dense(3, 0), 1),
    EMPTY_RESULT(View.dense(0, 3), 1),
    TRANSPOSED_ROWS(View.transposed(9, 21), 1),
    TRANSPOSED_COLUMNS(View.transposed(9, 21), 0),
    STEPPED_ROWS(View.stepped(6, 18), 1),
    STEPPED_COLUMNS(View.stepped(6, 18), 0),
    REPEATED(View.repeatedColumn(5, 9), 1),
    BATCH_OF_LOGITS(View.dense(64, 10), 1),
    BIAS_GRADIENT(View.dense(64, 128), 0),
    LONG_VECTOR(View.dense(Samples.LARGE), 0),
    LONG_ROWS(View.dense(3, 25_000), 1),
    LONG_COLUMNS(View.dense(5_000, 15), 0),
    WIDE_COLUMNS(View.dense(15, 5_000), 0);

    private final View view;
    private final int[] axes;

    Situation(View view, int... axes) {
      this.view = view;
      this.axes = axes;
    }

    Axes axes() {
      return Axes.of(axes);
    }

    long[] dims() {
      return view.source().dims();
    }

    /** How many elements are combined into one. */
    double count() {
      double count = 1;
      for (int axis : axes) {
        count *= moved().dim(axis);
      }
      return count;
    }

    private Shape moved() {
      return view.move().apply(Tensor.of(Samples.plain(DType.F32, 0, dims()))).shape();
    }

    boolean hasLine() {
      return axes.length == 1 && moved().dim(axes[0]) > 0;
    }
  }

  private final List<Case> cases = new ArrayList<>();

  private ReductionCases() {}

  static List<Case> all() {
    var all = new ReductionCases();
    for (Situation situation : Situation.values()) {
      all.reductions(situation);
      if (situation.hasLine()) {
        all.alongALine(situation);
      }
    }
    all.specialValues();
    all.ties();
    return all.cases;
  }

  private void reductions(Situation s) {
    for (DType dtype : Samples.ALL) {
      for (Op.Fold fold : List.of(Op.Fold.MAX, Op.Fold.MIN)) {
        reduce(s, dtype, fold, Samples.scales(dtype, 20, s.dims()), Bound.EXACT);
      }
      var sum = new Op.Reduce(Op.Fold.SUM, s.axes());
      reduce(s, dtype, Op.Fold.SUM, Samples.plain(dtype, 21, s.dims()),
          Bounds.sum(dtype, s.count(), in -> PointwiseCases.apply(sum, s.view.move().apply(in.getFirst()).abs())));
      HostArray factors = dtype.isFloating() ? Samples.between(dtype, 0.75, 1.25, 22, s.dims()) : Samples.plain(dtype, 23, s.dims());
      reduce(s, dtype, Op.Fold.PROD, factors, Bounds.product(dtype, s.count()).andAbsolute(smallest(dtype)));
    }
  }

  /** A product may sink below the normal numbers, where a rounding is absolute. */
  private static double smallest(DType dtype) {
    return dtype.isFloating() ? FloatFormat.of(dtype).smallestNormal() : 0;
  }

  private void reduce(Situation s, DType dtype, Op.Fold fold, HostArray x, Bound bound) {
    var op = new Op.Reduce(fold, s.axes());
    Case reduced = Case.of(Op.Reduce.class, fold + " " + dtype + " " + s, bound,
        in -> PointwiseCases.apply(op, s.view.move().apply(in)), x);
    cases.add(s.count() == 0 && fold != Op.Fold.SUM && fold != Op.Fold.PROD ? reduced.shows("S7.4") : reduced);
  }

  private void alongALine(Situation s) {
    int axis = s.axes().get(0);
    for (DType dtype : Samples.ALL) {
      for (Op.Fold fold : List.of(Op.Fold.MAX, Op.Fold.MIN)) {
        var op = new Op.ArgReduce(fold, axis);
        cases.add(Case.of(Op.ArgReduce.class, fold + " " + dtype + " " + s, Bound.EXACT,
            in -> PointwiseCases.apply(op, s.view.move().apply(in)), Samples.scales(dtype, 24, s.dims())));
      }
      sorts(s, axis, dtype, Samples.scales(dtype, 25, s.dims()));
    }
    for (DType dtype : Samples.NUMERIC) {
      for (boolean reverse : new boolean[] {false, true}) {
        var sum = new Op.Cumulate(Op.Fold.SUM, axis, reverse);
        cases.add(Case.of(Op.Cumulate.class, "SUM " + dtype + (reverse ? " reverse " : " ") + s,
            Bounds.sum(dtype, s.count(), in -> PointwiseCases.apply(sum, s.view.move().apply(in.getFirst()).abs())),
            in -> PointwiseCases.apply(sum, s.view.move().apply(in)), Samples.plain(dtype, 26, s.dims())));
        var product = new Op.Cumulate(Op.Fold.PROD, axis, reverse);
        cases.add(Case.of(Op.Cumulate.class, "PROD " + dtype + (reverse ? " reverse " : " ") + s,
            Bounds.product(dtype, s.count()).andAbsolute(smallest(dtype)),
            in -> PointwiseCases.apply(product, s.view.move().apply(in)),
            dtype.isFloating() ? Samples.between(dtype, 0.9, 1.1, 27, s.dims()) : Samples.plain(dtype, 28, s.dims())));
      }
    }
  }

  private void sorts(Situation s, int axis, DType dtype, HostArray x) {
    for (boolean descending : new boolean[] {false, true}) {
      sort(dtype + (descending ? " descending " : " ascending ") + s, s.view, new Op.Sort(axis, descending), x);
    }
  }

  private void sort(String name, Op.Sort op, HostArray x) {
    sort(name, View.dense(x.type().shape().dims()), op, x);
  }

  /** Values and positions; equals in their order, which positions show. */
  private void sort(String name, View view, Op.Sort op, HostArray x) {
    cases.add(new Case(Op.Sort.class, name, List.of(x), in -> {
      Tensor sorted = PointwiseCases.apply(op, view.move().apply(in.getFirst()));
      return List.of(PointwiseCases.apply(new Op.Result(0), sorted), PointwiseCases.apply(new Op.Result(1), sorted));
    }, Case.Oracle.IN_F64, Bound.EXACT));
  }

  /** Each special value alone among ordinary ones, at the start, in the middle and at the end of a line longer than a vector. */
  private void specialValues() {
    for (DType dtype : Samples.ALL) {
      HostArray specials = Samples.specials(dtype);
      int n = Math.toIntExact(specials.elements());
      double[] lines = new double[3 * n * 21];
      for (int line = 0; line < 3 * n; line++) {
        for (int i = 0; i < 21; i++) {
          lines[line * 21 + i] = i % 5;
        }
        lines[line * 21 + new int[] {0, 11, 20}[line % 3]] = specials.doubleAt(line / 3);
      }
      HostArray x = Samples.between(dtype, 0, 1, 0, 0);
      HostArray rows = HostArray.ofDoubles(x.type().withShape(Shape.of(lines.length / 21, 21)), lines);
      for (Op.Fold fold : List.of(Op.Fold.MAX, Op.Fold.MIN)) {
        special(fold + " ", dtype, new Op.Reduce(fold, Axes.of(1)), rows, Bound.EXACT);
        special(fold + " ", dtype, new Op.ArgReduce(fold, 1), rows, Bound.EXACT);
      }
      special("SUM ", dtype, new Op.Reduce(Op.Fold.SUM, Axes.of(1)), rows,
          Bounds.sum(dtype, 21, in -> in.getFirst().abs().sum(1)));
      products(dtype, specials);
      for (boolean descending : new boolean[] {false, true}) {
        sort(dtype + " special values" + (descending ? " descending" : " ascending"), new Op.Sort(0, descending), specials);
        sort(dtype + " special values among ties" + (descending ? " descending" : " ascending"), new Op.Sort(1, descending), rows);
      }
    }
  }

  /** Each special value among factors of 1 and -1, which make no partial product overflow. */
  private void products(DType dtype, HostArray specials) {
    if (dtype == DType.BOOL) {
      return;
    }
    int n = Math.toIntExact(specials.elements());
    double[] lines = new double[3 * n * 21];
    for (int line = 0; line < 3 * n; line++) {
      for (int i = 0; i < 21; i++) {
        lines[line * 21 + i] = dtype.isFloating() && i % 2 == 1 ? -1 : 1;
      }
      lines[line * 21 + new int[] {0, 11, 20}[line % 3]] = specials.doubleAt(line / 3);
    }
    HostArray factors = HostArray.ofDoubles(specials.type().withShape(Shape.of(3L * n, 21)), lines);
    special("PROD ", dtype, new Op.Reduce(Op.Fold.PROD, Axes.of(1)), factors, Bounds.product(dtype, 21).andAbsolute(smallest(dtype)));
    for (boolean reverse : new boolean[] {false, true}) {
      var sum = new Op.Cumulate(Op.Fold.SUM, 1, reverse);
      cases.add(Case.of(Op.Cumulate.class, "SUM " + dtype + " special values" + (reverse ? " reverse" : ""),
          Bounds.sum(dtype, 21, in -> PointwiseCases.apply(sum, in.getFirst().abs())), in -> PointwiseCases.apply(sum, in), factors));
      var product = new Op.Cumulate(Op.Fold.PROD, 1, reverse);
      cases.add(Case.of(Op.Cumulate.class, "PROD " + dtype + " special values" + (reverse ? " reverse" : ""),
          Bounds.product(dtype, 21).andAbsolute(smallest(dtype)), in -> PointwiseCases.apply(product, in), factors));
    }
  }

  private void special(String name, DType dtype, Op op, HostArray rows, Bound bound) {
    cases.add(Case.of(op.getClass(), name + dtype + " special values in rows", bound, in -> PointwiseCases.apply(op, in), rows));
    Op onColumns = op instanceof Op.Reduce r ? new Op.Reduce(r.fold(), Axes.of(0)) : new Op.ArgReduce(((Op.ArgReduce) op).fold(), 0);
    cases.add(Case.of(op.getClass(), name + dtype + " special values in columns", bound,
        in -> PointwiseCases.apply(onColumns, in.transpose().copy()), rows));
  }

  /** Many equals: the first wins; 0 and -0 are equals. */
  private void ties() {
    for (DType dtype : Samples.ALL) {
      HostArray few = Samples.between(dtype, 0, 3, 29, 40, 37);
      HostArray integral = HostArray.ofLongs(few.type(), few.toLongArray());
      for (Op.Fold fold : List.of(Op.Fold.MAX, Op.Fold.MIN)) {
        for (int axis : new int[] {0, 1}) {
          var op = new Op.ArgReduce(fold, axis);
          cases.add(Case.of(Op.ArgReduce.class, fold + " " + dtype + " ties on axis " + axis, Bound.EXACT,
              in -> PointwiseCases.apply(op, in), integral));
        }
      }
      for (boolean descending : new boolean[] {false, true}) {
        sort(dtype + " ties" + (descending ? " descending" : " ascending"), new Op.Sort(1, descending), integral);
      }
    }
    for (DType dtype : Samples.FLOATING) {
      double[] zeros = new double[40];
      for (int i = 0; i < zeros.length; i++) {
        zeros[i] = i % 3 == 0 ? -0.0 : 0.0;
      }
      HostArray signed = HostArray.ofDoubles(Samples.between(dtype, 0, 1, 0, 40).type(), zeros);
      sort(dtype + " signed zeros ascending", new Op.Sort(0, false), signed);
      sort(dtype + " signed zeros descending", new Op.Sort(0, true), signed);
      for (Op.Fold fold : List.of(Op.Fold.MAX, Op.Fold.MIN)) {
        cases.add(Case.of(Op.ArgReduce.class, fold + " " + dtype + " signed zeros", Bound.EXACT,
            in -> PointwiseCases.apply(new Op.ArgReduce(fold, 0), in), signed));
        cases.add(Case.of(Op.Reduce.class, fold + " " + dtype + " signed zeros", Bound.EXACT,
            in -> PointwiseCases.apply(new Op.Reduce(fold, Axes.of(0)), in), signed));
      }
    }
  }
}
