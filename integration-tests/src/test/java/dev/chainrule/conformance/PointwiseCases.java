package dev.chainrule.conformance;

import static dev.chainrule.graph.DType.BOOL;
import static dev.chainrule.graph.DType.F64;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** One element from the elements at its place: every operation on every type that has it, on every kind of layout and special value. */
final class PointwiseCases {

  private static final List<Op.Unary> REAL_FUNCTIONS = List.of(new Op.Floor(), new Op.Ceil(), new Op.Round(), new Op.Exp(), new Op.Expm1(),
      new Op.Log(), new Op.Log1p(), new Op.Sqrt(), new Op.Rsqrt(), new Op.Sin(), new Op.Cos(), new Op.Tan(), new Op.Tanh(), new Op.Erf());

  private final List<Case> cases = new ArrayList<>();

  private PointwiseCases() {}

  static List<Case> all() {
    var all = new PointwiseCases();
    all.unaries();
    all.binaries();
    all.comparisons();
    all.classes();
    all.choices();
    all.conversions();
    all.broadcasts();
    all.chains();
    return all.cases;
  }

  static Tensor apply(Op op, Tensor... inputs) {
    return Tensor.of(Ops.node(op, Stream.of(inputs).map(Tensor::node).toArray(Node[]::new)));
  }

  // --- one operand -------------------------------------------------------------------------------------------------------------------

  private void unaries() {
    for (DType dtype : Samples.NUMERIC) {
      List.of(new Op.Neg(), new Op.Abs(), new Op.Sign()).forEach(op -> unary(op, dtype));
    }
    for (DType dtype : Samples.INTEGRAL) {
      unary(new Op.Not(), dtype);
    }
    // The bits of false and true are 0 and 1 after it as well.
    cases.add(Case.of(Op.Not.class, "bool as bytes", Bound.SAME_BITS, Tensor::not, Samples.anyBits(BOOL, 15, 1001)).onSameTypes()
        .shows("S1.3"));
    for (DType dtype : Samples.FLOATING) {
      REAL_FUNCTIONS.forEach(op -> unary(op, dtype));
    }
  }

  private void unary(Op.Unary op, DType dtype) {
    UnaryOperator<Tensor> function = x -> apply(op, x);
    Bound bound = Bounds.unary(op, dtype);
    cases.add(Case.of(op.getClass(), dtype + " special values", bound, function, Samples.specials(dtype)));
    cases.add(Case.of(op.getClass(), dtype + " any bits", bound, function, Samples.anyBits(dtype, 1, Samples.LARGE)));
    if (dtype.isFloating()) {
      cases.add(Case.of(op.getClass(), dtype + " all scales", bound, function, Samples.scales(dtype, 2, Samples.LARGE)));
    }
    for (View view : View.all()) {
      HostArray x = Samples.scales(dtype, 3, view.source().dims());
      cases.add(Case.of(op.getClass(), dtype + " " + view, bound, in -> function.apply(view.move().apply(in)), x));
    }
  }

  // --- two operands ------------------------------------------------------------------------------------------------------------------

  private void binaries() {
    for (DType dtype : Samples.NUMERIC) {
      List.of(new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Mod()).forEach(op -> binary(op, dtype));
    }
    for (DType dtype : Samples.ALL) {
      List.of(new Op.Max(), new Op.Min()).forEach(op -> binary(op, dtype));
    }
    for (DType dtype : Samples.FLOATING) {
      List.of(new Op.Div(), new Op.Pow()).forEach(op -> binary(op, dtype));
    }
    for (DType dtype : Samples.INTEGER) {
      List.of(new Op.IDiv(), new Op.ShiftLeft(), new Op.ShiftRight(), new Op.ShiftRightLogical()).forEach(op -> binary(op, dtype));
    }
    for (DType dtype : Samples.INTEGRAL) {
      List.of(new Op.And(), new Op.Or(), new Op.Xor()).forEach(op -> binary(op, dtype));
    }
  }

  private void binary(Op.Binary op, DType dtype) {
    boolean divides = !dtype.isFloating() && (op instanceof Op.IDiv || op instanceof Op.Mod);
    pairs(op, dtype, Bounds.binary(op, dtype), divides);
  }

  /** What products of denormal numbers and sums beyond the range show of the types themselves. */
  private static String[] arithmetic(Op op, DType dtype) {
    return switch (op) {
      case Op.Add _, Op.Sub _, Op.Mul _ when dtype.isInteger() -> new String[] {"S1.2"};
      case Op.Mul _ when dtype.isFloating() -> new String[] {"S1.1"};
      default -> new String[0];
    };
  }

  // --- broadcasting ------------------------------------------------------------------------------------------------------------------

  private void broadcasts() {
    long[][][] shapes = {
      {{3, 5}, {5}}, {{3, 1}, {1, 5}}, {{}, {3, 5}}, {{1}, {1, 1}}, {{2, 1, 7}, {5, 1}}, {{0, 3}, {1, 3}},
      {{1, 4}, {0, 1}}, {{257, 1}, {263}}};
    for (DType dtype : Samples.NUMERIC) {
      for (long[][] pair : shapes) {
        String name = dtype + " broadcasts " + Arrays.deepToString(pair);
        HostArray x = Samples.plain(dtype, 16, pair[0]);
        HostArray y = Samples.plain(dtype, 17, pair[1]);
        cases.add(Case.of(Op.Add.class, name, Bound.EXACT, Tensor::add, x, y).shows("S4.1", "S4.2"));
        cases.add(Case.of(Op.Less.class, name, Bound.EXACT, Tensor::greater, x, y).shows("S4.1"));
      }
    }
    List<HostArray> three = List.of(Samples.anyBits(BOOL, 18, 4, 1, 1), Samples.plain(F64, 19, 3, 1), Samples.plain(F64, 20, 5));
    cases.add(new Case(Op.Where.class, "broadcasts a condition", three, in -> List.of(in.get(0).where(in.get(1), in.get(2))),
        Case.Oracle.SAME_TYPES, Bound.EXACT).shows("S4.4"));
  }

  /** A product and a sum in one kernel round each: with one rounding for both some bits of these would differ. */
  private void chains() {
    for (DType dtype : Samples.FLOATING) {
      HostArray x = Samples.scales(dtype, 21, Samples.LARGE);
      HostArray y = Samples.scales(dtype, 22, Samples.LARGE);
      cases.add(Case.of(Op.Add.class, dtype + " after a product", Bound.EXACT, (a, b) -> a.mul(b).add(a), x, y).onSameTypes()
          .shows("S5.25", "S13.10"));
      cases.add(Case.of(Op.Sub.class, dtype + " of products", Bound.EXACT, (a, b) -> a.mul(b).sub(b.mul(b)), x, y).onSameTypes()
          .shows("S13.10"));
      cases.add(Case.of(Op.Div.class, dtype + " in a chain", Bound.EXACT, (a, b) -> a.add(b).div(b).sub(a).mul(b).abs().sqrt(), x, y)
          .onSameTypes().shows("S5.25", "S13.10"));
    }
  }

  private void comparisons() {
    for (DType dtype : Samples.ALL) {
      List<HostArray> specials = Samples.pairs(Samples.specials(dtype));
      comparison(Op.Less.class, "greater ", Tensor::greater, specials);
      comparison(Op.LessEqual.class, "greaterEqual ", Tensor::greaterEqual, specials);
      comparison(Op.Equal.class, "notEqual ", Tensor::notEqual, specials);
      for (Op.Comparison op : List.of(new Op.Equal(), new Op.Less(), new Op.LessEqual())) {
        pairs(op, dtype, Bound.EXACT, false);
      }
    }
  }

  private void comparison(Class<? extends Op> of, String name, BinaryOperator<Tensor> method, List<HostArray> pairs) {
    cases.add(Case.of(of, name + pairs.getFirst().type().dtype(), Bound.EXACT, method, pairs.getFirst(), pairs.getLast()).shows("S5.27"));
  }

  private void classes() {
    for (DType dtype : Samples.FLOATING) {
      for (HostArray x : List.of(Samples.specials(dtype), Samples.anyBits(dtype, 23, Samples.LARGE))) {
        String of = dtype + " of " + x.elements();
        cases.add(Case.of(Op.Equal.class, "isNaN " + of, Bound.EXACT, Tensor::isNaN, x));
        cases.add(Case.of(Op.Equal.class, "isInfinite " + of, Bound.EXACT, Tensor::isInfinite, x));
        cases.add(Case.of(Op.Less.class, "isFinite " + of, Bound.EXACT, Tensor::isFinite, x));
      }
    }
  }

  private void pairs(Op op, DType dtype, Bound bound, boolean divides) {
    UnaryOperator<HostArray> right = divides ? Samples::nonZero : y -> y;
    List<HostArray> specials = Samples.pairs(Samples.specials(dtype));
    cases.add(Case.of(op.getClass(), dtype + " pairs of special values", bound, (x, y) -> apply(op, x, y),
        specials.getFirst(), right.apply(specials.getLast())).shows(arithmetic(op, dtype)));
    cases.add(Case.of(op.getClass(), dtype + " any bits", bound, (x, y) -> apply(op, x, y),
        Samples.anyBits(dtype, 4, Samples.LARGE), right.apply(Samples.anyBits(dtype, 5, Samples.LARGE))));
    for (List<View> pair : View.pairs()) {
      View first = pair.getFirst();
      View second = pair.getLast();
      cases.add(Case.of(op.getClass(), dtype + " " + first + " with " + second, bound,
          (x, y) -> apply(op, first.move().apply(x), second.move().apply(y)),
          Samples.scales(dtype, 6, first.source().dims()), right.apply(Samples.scales(dtype, 7, second.source().dims())))
          .shows("S1.4"));
    }
  }

  // --- choice and conversion ---------------------------------------------------------------------------------------------------------

  private void choices() {
    for (DType dtype : Samples.ALL) {
      for (List<View> pair : View.pairs()) {
        View first = pair.getFirst();
        View second = pair.getLast();
        List<HostArray> inputs = List.of(Samples.anyBits(BOOL, 8, second.source().dims()),
            Samples.anyBits(dtype, 9, first.source().dims()), Samples.anyBits(dtype, 10, second.source().dims()));
        cases.add(new Case(Op.Where.class, dtype + " between " + first + " and " + second, inputs, in -> {
          Tensor condition = second.move().apply(in.get(0));
          return List.of(apply(new Op.Where(), condition, first.move().apply(in.get(1)), second.move().apply(in.get(2))));
        }, Case.Oracle.SAME_TYPES, Bound.EXACT));
      }
    }
  }

  private void conversions() {
    for (DType from : Samples.ALL) {
      for (DType to : Samples.ALL) {
        conversion(new Op.Cast(to), from);
        if (from.bytes() == to.bytes() && from != BOOL && to != BOOL) {
          conversion(new Op.Bitcast(to), from);
        }
      }
    }
  }

  private void conversion(Op op, DType from) {
    Bound bound = op instanceof Op.Bitcast ? Bound.SAME_BITS : Bound.EXACT;
    String name = from + " to " + (op instanceof Op.Cast(DType to) ? to : ((Op.Bitcast) op).to());
    cases.add(Case.of(op.getClass(), name + " special values", bound, x -> apply(op, x), Samples.specials(from)).onSameTypes());
    cases.add(Case.of(op.getClass(), name + " any bits", bound, x -> apply(op, x), Samples.anyBits(from, 11, Samples.LARGE)).onSameTypes());
    if (from.isFloating()) {
      HostArray integers = Samples.between(from, -300, 300, 12, 1001);
      cases.add(Case.of(op.getClass(), name + " small numbers", bound, x -> apply(op, x), integers).onSameTypes());
      double beyond = from == F64 ? 0x1p70 : 0x1p35;
      cases.add(Case.of(op.getClass(), name + " beyond the range", bound, x -> apply(op, x),
          Samples.between(from, -beyond, beyond, 13, 1001)).onSameTypes());
    }
    for (View view : List.of(
        View.dense(), View.dense(0), View.dense(17), View.transposed(5, 7), View.stepped(5, 7), View.repeatedColumn(4, 9))) {
      cases.add(Case.of(op.getClass(), name + " " + view, bound, x -> apply(op, view.move().apply(x)),
          Samples.plain(from, 14, view.source().dims())).onSameTypes());
    }
  }
}
