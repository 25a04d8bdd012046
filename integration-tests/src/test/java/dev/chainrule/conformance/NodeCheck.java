package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * One operation's result beside the interpreter's on the same inputs, within {@link Bounds}. The inputs are the device's own, so no error
 * of another operation is in the difference, and no bound has to follow errors through a graph.
 */
final class NodeCheck {

  private NodeCheck() {}

  /**
   * What is wrong with a device's result; empty if nothing is.
   *
   * @param operands the values of the node's inputs, those of a {@link Op.Result} the inputs of the node with several results
   * @throws dev.chainrule.ChainruleException when the interpreter faults
   */
  static String complaint(Node node, List<HostArray> operands, HostArray actual) {
    Bound bound = bound(node, operands);
    if (bound.isExact()) {
      HostArray expected = interpreted(node, operands);
      return bound.keepsBits() && !actual.equals(expected) && Comparison.differingBits(actual, expected).isEmpty()
          ? "bits of NaN have changed" : Comparison.differingBits(actual, expected);
    }
    HostArray exact = interpreted(node, operands.stream().map(Exact::widened).toList());
    double[] sizes = bound.magnitude().map(m -> Exact.evaluate(List.of(m.apply(Exact.inF64(operands)))).getFirst().toDoubleArray())
        .orElse(new double[0]);
    boolean[] open = open(node, operands, exact, sizes);
    return String.join("; ", Comparison.of(without(open, actual), without(open, exact), sizes, bound).complaints());
  }

  /** The node's result on other values for its inputs, of the same shapes. */
  static HostArray interpreted(Node node, List<HostArray> operands) {
    return Interpreter.evaluate(List.of(on(node, operands)), Engine::read).getFirst();
  }

  /** The node's operation on data. */
  static Node on(Node node, List<HostArray> operands) {
    if (node.inputs().isEmpty()) {
      return node;
    }
    Node[] inputs = operands.stream().map(Ops::input).toArray(Node[]::new);
    return node.op() instanceof Op.Result result ? Ops.node(result, Ops.node(node.input(0).op(), inputs)) : Ops.node(node.op(), inputs);
  }

  // --- the bounds --------------------------------------------------------------------------------------------------------------------

  private static Bound bound(Node node, List<HostArray> in) {
    DType dtype = node.type().dtype();
    Shape first = in.isEmpty() ? Shape.SCALAR : in.getFirst().type().shape();
    return switch (node.op()) {
      case Op.Unary op -> Bounds.unary(op, dtype);
      case Op.Binary op -> Bounds.binary(op, dtype);
      case Op.Comparison _, Op.Where _, Op.Cast _, Op.Iota _, Op.PhiloxBits _, Op.ArgReduce _, Op.Result _, Op.Scalar _ -> Bound.EXACT;
      case Op.Movement _, Op.Bitcast _, Op.Gather _, Op.Copy _, Op.Barrier _, Op.Const _, Op.Input _, Op.State _ -> Bound.SAME_BITS;
      case Op.Reduce(Op.Fold fold, var axes) -> folded(fold, node, first.elements() / (double) Math.max(1, first.without(axes).elements()));
      case Op.Cumulate(Op.Fold fold, int axis, boolean _) -> folded(fold, node, first.dim(axis));
      case Op.Dot _ -> sumOfProducts(node, first.dim(-1));
      case Op.Conv _ -> sumOfProducts(node, perIndex(in.get(1).type().shape(), 0));
      case Op.ConvInputGradient _ -> sumOfProducts(node, perIndex(in.get(1).type().shape(), 1));
      case Op.ConvWeightGradient _ -> sumOfProducts(node, perIndex(first, 1));
      case Op.ScatterAdd _ -> sum(node, 1.0 + in.get(1).elements());
      case Op.Overlap op -> sum(node, op.size());
      case Op.Parameter _, Op.Sort _, Op.Loop _, Op.While _, Op.Cond _, Op.Composite _ ->
          throw new IllegalStateException("no result of its own: " + node);
    };
  }

  private static double perIndex(Shape shape, int axis) {
    return shape.elements() / (double) Math.max(1, shape.dim(axis));
  }

  private static Bound folded(Op.Fold fold, Node node, double n) {
    return switch (fold) {
      case SUM -> sum(node, n);
      case PROD -> {
        Bound product = Bounds.product(node.type().dtype(), n);
        yield product.isExact() ? product : product.andAbsolute(FloatFormat.of(node.type().dtype()).smallestNormal());
      }
      case MAX, MIN -> Bound.EXACT;
    };
  }

  /**
   * Beside the bound of sums, each product of two factors may lose what lies below the smallest number. Of bf16 (S19.18) denormal operands,
   * sums and the result may count as 0: an operand then is as wrong as the smallest normal number, in each of the n terms.
   */
  private static Bound sumOfProducts(Node node, double n) {
    DType dtype = node.type().dtype();
    if (dtype != DType.BF16) {
      return sum(node, n).andAbsolute(n * underflow(dtype));
    }
    FloatFormat format = FloatFormat.of(dtype);
    double lost = format.smallestNormal();
    double standing = lost / (n * 0x1p-24); // which the bound takes n roundings of f32 of
    return Bounds.sum(dtype, n, sizes(node, v -> v != 0 && v < lost ? standing : v)).andAbsolute((n + 1) * lost);
  }

  private static double underflow(DType dtype) {
    return dtype.isFloating() ? FloatFormat.of(dtype.accumulator()).smallest() : 0;
  }

  private static Bound sum(Node node, double n) {
    return Bounds.sum(node.type().dtype(), n, sizes(node, v -> v));
  }

  private static Function<List<Tensor>, Tensor> sizes(Node node, DoubleUnaryOperator of) {
    return in -> Tensor.of(on(node, Exact.evaluate(in).stream()
        .map(x -> mapped(x, v -> of.applyAsDouble(finite(Math.abs(v), 0)))).toList()));
  }

  // --- what the bounds leave open ----------------------------------------------------------------------------------------------------

  /**
   * Where partial sums or products may overflow, or products sink below the normal numbers, the order decides what comes out, and any
   * order is right. Where a zero outside a convolution's input, or a denormal number of bf16, meets an infinity or NaN, NaN is as right.
   */
  private static boolean[] open(Node node, List<HostArray> operands, HostArray exact, double[] sizes) {
    Op op = node.op();
    FloatFormat format = FloatFormat.of(operands.getFirst().type().dtype().accumulator());
    if (op instanceof Op.Dot || op instanceof Op.Conv || op instanceof Op.ConvInputGradient || op instanceof Op.ConvWeightGradient) {
      double[] other = withOtherZeros(node, operands).toDoubleArray();
      return where(sizes.length, i -> !(sizes[i] < format.largest()) || Double.isNaN(other[i]) && !Double.isNaN(exact.doubleAt(i)));
    }
    if (sizes.length > 0) {
      return where(sizes.length, i -> !(sizes[i] < format.largest()));
    }
    if (!isProduct(op)) {
      return new boolean[0];
    }
    HostArray x = Exact.widened(operands.getFirst());
    double[] largest = product(op, mapped(x, v -> Math.max(finite(Math.abs(v), 1), 1)));
    double[] smallest = product(op, mapped(x, v -> v == 0 ? 1 : Math.min(finite(Math.abs(v), 1), 1)));
    return where(largest.length, i -> !(largest[i] < format.largest()) || !(smallest[i] > format.smallestNormal()));
  }

  /** A sum of products where zeros outside an input count, and denormal operands of bf16 as zeros (S19.18). */
  private static HostArray withOtherZeros(Node node, List<HostArray> operands) {
    double normal = FloatFormat.of(DType.BF16).smallestNormal();
    List<HostArray> flushed = operands.stream()
        .map(x -> x.type().dtype() == DType.BF16 ? mapped(x, v -> Math.abs(v) < normal ? 0 : v) : x).toList();
    boolean padded = node.op() instanceof Op.Conv || node.op() instanceof Op.ConvWeightGradient;
    return padded ? Padded.result(node.op(), flushed)
        : Interpreter.evaluate(List.of(on(node, flushed)), Engine::read).getFirst();
  }

  private static boolean isProduct(Op op) {
    return op instanceof Op.Reduce(Op.Fold fold, var _) && fold == Op.Fold.PROD
        || op instanceof Op.Cumulate(Op.Fold by, int _, boolean _) && by == Op.Fold.PROD;
  }

  private static double[] product(Op op, HostArray factors) {
    return Interpreter.evaluate(List.of(Ops.node(op, Ops.input(factors))), Engine::read).getFirst().toDoubleArray();
  }

  private static boolean[] where(int n, IntPredicate condition) {
    boolean[] result = new boolean[n];
    IntStream.range(0, n).forEach(i -> result[i] = condition.test(i));
    return result;
  }

  private static double finite(double value, double otherwise) {
    return Double.isFinite(value) ? value : otherwise;
  }

  private static HostArray without(boolean[] open, HostArray x) {
    if (open.length == 0) {
      return x;
    }
    double[] values = x.toDoubleArray();
    IntStream.range(0, values.length).filter(i -> open[i]).forEach(i -> values[i] = 0);
    return HostArray.ofDoubles(x.type(), values);
  }

  /** Floating numbers mapped; others stay. */
  private static HostArray mapped(HostArray x, DoubleUnaryOperator map) {
    return x.type().dtype().isFloating() ? HostArray.ofDoubles(x.type(), Arrays.stream(x.toDoubleArray()).map(map).toArray()) : x;
  }
}
