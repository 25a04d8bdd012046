package dev.chainrule.autograd;

import dev.chainrule.UnsupportedOpException;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The chain rule at each operation: from g, the loss's gradient for the result, to its gradient for each input. Null is a gradient
 * that is zero everywhere. Where a function has a kink the choice is stated beside its rule.
 */
final class Rules {

  private Rules() {}

  private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

  /**
   * @param in the node's inputs, which it may have released since
   * @param arrived the gradient for each of its results
   */
  static List<@Nullable Tensor> cotangents(Node node, List<Node> in, List<@Nullable Tensor> arrived) {
    return switch (node.op()) {
      case Op.Composite composite -> StructuredRules.composite(composite, node, in, arrived);
      case Op.Sort(int axis, boolean _) -> StructuredRules.sort(node, arrived.getFirst(), axis);
      case Op.Loop loop -> LoopRule.cotangents(loop, node, in, arrived);
      case Op.Cond cond -> ControlRules.cond(cond, in, arrived);
      case Op.While _ -> throw none(node);
      case Op.Barrier _ -> arrived;
      default -> single(node, in, Objects.requireNonNull(arrived.getFirst()));
    };
  }

  private static List<@Nullable Tensor> single(Node node, List<Node> in, Tensor g) {
    Tensor x = in.isEmpty() ? g : Tensor.of(in.get(0));
    Tensor out = Tensor.of(node);
    return switch (node.op()) {
      case Op.Unary op -> Collections.singletonList(unary(op, x, out, g));
      case Op.Binary op -> binary(op, x, Tensor.of(in.get(1)), out, g);
      case Op.Comparison _, Op.ArgReduce _, Op.PhiloxBits _, Op.Bitcast _ -> Collections.nCopies(in.size(), null);
      case Op.Where _ -> {
        Tensor zero = Tensor.zeros(g.type());
        yield Arrays.asList(null, x.where(g, zero), x.where(zero, g));
      }
      case Op.Cast _ -> Collections.singletonList(x.dtype().isFloating() ? g.cast(x.dtype()) : null);
      case Op.Source _ -> List.of();
      case Op.Reduce(Op.Fold fold, Axes axes) -> List.of(StructuredRules.reduce(fold, axes, x, out, g));
      case Op.Cumulate(Op.Fold fold, int axis, boolean reverse) -> List.of(fold == Op.Fold.SUM
          ? Tensor.of(Ops.node(new Op.Cumulate(fold, axis, !reverse), g.node()))
          : StructuredRules.runningProduct(axis, reverse, x, g));
      case Op.Dot(boolean tf32) -> {
        Tensor y = Tensor.of(in.get(1));
        Precision policy = tf32 ? Precision.TF32 : Precision.current();
        yield policy.call(() -> List.of(g.matmul(y.transpose()), x.transpose().matmul(g)));
      }
      case Op.Conv(var geometry) -> {
        Tensor w = Tensor.of(in.get(1));
        yield List.of(inputGradient(geometry, g, w, x.shape()), weightGradient(geometry, g, x, w.shape()));
      }
      case Op.ConvInputGradient(var geometry, Shape _) -> {
        Tensor w = Tensor.of(in.get(1));
        yield List.of(conv(geometry, g, w), weightGradient(geometry, x, g, w.shape()));
      }
      case Op.ConvWeightGradient(var geometry, Shape _) -> {
        Tensor input = Tensor.of(in.get(1));
        yield List.of(conv(geometry, input, g), inputGradient(geometry, x, g, input.shape()));
      }
      case Op.Gather(int axis) -> {
        Tensor indices = Tensor.of(in.get(1));
        yield Arrays.asList(Tensor.zeros(x.type()).scatterAdd(axis, indices, g), null);
      }
      case Op.ScatterAdd(int axis) -> Arrays.asList(g, null, g.take(axis, Tensor.of(in.get(1))));
      case Op.Overlap(int axis, long _, long size, long stride, long dilation) ->
          List.of(Tensor.of(Ops.node(new Op.Window(axis, size, stride, dilation), g.node())));
      case Op.Movement op -> MovementRules.cotangents(op, in, x, g);
      case Op.Copy _ -> List.of(g);
      case Op.Result _, Op.Sort _, Op.Loop _, Op.While _, Op.Cond _, Op.Barrier _, Op.Composite _ ->
          throw new IllegalStateException(node.toString());
    };
  }

  private static @Nullable Tensor unary(Op.Unary op, Tensor x, Tensor out, Tensor g) {
    return switch (op) {
      case Op.Neg _ -> g.neg();
      case Op.Abs _ -> g.mul(x.sign()); // 0 at 0
      case Op.Sign _, Op.Floor _, Op.Ceil _, Op.Round _, Op.Not _ -> null;
      case Op.Exp _ -> g.mul(out);
      case Op.Expm1 _ -> g.mul(out.add(1));
      case Op.Log _ -> g.div(x);
      case Op.Log1p _ -> g.div(x.add(1));
      case Op.Sqrt _ -> g.div(out.mul(2));
      case Op.Rsqrt _ -> g.mul(out).div(x.mul(-2));
      case Op.Sin _ -> g.mul(x.cos());
      case Op.Cos _ -> g.mul(x.sin()).neg();
      case Op.Tan _ -> g.mul(out.square().add(1));
      case Op.Tanh _ -> g.mul(out.square().neg().add(1));
      case Op.Erf _ -> g.mul(x.square().neg().exp()).mul(TWO_OVER_SQRT_PI);
    };
  }

  private static List<@Nullable Tensor> binary(Op.Binary op, Tensor x, Tensor y, Tensor out, Tensor g) {
    return switch (op) {
      case Op.Add _ -> List.of(g, g);
      case Op.Sub _ -> List.of(g, g.neg());
      case Op.Mul _ -> List.of(g.mul(y), g.mul(x));
      case Op.Div _ -> List.of(g.div(y), g.mul(out).div(y).neg());
      case Op.Pow _ -> List.of(g.mul(slope(x, y)), g.mul(slopeOfExponent(x, y)));
      case Op.Max _ -> List.of(g.mul(share(y, x)), g.mul(share(x, y)));
      case Op.Min _ -> List.of(g.mul(share(x, y)), g.mul(share(y, x)));
      case Op.Mod _ -> List.of(g, g.mul(truncated(x.div(y))).neg());
      case Op.IDiv _, Op.And _, Op.Or _, Op.Xor _, Op.ShiftLeft _, Op.ShiftRight _, Op.ShiftRightLogical _ -> Arrays.asList(null, null);
    };
  }

  /** 1 where low < high, 1/2 where they are equal, else 0: two equal arguments of max share its gradient. */
  private static Tensor share(Tensor low, Tensor high) {
    return low.less(high).cast(low.dtype()).add(low.equal(high).cast(low.dtype()).mul(0.5));
  }

  /**
   * y x^(y - 1); at exponent 0 and bases of which 1 / x overflows, where that is 0 times infinity, it is 0. The factor 1/2 is there
   * because a power may overflow a little before the reciprocal does.
   */
  private static Tensor slope(Tensor x, Tensor y) {
    Tensor overflows = x.mul(0.5).reciprocal().abs().equal(Double.POSITIVE_INFINITY);
    Tensor base = overflows.and(y.equal(0)).where(Tensor.ones(x.type()), x);
    return y.mul(base.pow(y.sub(1)));
  }

  /**
   * x^y log x; at base 0 it is 0, its limit for positive exponents. The choice is made before both functions: made after them, the
   * gradient of this gradient would be 0 / 0, and negative exponents would give infinity times 0.
   */
  private static Tensor slopeOfExponent(Tensor x, Tensor y) {
    Tensor base = x.equal(0).where(Tensor.ones(x.type()), x);
    return base.pow(y).mul(base.log());
  }

  private static Tensor truncated(Tensor x) {
    return x.abs().floor().mul(x.sign());
  }

  private static Tensor conv(Op.Geometry geometry, Tensor x, Tensor w) {
    return Tensor.of(Ops.node(new Op.Conv(geometry), x.node(), w.node()));
  }

  private static Tensor inputGradient(Op.Geometry geometry, Tensor g, Tensor w, Shape shape) {
    return Tensor.of(Ops.node(new Op.ConvInputGradient(geometry, shape), g.node(), w.node()));
  }

  private static Tensor weightGradient(Op.Geometry geometry, Tensor g, Tensor x, Shape shape) {
    return Tensor.of(Ops.node(new Op.ConvWeightGradient(geometry, shape), g.node(), x.node()));
  }

  static UnsupportedOpException none(Node node) {
    return new UnsupportedOpException(node.op().label(), "has no derivative: " + node.type() + node.origin().describe(),
        "Use stopGradient() on its inputs if it is to count as a constant.");
  }
}
