package dev.chainrule.conformance;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Sorted;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** What tensors offer beyond the primitives that combine or order elements: statistics, norms, running totals, sorting. */
final class ReductionMethodCases {

  /** Matrices; the reduced axis is the last, whatever lies where in memory. */
  private static final List<View> MATRICES = List.of(View.dense(1, 1), View.dense(1, 7), View.dense(7, 1), View.dense(0, 3),
      View.dense(9, 33), View.transposed(9, 21), View.stepped(6, 18), View.repeatedColumn(5, 9), View.dense(64, 10), View.dense(3, 25_000));

  private final List<Case> cases = new ArrayList<>();

  private ReductionMethodCases() {}

  static List<Case> all() {
    var all = new ReductionMethodCases();
    for (DType dtype : Samples.FLOATING) {
      MATRICES.forEach(view -> all.statistics(dtype, view));
      all.wholeTensors(dtype);
      all.specialValues(dtype);
      all.farApart(dtype);
      all.gradients(dtype);
    }
    for (DType dtype : Samples.ALL) {
      all.runningTotals(dtype);
      MATRICES.forEach(view -> all.sorting(dtype, view, Samples.scales(dtype, 104, view.source().dims())));
      all.sorting(dtype, View.dense(7, 40), ties(dtype));
      all.sorting(dtype, View.dense(3, 0), Samples.plain(dtype, 105, 3, 0));
      all.sorting(dtype, View.dense(Samples.specials(dtype).elements()), Samples.specials(dtype));
    }
    all.truth();
    return all.cases;
  }

  private void add(Class<? extends Op> of, String name, View view, Bound bound, UnaryOperator<Tensor> method, HostArray x) {
    cases.add(Case.of(of, name + " " + x.type().dtype() + " " + view, bound, in -> method.apply(view.move().apply(in)), x));
  }

  private static double lineLength(View view) {
    return view.move().apply(Tensor.of(Samples.plain(DType.F32, 0, view.source().dims()))).dim(-1);
  }

  private void statistics(DType dtype, View view) {
    double n = lineLength(view);
    HostArray x = Samples.between(dtype, -2, 2, 100, view.source().dims());
    add(Op.Reduce.class, "std", view, Bounds.std(dtype, n, 2), in -> in.std(-1), x);
    add(Op.Reduce.class, "norm", view, Bounds.norm(dtype, n), in -> in.norm(-1), x);
    add(Op.Composite.class, "logsumexp", view, Bounds.logsumexp(dtype, n, 4), in -> in.logsumexp(-1), x);
  }

  private void wholeTensors(DType dtype) {
    for (View view : List.of(
        View.dense(), View.dense(0), View.dense(1), View.dense(3, 0, 2), View.dense(3, 5, 7), View.dense(Samples.LARGE))) {
      double n = view.source().elements();
      HostArray x = Samples.between(dtype, -2, 2, 101, view.source().dims());
      add(Op.Reduce.class, "std of all", view, Bounds.std(dtype, n, 2), in -> in.std(), x);
      add(Op.Reduce.class, "norm of all", view, Bounds.norm(dtype, n), in -> in.norm(), x);
      add(Op.Composite.class, "logsumexp of all", view, Bounds.logsumexp(dtype, n, 4), in -> in.logsumexp(), x);
    }
    HostArray x = Samples.between(dtype, -2, 2, 102, 4, 5, 6);
    add(Op.Reduce.class, "std of two axes", View.dense(4, 5, 6), Bounds.std(dtype, 24, 2), in -> in.std(0, 2), x);
    add(Op.Reduce.class, "norm of two axes", View.dense(4, 5, 6), Bounds.norm(dtype, 24), in -> in.norm(2, 0), x);
    add(Op.Composite.class, "logsumexp of two axes", View.dense(4, 5, 6), Bounds.logsumexp(dtype, 24, 4), in -> in.logsumexp(0, -1), x);
  }

  /** Each special value beside a 1: squares overflow and underflow as their type lets them, the others have definitions. */
  private void specialValues(DType dtype) {
    HostArray specials = Samples.specials(dtype);
    UnaryOperator<Tensor> besideOnes = x -> Tensor.stack(1, x, Tensor.ones(x.type()));
    cases.add(Case.of(Op.Reduce.class, "norm of special values " + dtype, Bounds.norm(dtype, 2),
        x -> besideOnes.apply(x).norm(1), specials).onSameTypes());
    cases.add(Case.of(Op.Composite.class, "logsumexp of special values " + dtype, Bounds.logsumexp(dtype, 2, 110),
        x -> besideOnes.apply(x).logsumexp(1), specials));
    cases.add(Case.of(Op.Composite.class, "logsumexp of single special values " + dtype, Bounds.logsumexp(dtype, 1, 0),
        x -> x.unsqueeze(1).logsumexp(1), specials));
    cases.add(Case.of(Op.Reduce.class, "std of equal values " + dtype, Bound.EXACT,
        x -> x.unsqueeze(1).std(1), Samples.scales(dtype, 103, 40)));
  }

  private void farApart(DType dtype) {
    double infinity = Double.POSITIVE_INFINITY;
    HostArray x = HostArray.ofDoubles(TensorType.of(dtype, 6, 3), 0, 1000, -1000, -5000, -5001, -6000, 3e4, 3e4, -3e4,
        -infinity, -infinity, -infinity, -infinity, infinity, 0, Double.NaN, -infinity, infinity);
    cases.add(Case.of(Op.Composite.class, "logsumexp far apart " + dtype, Bounds.logsumexp(dtype, 3, 110), in -> in.logsumexp(1), x));
  }

  private void gradients(DType dtype) {
    for (View view : List.of(View.dense(1, 1), View.dense(5, 33), View.transposed(7, 16), View.dense(2, 300))) {
      double n = lineLength(view);
      HostArray x = Samples.between(dtype, -1.1, 1.1, 106, view.source().dims());
      // A term has n factors in all, and goes through as many sums as n has binary digits.
      Bound bound = Bounds.sum(dtype, n + Math.log(n + 1) / Math.log(2) + 3,
          in -> gradientOfRunningProduct(view.move().apply(in.getFirst()).abs()));
      add(Op.Cumulate.class, "gradient of cumprod", view, bound.andAbsolute(FloatFormat.of(dtype).smallestNormal()),
          ReductionMethodCases::gradientOfRunningProduct, x);
    }
    for (View view : List.of(View.dense(1, 1), View.dense(9, 33), View.dense(4, 3000))) {
      HostArray x = Samples.between(dtype, -5, 5, 107, view.source().dims());
      add(Op.Composite.class, "gradient of logsumexp", view, gradientOfLogsumexp(dtype, lineLength(view)),
          in -> gradient(in.logsumexp(1).sum(), in), x);
    }
  }

  /** Softmax, computed in the accumulator and rounded. */
  private static Bound gradientOfLogsumexp(DType dtype, double n) {
    Bound softmax = Bounds.softmax(dtype, n, 10);
    return new Bound(1, softmax.roundings(), softmax.magnitude(), 0, softmax.absolute(), softmax.roundedIn());
  }

  private static Tensor gradientOfRunningProduct(Tensor x) {
    return gradient(x.cumprod(1).sum(), x);
  }

  private static Tensor gradient(Tensor loss, Tensor x) {
    return Gradients.of(loss, List.of(x)).getFirst();
  }

  private void runningTotals(DType dtype) {
    for (View view : List.of(View.dense(1, 1), View.dense(0, 3), View.dense(3, 0), View.transposed(9, 21), View.stepped(6, 18))) {
      double n = lineLength(view);
      HostArray x = Samples.plain(dtype, 108, view.source().dims());
      add(Op.Cumulate.class, "cumsum", view,
          Bounds.sum(dtype, n, in -> view.move().apply(in.getFirst()).abs().cumsum(1)), in -> in.cumsum(1), x);
      HostArray factors = dtype.isFloating() ? Samples.between(dtype, 0.9, 1.1, 109, view.source().dims()) : x;
      add(Op.Cumulate.class, "cumprod", view, Bounds.product(dtype, n), in -> in.cumprod(0), factors);
    }
  }

  private void sorting(DType dtype, View view, HostArray x) {
    long k = Math.min(3, (long) lineLength(view));
    for (boolean down : new boolean[] {false, true}) {
      String name = dtype + " " + view + (down ? " descending" : " ascending");
      cases.add(new Case(Op.Sort.class, "sort method " + name, List.of(x),
          in -> both(view.move().apply(in.getFirst()).sort(-1, down)), Case.Oracle.IN_F64, Bound.EXACT));
      cases.add(new Case(Op.Sort.class, "topk " + name, List.of(x),
          in -> both(view.move().apply(in.getFirst()).topk(k, -1, down)), Case.Oracle.IN_F64, Bound.EXACT));
      add(Op.Sort.class, "argsort " + (down ? "descending" : "ascending"), view, Bound.EXACT, in -> in.argsort(-1, down), x);
    }
  }

  private static List<Tensor> both(Sorted sorted) {
    return List.of(sorted.values(), sorted.indices());
  }

  private static HostArray ties(DType dtype) {
    HostArray few = Samples.between(dtype, 0, 3, 110, 7, 40);
    return HostArray.ofLongs(few.type(), few.toLongArray());
  }

  private void truth() {
    for (View view : MATRICES) {
      HostArray x = Samples.plain(DType.BOOL, 111, view.source().dims());
      add(Op.Reduce.class, "any", view, Bound.EXACT, in -> in.any(-1), x);
      add(Op.Reduce.class, "all", view, Bound.EXACT, in -> in.all(-1), x);
    }
    for (View view : List.of(View.dense(), View.dense(0), View.dense(3, 5, 7))) {
      HostArray x = Samples.plain(DType.BOOL, 112, view.source().dims());
      add(Op.Reduce.class, "any of all", view, Bound.EXACT, in -> in.any(), x);
      add(Op.Reduce.class, "all of all", view, Bound.EXACT, in -> in.all(), x);
    }
  }
}
