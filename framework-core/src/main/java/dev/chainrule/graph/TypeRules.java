package dev.chainrule.graph;

import static dev.chainrule.graph.DType.BOOL;
import static dev.chainrule.graph.DType.I32;
import static dev.chainrule.graph.DType.I64;
import static dev.chainrule.graph.DType.U8;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import java.util.List;

/** The type of each operation's results, or the error that says why there is none. */
final class TypeRules {

  private TypeRules() {}

  static List<TensorType> infer(Op op, Node[] in) {
    requireArity(op, in.length);
    return switch (op) {
      case Op.Loop loop -> ControlTypes.loop(loop, in);
      case Op.While loop -> ControlTypes.repeat(loop, in);
      case Op.Cond cond -> ControlTypes.cond(cond, in);
      case Op.Barrier _ -> ControlTypes.typesOf(in);
      case Op.Composite composite -> ControlTypes.composite(composite, in);
      case Op.Sort(int axis, boolean _) -> {
        axis(op, in[0], axis);
        yield List.of(in[0].type(), in[0].type().withDType(I32));
      }
      default -> listed(single(op, in), in);
    };
  }

  /** The list of a type that an input has already, where it has: most do. */
  private static List<TensorType> listed(TensorType type, Node[] in) {
    return in.length > 0 && in[0].type() == type && in[0].types().size() == 1 ? in[0].types() : List.of(type);
  }

  private static void requireArity(Op op, int inputs) {
    if (op instanceof Op.Unary && inputs == 1 || op instanceof Op.Binary && inputs == 2
        || op instanceof Op.Composite || op instanceof Op.Dot && inputs == 2
        || inputs == 1 && (op instanceof Op.Result || op instanceof Op.Reduce || op instanceof Op.Reshape || op instanceof Op.Expand)) {
      return; // most nodes by far, and tracing pays for each
    }
    int least = switch (op) {
      case Op.Source _, Op.Loop _, Op.While _, Op.Composite _ -> 0;
      case Op.Unary _, Op.Cast _, Op.Bitcast _, Op.Reduce _, Op.ArgReduce _, Op.Cumulate _, Op.Sort _, Op.Overlap _, Op.Reshape _,
          Op.Permute _, Op.Expand _, Op.Slice _, Op.Window _, Op.Concat _, Op.Result _, Op.Cond _, Op.Copy _, Op.Barrier _ -> 1;
      case Op.Binary _, Op.Comparison _, Op.Dot _, Op.Conv _, Op.ConvInputGradient _, Op.ConvWeightGradient _, Op.Gather _,
          Op.Pad _ -> 2;
      case Op.Where _, Op.PhiloxBits _, Op.ScatterAdd _ -> 3;
    };
    boolean more = op instanceof Op.Concat || op instanceof Op.Barrier || !op.bodies().isEmpty();
    if (inputs < least || inputs > least && !more) {
      throw new InvalidArgumentException(op.label(), "takes " + least + (more ? " or more" : "") + " inputs, got " + inputs, "");
    }
  }

  private static TensorType single(Op op, Node[] in) {
    return switch (op) {
      case Op.Unary unary -> unary(unary, in[0].type());
      case Op.Binary binary -> binary(binary, in[0].type(), in[1].type());
      case Op.Comparison _ -> same(op, in[0].type(), in[1].type()).withDType(BOOL);
      case Op.Where _ -> where(op, in);
      case Op.Cast(DType to) -> in[0].type().withDType(to);
      case Op.Bitcast(DType to) -> bitcast(op, in[0].type(), to);
      case Op.Movement movement -> MovementTypes.infer(movement, in);
      case Op.Const(HostArray array) -> array.type();
      case Op.Iota(TensorType type, int axis) -> iota(op, type, axis);
      case Op.PhiloxBits(Shape shape, long _) -> philox(op, in, shape);
      case Op.Reduce(Op.Fold fold, Axes axes) -> reduce(op, in[0].type(), fold, axes);
      case Op.ArgReduce(Op.Fold fold, int axis) -> argReduce(op, in[0], fold, axis);
      case Op.Cumulate(Op.Fold fold, int axis, boolean _) -> {
        numeric(op, in[0].type());
        axis(op, in[0], axis);
        if (fold != Op.Fold.SUM && fold != Op.Fold.PROD) {
          throw new InvalidArgumentException(op.label(), "by " + fold + ", expected SUM or PROD", "");
        }
        yield in[0].type();
      }
      case Op.Dot _ -> dot(op, in[0].type(), in[1].type());
      case Op.Conv(Op.Geometry geometry) -> ConvTypes.forward(op, geometry, in[0].type(), in[1].type());
      case Op.ConvInputGradient(Op.Geometry geometry, Shape shape) ->
          ConvTypes.inputGradient(op, geometry, in[0].type(), in[1].type(), shape);
      case Op.ConvWeightGradient(Op.Geometry geometry, Shape shape) ->
          ConvTypes.weightGradient(op, geometry, in[0].type(), in[1].type(), shape);
      case Op.Gather(int axis) -> gather(op, in[0], in[1], axis);
      case Op.ScatterAdd(int axis) -> scatterAdd(op, in, axis);
      case Op.Overlap overlap -> {
        numeric(op, in[0].type());
        yield MovementTypes.overlap(overlap, in[0]);
      }
      case Op.Result(int index) -> {
        if (index < 0 || index >= in[0].types().size()) {
          throw new InvalidArgumentException(op.label(), "no result " + index + " of " + in[0], "");
        }
        yield in[0].types().get(index);
      }
      case Op.Copy _ -> in[0].type();
      case Op.Input _, Op.State _, Op.Scalar _, Op.Parameter _ -> throw new IllegalStateException(op.label() + " has a maker of its own");
      case Op.Sort _, Op.Loop _, Op.While _, Op.Cond _, Op.Barrier _, Op.Composite _ ->
          throw new IllegalStateException(op.label() + " has several results");
    };
  }

  private static TensorType unary(Op.Unary op, TensorType x) {
    switch (op) {
      case Op.Neg _, Op.Abs _, Op.Sign _ -> numeric(op, x);
      case Op.Not _ -> integral(op, x);
      case Op.Floor _, Op.Ceil _, Op.Round _, Op.Exp _, Op.Expm1 _, Op.Log _, Op.Log1p _, Op.Sqrt _, Op.Rsqrt _, Op.Sin _, Op.Cos _,
          Op.Tan _, Op.Tanh _, Op.Erf _ -> floating(op, x);
    }
    return x;
  }

  private static TensorType binary(Op.Binary op, TensorType x, TensorType y) {
    same(op, x, y);
    switch (op) {
      case Op.Add _, Op.Sub _, Op.Mul _, Op.Mod _ -> numeric(op, x);
      case Op.Max _, Op.Min _ -> {}
      case Op.Div _, Op.Pow _ -> floating(op, x);
      case Op.IDiv _, Op.ShiftLeft _, Op.ShiftRight _, Op.ShiftRightLogical _ -> integer(op, x);
      case Op.And _, Op.Or _, Op.Xor _ -> integral(op, x);
    }
    return x;
  }

  private static TensorType where(Op op, Node[] in) {
    TensorType condition = in[0].type();
    TensorType result = same(op, in[1].type(), in[2].type());
    if (condition.dtype() != BOOL) {
      throw new DTypeMismatchException(op.label(), "condition is " + condition + ", expected bool", "Compare first: x.greater(0).");
    }
    if (!condition.shape().equals(result.shape())) {
      throw new ShapeMismatchException(op.label(), "condition " + condition + " chooses between " + result, "");
    }
    return result;
  }

  private static TensorType bitcast(Op op, TensorType x, DType to) {
    if (x.dtype().bytes() != to.bytes() || x.dtype() == BOOL || to == BOOL) {
      throw new DTypeMismatchException(op.label(),
          x + " to " + to + ": widths differ or are not plain bits", "Use cast to convert values.");
    }
    return x.withDType(to);
  }

  private static TensorType iota(Op op, TensorType type, int axis) {
    if (axis < 0 || axis >= type.rank() || type.dtype() == BOOL) {
      throw new InvalidArgumentException(op.label(), "axis " + axis + " of " + type, "");
    }
    return type;
  }

  private static TensorType philox(Op op, Node[] in, Shape shape) {
    for (Node node : in) {
      if (!node.type().equals(TensorType.scalar(I64))) {
        throw new DTypeMismatchException(op.label(), "seed, run and iteration are i64[], got " + node.type(), "");
      }
    }
    return new TensorType(I32, shape);
  }

  private static TensorType reduce(Op op, TensorType x, Op.Fold fold, Axes axes) {
    if (!axes.areDistinctBelow(x.rank())) {
      throw new InvalidArgumentException(op.label(), "axes " + axes + " of " + x, "Axes are distinct numbers below the rank.");
    }
    boolean adds = fold == Op.Fold.SUM || fold == Op.Fold.PROD;
    DType dtype = adds && (x.dtype() == BOOL || x.dtype() == U8) ? I64 : x.dtype();
    return new TensorType(dtype, x.shape().without(axes));
  }

  private static TensorType argReduce(Op op, Node x, Op.Fold fold, int axis) {
    axis(op, x, axis);
    if (fold != Op.Fold.MAX && fold != Op.Fold.MIN) {
      throw new InvalidArgumentException(op.label(), "by " + fold + ", expected MAX or MIN", "");
    }
    if (x.type().shape().dim(axis) == 0) {
      throw new ShapeMismatchException(op.label(), "axis " + axis + " of " + x.type() + " is empty: no element to point at", "");
    }
    return new TensorType(I32, x.type().shape().without(Axes.of(axis)));
  }

  private static TensorType dot(Op op, TensorType x, TensorType y) {
    sameDType("matmul", x, y);
    numeric("matmul", x);
    int rank = x.rank();
    if (rank < 2 || y.rank() != rank || !x.shape().slice(0, rank - 2).equals(y.shape().slice(0, rank - 2))) {
      throw new ShapeMismatchException("matmul", "expected [batch..., m, k] x [batch..., k, n], got " + x + " x " + y, "");
    }
    if (x.shape().dim(-1) != y.shape().dim(-2)) {
      throw new ShapeMismatchException("matmul",
          "inner dimensions differ: " + x + " x " + y + " (" + x.shape().dim(-1) + " vs " + y.shape().dim(-2) + ")",
          "The last axis of the left operand must be as long as the second last of the right one; transpose() swaps them.");
    }
    return x.withShape(x.shape().with(rank - 1, y.shape().dim(-1)));
  }

  private static TensorType gather(Op op, Node x, Node indices, int axis) {
    axis(op, x, axis);
    indexType(op, indices.type());
    return x.type().withShape(indexed(x.type().shape(), indices.type().shape(), axis));
  }

  private static TensorType scatterAdd(Op op, Node[] in, int axis) {
    axis(op, in[0], axis);
    numeric(op, in[0].type());
    indexType(op, in[1].type());
    sameDType(op, in[0].type(), in[2].type());
    Shape expected = indexed(in[0].type().shape(), in[1].type().shape(), axis);
    if (!in[2].type().shape().equals(expected)) {
      throw new ShapeMismatchException(op.label(), "updates are " + in[2].type() + ", expected " + in[2].type().withShape(expected), "");
    }
    return in[0].type();
  }

  private static Shape indexed(Shape x, Shape indices, int axis) {
    return x.slice(0, axis).concat(indices).concat(x.slice(axis + 1, x.rank()));
  }

  private static void indexType(Op op, TensorType indices) {
    if (indices.dtype() != I32 && indices.dtype() != I64) {
      throw new DTypeMismatchException(op.label(), "indices are " + indices + ", expected i32 or i64", "");
    }
  }

  // --- what several rules ask for ----------------------------------------------------------------------------------------------------

  static TensorType same(Op op, TensorType x, TensorType y) {
    sameDType(op, x, y);
    if (!x.shape().equals(y.shape())) {
      throw new ShapeMismatchException(op.label(), "shapes differ: " + x + " and " + y, "");
    }
    return x;
  }

  static void sameDType(Op op, TensorType x, TensorType y) {
    if (x.dtype() != y.dtype()) {
      sameDType(op.label(), x, y); // the label costs, and most types are right
    }
  }

  private static void sameDType(String where, TensorType x, TensorType y) {
    if (x.dtype() != y.dtype()) {
      throw new DTypeMismatchException(where,
          "element types differ: " + x + " and " + y, "Types never mix silently: cast one of them.");
    }
  }

  static void axis(Op op, Node x, int axis) {
    if (axis < 0 || axis >= x.type().rank()) {
      throw new InvalidArgumentException(op.label(), "axis " + axis + " of " + x.type(), "");
    }
  }

  private static void numeric(Op op, TensorType x) {
    if (x.dtype() == BOOL) {
      numeric(op.label(), x);
    }
  }

  private static void numeric(String where, TensorType x) {
    if (x.dtype() == BOOL) {
      throw new DTypeMismatchException(where, "not defined for " + x, "Cast to a number first.");
    }
  }

  private static void floating(Op op, TensorType x) {
    if (!x.dtype().isFloating()) {
      String quotients = op instanceof Op.Div ? "; for integer quotients use floorDiv" : "";
      throw new DTypeMismatchException(op.label(), "not defined for " + x, "Cast to f32 first" + quotients + ".");
    }
  }

  private static void integer(Op op, TensorType x) {
    if (!x.dtype().isInteger()) {
      throw new DTypeMismatchException(op.label(), "defined for integers, got " + x, "");
    }
  }

  private static void integral(Op op, TensorType x) {
    if (x.dtype().isFloating()) {
      throw new DTypeMismatchException(op.label(), "defined for integers and bool, got " + x, "");
    }
  }
}
