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
import java.util.List;
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
    all.choices();
    all.conversions();
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

  private void comparisons() {
    for (DType dtype : Samples.ALL) {
      for (Op.Comparison op : List.of(new Op.Equal(), new Op.Less(), new Op.LessEqual())) {
        pairs(op, dtype, Bound.EXACT, false);
      }
    }
  }

  private void pairs(Op op, DType dtype, Bound bound, boolean divides) {
    UnaryOperator<HostArray> right = divides ? Samples::nonZero : y -> y;
    List<HostArray> specials = Samples.pairs(Samples.specials(dtype));
    cases.add(Case.of(op.getClass(), dtype + " pairs of special values", bound, (x, y) -> apply(op, x, y),
        specials.getFirst(), right.apply(specials.getLast())));
    cases.add(Case.of(op.getClass(), dtype + " any bits", bound, (x, y) -> apply(op, x, y),
        Samples.anyBits(dtype, 4, Samples.LARGE), right.apply(Samples.anyBits(dtype, 5, Samples.LARGE))));
    for (List<View> pair : View.pairs()) {
      View first = pair.getFirst();
      View second = pair.getLast();
      cases.add(Case.of(op.getClass(), dtype + " " + first + " with " + second, bound,
          (x, y) -> apply(op, first.move().apply(x), second.move().apply(y)),
          Samples.scales(dtype, 6, first.source().dims()), right.apply(Samples.scales(dtype, 7, second.source().dims()))));
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
