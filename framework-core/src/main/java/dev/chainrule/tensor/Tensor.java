package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.device.Device;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.GraphPrinter;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.Evaluator;
import dev.chainrule.plan.Placement;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * An immutable array of numbers, known by what computes it. Operations check types at once and compute later: a Step's as one plan,
 * others when their values are read. Operands broadcast as in NumPy; element types never mix silently. A Java number takes the
 * tensor's type: integral ones any, floating ones floating types only.
 */
public final class Tensor {

  /** Pending work beyond this is evaluated by the call that crosses it, so that loops outside Steps stay bounded. */
  private static final long PENDING_LIMIT = 1L << 30;

  private final Node node;

  private Tensor(Node node) {
    this.node = node;
  }

  /** The tensor that a node computes, as it is: nothing is evaluated. */
  public static Tensor of(Node node) {
    return new Tensor(node);
  }

  /** The tensor of a node that has just been made; too much pending work is done now, and gradients through it are an error then. */
  static Tensor made(Node node) {
    if (node.pendingBytes() > PENDING_LIMIT) {
      evaluateOutsideTraces(List.of(node));
    }
    return new Tensor(node);
  }

  /** The same for all results of one operation. */
  static List<Tensor> made(List<Node> results) {
    if (results.stream().anyMatch(node -> node.pendingBytes() > PENDING_LIMIT)) {
      evaluateOutsideTraces(results);
    }
    return results.stream().map(Tensor::of).toList();
  }

  private static void evaluateOutsideTraces(List<Node> nodes) {
    if (Trace.surrounding().isEmpty() && !Scope.current().isBody()) {
      Evaluator.evaluate(nodes);
    }
  }

  public Node node() {
    return node;
  }

  // --- from Java ---------------------------------------------------------------------------------------------------------------------

  public static Tensor of(HostArray data) {
    return new Tensor(Ops.input(data));
  }

  /** f32 of the given shape, row-major; without sizes a vector. */
  public static Tensor of(float[] values, long... shape) {
    return of(HostArray.ofFloats(typeOf(DType.F32, values.length, shape), values));
  }

  /** f64 of the given shape, row-major; without sizes a vector. */
  public static Tensor of(double[] values, long... shape) {
    return of(HostArray.ofDoubles(typeOf(DType.F64, values.length, shape), values));
  }

  /** i32 of the given shape, row-major; without sizes a vector. */
  public static Tensor of(int[] values, long... shape) {
    return of(HostArray.ofLongs(typeOf(DType.I32, values.length, shape), Arrays.stream(values).asLongStream().toArray()));
  }

  /** i64 of the given shape, row-major; without sizes a vector. */
  public static Tensor of(long[] values, long... shape) {
    return of(HostArray.ofLongs(typeOf(DType.I64, values.length, shape), values));
  }

  private static TensorType typeOf(DType dtype, int count, long... shape) {
    return shape.length == 0 ? TensorType.of(dtype, count) : TensorType.of(dtype, shape);
  }

  /** An f32 scalar that a plan takes as a parameter. */
  public static Tensor scalar(double value) {
    return new Tensor(Ops.scalar(DType.F32, value));
  }

  /** A scalar of any type that a plan takes as a parameter: from an integral Java number any type, from a Float or Double a floating. */
  public static Tensor scalar(DType dtype, Number value) {
    return new Tensor(Ops.scalar(ScalarValue.of(dtype, value)));
  }

  /** A literal: part of a plan's structure, so that another value means another plan. */
  public static Tensor constant(HostArray value) {
    return new Tensor(Ops.node(new Op.Const(value)));
  }

  /** Every element {@code value}, which is part of a plan's structure. */
  public static Tensor full(TensorType type, double value) {
    return literal(ScalarValue.of(type.dtype(), value)).broadcastTo(type.shape());
  }

  /** Every element {@code value}, which is part of a plan's structure. */
  public static Tensor full(TensorType type, long value) {
    return literal(ScalarValue.of(type.dtype(), value)).broadcastTo(type.shape());
  }

  private static Tensor literal(ScalarValue value) {
    return constant(value.toArray());
  }

  public static Tensor zeros(TensorType type) {
    return full(type, 0);
  }

  public static Tensor ones(TensorType type) {
    return full(type, 1);
  }

  /** 0, 1, ..., count - 1. */
  public static Tensor arange(DType dtype, long count) {
    return indices(TensorType.of(dtype, count), 0);
  }

  /** The index along {@code axis} at each element. */
  public static Tensor indices(TensorType type, int axis) {
    return made(Ops.node(new Op.Iota(type, axis)));
  }

  // --- what it is --------------------------------------------------------------------------------------------------------------------

  public TensorType type() {
    return node.type();
  }

  public Shape shape() {
    return node.type().shape();
  }

  public DType dtype() {
    return node.type().dtype();
  }

  public int rank() {
    return node.type().rank();
  }

  /** Size along an axis; negative axes count from the last. */
  public long dim(int axis) {
    return shape().dim(axis(axis));
  }

  // --- arithmetic --------------------------------------------------------------------------------------------------------------------

  public Tensor add(Tensor y) {
    return Broadcast.apply(new Op.Add(), this, y);
  }

  public Tensor add(double y) {
    return add(like(y));
  }

  public Tensor add(long y) {
    return add(like(y));
  }

  public Tensor sub(Tensor y) {
    return Broadcast.apply(new Op.Sub(), this, y);
  }

  public Tensor sub(double y) {
    return sub(like(y));
  }

  public Tensor sub(long y) {
    return sub(like(y));
  }

  public Tensor mul(Tensor y) {
    return Broadcast.apply(new Op.Mul(), this, y);
  }

  public Tensor mul(double y) {
    return mul(like(y));
  }

  public Tensor mul(long y) {
    return mul(like(y));
  }

  /** The quotient; floating types only, for integers see {@link #floorDiv}. */
  public Tensor div(Tensor y) {
    return Broadcast.apply(new Op.Div(), this, y);
  }

  public Tensor div(double y) {
    return div(like(y));
  }

  public Tensor div(long y) {
    return div(like(y));
  }

  /** The quotient rounded down; integers too. */
  public Tensor floorDiv(Tensor y) {
    if (dtype().isFloating()) {
      return div(y).floor();
    }
    Tensor quotient = Broadcast.apply(new Op.IDiv(), this, y);
    Tensor inexactAndSignsDiffer = mod(y).notEqual(0).and(less(0).xor(y.less(0)));
    return quotient.sub(inexactAndSignsDiffer.cast(dtype()));
  }

  /** The remainder with this tensor's sign, as Java's {@code %}. */
  public Tensor mod(Tensor y) {
    return Broadcast.apply(new Op.Mod(), this, y);
  }

  public Tensor pow(Tensor y) {
    return Broadcast.apply(new Op.Pow(), this, y);
  }

  public Tensor pow(double y) {
    return pow(like(y));
  }

  public Tensor pow(long y) {
    return pow(like(y));
  }

  /** The larger of each pair; NaN where either is NaN. */
  public Tensor maximum(Tensor y) {
    return Broadcast.apply(new Op.Max(), this, y);
  }

  public Tensor maximum(double y) {
    return maximum(like(y));
  }

  public Tensor maximum(long y) {
    return maximum(like(y));
  }

  /** The smaller of each pair; NaN where either is NaN. */
  public Tensor minimum(Tensor y) {
    return Broadcast.apply(new Op.Min(), this, y);
  }

  public Tensor minimum(double y) {
    return minimum(like(y));
  }

  public Tensor minimum(long y) {
    return minimum(like(y));
  }

  public Tensor clamp(double low, double high) {
    return maximum(low).minimum(high);
  }

  public Tensor clamp(long low, long high) {
    return maximum(low).minimum(high);
  }

  public Tensor neg() {
    return unary(new Op.Neg());
  }

  public Tensor abs() {
    return unary(new Op.Abs());
  }

  /** -1, 0 or 1. */
  public Tensor sign() {
    return unary(new Op.Sign());
  }

  public Tensor floor() {
    return unary(new Op.Floor());
  }

  public Tensor ceil() {
    return unary(new Op.Ceil());
  }

  /** To the nearest integer, ties to even. */
  public Tensor round() {
    return unary(new Op.Round());
  }

  public Tensor exp() {
    return unary(new Op.Exp());
  }

  /** e^x - 1, exact near 0. */
  public Tensor expm1() {
    return unary(new Op.Expm1());
  }

  public Tensor log() {
    return unary(new Op.Log());
  }

  /** log(1 + x), exact near 0. */
  public Tensor log1p() {
    return unary(new Op.Log1p());
  }

  public Tensor sqrt() {
    return unary(new Op.Sqrt());
  }

  /** 1 / sqrt(x). */
  public Tensor rsqrt() {
    return unary(new Op.Rsqrt());
  }

  public Tensor square() {
    return mul(this);
  }

  public Tensor sin() {
    return unary(new Op.Sin());
  }

  public Tensor cos() {
    return unary(new Op.Cos());
  }

  public Tensor tan() {
    return unary(new Op.Tan());
  }

  public Tensor tanh() {
    return unary(new Op.Tanh());
  }

  /** The error function. */
  public Tensor erf() {
    return unary(new Op.Erf());
  }

  // --- comparisons, logic, bits ------------------------------------------------------------------------------------------------------

  /** bool; false where either is NaN. */
  public Tensor equal(Tensor y) {
    return Broadcast.apply(new Op.Equal(), this, y);
  }

  public Tensor equal(double y) {
    return equal(like(y));
  }

  public Tensor equal(long y) {
    return equal(like(y));
  }

  /** bool; true where either is NaN. */
  public Tensor notEqual(Tensor y) {
    return equal(y).not();
  }

  public Tensor notEqual(double y) {
    return equal(y).not();
  }

  public Tensor notEqual(long y) {
    return equal(y).not();
  }

  /** bool; false where either is NaN. */
  public Tensor less(Tensor y) {
    return Broadcast.apply(new Op.Less(), this, y);
  }

  public Tensor less(double y) {
    return less(like(y));
  }

  public Tensor less(long y) {
    return less(like(y));
  }

  /** bool; false where either is NaN. */
  public Tensor lessEqual(Tensor y) {
    return Broadcast.apply(new Op.LessEqual(), this, y);
  }

  public Tensor lessEqual(double y) {
    return lessEqual(like(y));
  }

  public Tensor lessEqual(long y) {
    return lessEqual(like(y));
  }

  /** bool; false where either is NaN. */
  public Tensor greater(Tensor y) {
    return y.less(this);
  }

  public Tensor greater(double y) {
    return like(y).less(this);
  }

  public Tensor greater(long y) {
    return like(y).less(this);
  }

  /** bool; false where either is NaN. */
  public Tensor greaterEqual(Tensor y) {
    return y.lessEqual(this);
  }

  public Tensor greaterEqual(double y) {
    return like(y).lessEqual(this);
  }

  public Tensor greaterEqual(long y) {
    return like(y).lessEqual(this);
  }

  /** Logical on bool, bitwise on integers; so are the next three. */
  public Tensor and(Tensor y) {
    return Broadcast.apply(new Op.And(), this, y);
  }

  public Tensor or(Tensor y) {
    return Broadcast.apply(new Op.Or(), this, y);
  }

  public Tensor xor(Tensor y) {
    return Broadcast.apply(new Op.Xor(), this, y);
  }

  public Tensor not() {
    return unary(new Op.Not());
  }

  public Tensor shiftLeft(int distance) {
    return Broadcast.apply(new Op.ShiftLeft(), this, like(distance));
  }

  /** Copies of the sign bit come in. */
  public Tensor shiftRight(int distance) {
    return Broadcast.apply(new Op.ShiftRight(), this, like(distance));
  }

  /** Zeros come in. */
  public Tensor shiftRightLogical(int distance) {
    return Broadcast.apply(new Op.ShiftRightLogical(), this, like(distance));
  }

  /** {@code x} where this bool tensor is true, {@code y} elsewhere. */
  public Tensor where(Tensor x, Tensor y) {
    return Broadcast.where(this, x, y);
  }

  /** Values converted: float to integer truncates and saturates, NaN becomes 0, to bool non-zero is true. */
  public Tensor cast(DType to) {
    return to == dtype() ? this : unary(new Op.Cast(to));
  }

  /** The same bits as another type of the same width. */
  public Tensor bitcast(DType to) {
    return unary(new Op.Bitcast(to));
  }

  // --- reductions: over the named axes, over all without any; the axes disappear ------------------------------------------------------------

  public Tensor sum(int... axes) {
    return reduce(Op.Fold.SUM, axes);
  }

  public Tensor prod(int... axes) {
    return reduce(Op.Fold.PROD, axes);
  }

  /** The largest element; NaN if there is one. */
  public Tensor max(int... axes) {
    return reduce(Op.Fold.MAX, axes);
  }

  /** The smallest element; NaN if there is one. */
  public Tensor min(int... axes) {
    return reduce(Op.Fold.MIN, axes);
  }

  /** Floating types only; the mean of nothing is NaN. Of 16-bit floats neither the sum nor the count need fit the type. */
  public Tensor mean(int... axes) {
    return accumulated("mean").average(axes).cast(dtype());
  }

  /** The mean squared distance from the mean (divided by n, not n - 1). Of 16-bit floats only the result need fit the type. */
  public Tensor variance(int... axes) {
    Tensor x = accumulated("variance");
    return x.sub(x.keep(x.average(axes), axes)).square().average(axes).cast(dtype());
  }

  private Tensor accumulated(String what) {
    if (!dtype().isFloating()) {
      throw new DTypeMismatchException(what, "not defined for " + type(), "Cast it first: cast(DType.F32)." + what + "().");
    }
    return cast(dtype().accumulator());
  }

  private Tensor average(int... axes) {
    return sum(axes).div(literal(ScalarValue.of(dtype(), count(axes))));
  }

  /** i32 index of the largest element along the axis, the first of equals. */
  public Tensor argmax(int axis) {
    return made(Ops.node(new Op.ArgReduce(Op.Fold.MAX, axis(axis)), node));
  }

  /** i32 index of the smallest element along the axis, the first of equals. */
  public Tensor argmin(int axis) {
    return made(Ops.node(new Op.ArgReduce(Op.Fold.MIN, axis(axis)), node));
  }

  /** A reduction of this tensor with the reduced axes put back at size 1, so that it broadcasts against this. */
  public Tensor keep(Tensor reduced, int... axes) {
    return reduced.reshape(shape().keeping(axes(axes)));
  }

  private long count(int... axes) {
    Axes reduced = axes(axes);
    long count = 1;
    for (int i = 0; i < reduced.count(); i++) {
      count *= shape().dim(reduced.get(i));
    }
    return count;
  }

  // --- products ----------------------------------------------------------------------------------------------------------------------

  /** Matrix product [..., m, k] x [..., k, n] -> [..., m, n]; batch axes broadcast. */
  public Tensor matmul(Tensor y) {
    return MatrixProduct.of(this, y);
  }

  // --- movement ----------------------------------------------------------------------------------------------------------------------

  /** The same elements in the same order; one size may be -1 and is worked out. */
  public Tensor reshape(long... shape) {
    return reshape(Movement.resolve(type(), shape));
  }

  public Tensor reshape(Shape shape) {
    return shape.equals(shape()) ? this : unary(new Op.Reshape(shape));
  }

  /** [first, rest]: everything behind the axis in one. */
  public Tensor flatten(int from) {
    Shape kept = shape().slice(0, axis(from));
    return reshape(kept.concat(Shape.of(shape().slice(axis(from), rank()).elements())));
  }

  /** Axis i of the result is axis {@code order[i]} of this. */
  public Tensor permute(int... order) {
    return unary(new Op.Permute(Axes.of(Arrays.stream(order).map(this::axis).toArray())));
  }

  /** The last two axes exchanged. */
  public Tensor transpose() {
    return Movement.transpose(this);
  }

  /** A new axis of size 1 at this position of the result. */
  public Tensor unsqueeze(int axis) {
    return Movement.unsqueeze(this, axis);
  }

  /** Without an axis of size 1. */
  public Tensor squeeze(int axis) {
    return Movement.squeeze(this, axis(axis));
  }

  public Tensor broadcastTo(Shape shape) {
    return shape.equals(shape()) ? this : made(Broadcast.to(node, shape));
  }

  /** Elements [from, to) along an axis; negative bounds count from the end. */
  public Tensor slice(int axis, long from, long to) {
    return Movement.slice(this, axis(axis), from, to);
  }

  /** One element along an axis, which disappears. */
  public Tensor select(int axis, long index) {
    return slice(axis, index, index == -1 ? dim(axis) : index + 1).squeeze(axis);
  }

  /** Every axis {@code range} of the result's elements; the general form of {@link #slice}. */
  public Tensor slice(List<Op.Range> ranges) {
    return unary(new Op.Slice(ranges));
  }

  /** The order along an axis reversed. */
  public Tensor flip(int axis) {
    return Movement.flip(this, axis(axis));
  }

  /** {@code value} added {@code low} times before and {@code high} times after along an axis. */
  public Tensor pad(int axis, long low, long high, double value) {
    return Movement.pad(this, axis(axis), low, high, literal(ScalarValue.of(dtype(), value)));
  }

  /** {@code value} added {@code low} times before and {@code high} times after along an axis. */
  public Tensor pad(int axis, long low, long high, long value) {
    return Movement.pad(this, axis(axis), low, high, literal(ScalarValue.of(dtype(), value)));
  }

  /** The general form of {@link #pad}; the value is a scalar tensor. */
  public Tensor pad(List<Op.Edge> edges, Tensor value) {
    return made(Ops.node(new Op.Pad(edges), node, value.node()));
  }

  /** Tensors that differ in size along the axis at most, one after another. */
  public static Tensor concat(int axis, Tensor... parts) {
    if (parts.length == 0) {
      throw new InvalidArgumentException("concat", "no tensors given", "The result's type would be unknown.");
    }
    return made(Ops.node(new Op.Concat(parts[0].axis(axis)), Stream.of(parts).map(Tensor::node).toArray(Node[]::new)));
  }

  /** Tensors of one type along a new axis. */
  public static Tensor stack(int axis, Tensor... parts) {
    return concat(axis, Stream.of(parts).map(p -> p.unsqueeze(axis)).toArray(Tensor[]::new));
  }

  // --- indexing ----------------------------------------------------------------------------------------------------------------------

  /** x[a..., n, b...] at i[c...] -> [a..., c..., b...]; an index outside [0, n) makes the run fail and name it. */
  public Tensor take(int axis, Tensor indices) {
    return made(Ops.node(new Op.Gather(axis(axis)), node, indices.node()));
  }

  /** This tensor with updates[a..., c..., b...] added at i[c...] along the axis, in index order. */
  public Tensor scatterAdd(int axis, Tensor indices, Tensor updates) {
    return made(Ops.node(new Op.ScatterAdd(axis(axis)), node, indices.node(), updates.node()));
  }

  /** bool [..., classes]: true at each integer's own place, nowhere for an integer outside [0, classes). */
  public Tensor oneHot(long classes) {
    if (!dtype().isInteger()) {
      throw new DTypeMismatchException("oneHot", type() + " are not class numbers, expected integers", "Cast them first: cast(DType.I32).");
    }
    Tensor number = cast(dtype() == DType.I64 ? DType.I64 : DType.I32); // u8 cannot count the classes
    var type = new TensorType(number.dtype(), shape().concat(Shape.of(classes)));
    return number.unsqueeze(rank()).equal(indices(type, rank()));
  }

  // --- control -----------------------------------------------------------------------------------------------------------------------

  /** The same values in storage of their own. */
  public Tensor copy() {
    return unary(new Op.Copy());
  }

  /** The same values; nothing is merged or moved across. */
  public Tensor barrier() {
    return unary(new Op.Barrier());
  }

  /** The same values, through which no gradient flows. */
  public Tensor stopGradient() {
    return Composites.STOP_GRADIENT.apply(this);
  }

  // --- activations and losses in the same vocabulary ------------------------------------------------------------------------------------

  /** max(x, 0); NaN stays, the derivative at 0 is 0. */
  public Tensor relu() {
    return lessEqual(0).where(like(0), this);
  }

  /** x where positive, {@code slope * x} elsewhere; the slope is part of a plan's structure. */
  public Tensor leakyRelu(double slope) {
    return lessEqual(0).where(mul(full(TensorType.scalar(dtype()), slope)), this);
  }

  /** 1 / (1 + exp(-x)). */
  public Tensor sigmoid() {
    return Composites.SIGMOID.apply(this);
  }

  /** x * Phi(x) with the normal distribution function Phi (Hendrycks and Gimpel, 2016), by erf. */
  public Tensor gelu() {
    return Composites.GELU.apply(this);
  }

  /** exp(x) / sum(exp(x)) along the axis. */
  public Tensor softmax(int axis) {
    return Composites.softmax(this, axis(axis));
  }

  /** log(softmax(x)) along the axis, exact where softmax underflows. */
  public Tensor logSoftmax(int axis) {
    return Composites.logSoftmax(this, axis(axis));
  }

  // --- to Java -----------------------------------------------------------------------------------------------------------------------

  /** Computes this tensor now and keeps its value; outside Steps only. */
  public Tensor eval() {
    eval(this);
    return this;
  }

  /** Computes the union of what the tensors need and keeps their values. Inside a Step values are not kept. */
  public static void eval(Tensor... tensors) {
    requireOutsideBody("eval");
    if (Trace.surrounding().isPresent()) {
      throw new InvalidArgumentException("eval", "called inside a Step, whose values exist when it has run",
          "Return the tensor from the Step.");
    }
    Evaluator.evaluate(Stream.of(tensors).map(Tensor::node).toList());
  }

  /**
   * The same values in a device's memory, without a copy if they lie there already; computes them on the current device if need be. The
   * result has no history: no gradient flows back through it. Outside Steps only.
   */
  public Tensor to(Device device) {
    requireOutsideBody("to");
    if (Trace.surrounding().isPresent()) {
      throw new InvalidArgumentException("to", "called inside a Step, which runs on one device", "Move the tensor before the Step.");
    }
    if (node.op() instanceof Op.State(Value version) && node.value().isEmpty()) { // lies on some device, maybe not the current one
      return of(Ops.input(Placement.on(device, version)));
    }
    eval(this);
    return of(Ops.input(Placement.on(device, node.value().orElseThrow())));
  }

  /** The values on the host; computes them if need be. Inside a Step that part is computed extra, which is logged once. */
  public HostArray toHostArray() {
    requireOutsideBody("toHostArray");
    if (node.value().isPresent()) {
      return Engine.read(node.value().get());
    }
    var trace = Trace.surrounding();
    if (trace.isPresent()) {
      trace.get().noteHostRead(this);
      return Engine.read(Evaluator.compute(List.of(node)).getFirst());
    }
    if (node.op() instanceof Op.State(var variable)) {
      // Read where it lies: a value of its own would be a second copy on the device.
      return Engine.read(variable);
    }
    Evaluator.evaluate(List.of(node));
    return toHostArray();
  }

  /** A body is traced once for all its uses: there are no values yet. */
  private static void requireOutsideBody(String what) {
    if (Scope.current().isBody()) {
      throw new InvalidArgumentException(what, "values were read inside a composite or loop body", "Compute with the tensor itself.");
    }
  }

  /**
   * The only element.
   *
   * @throws InvalidArgumentException when it is an i64 that no double holds
   */
  public double item() {
    HostArray one = only("item");
    double value = one.doubleAt(0);
    if (dtype() == DType.I64 && (value == 0x1p63 || (long) value != one.longAt(0))) {
      throw new InvalidArgumentException("item", one.longAt(0) + " is not exact as a double", "Use itemAsLong().");
    }
    return value;
  }

  /** The only element of an integer or bool tensor, true as 1. */
  public long itemAsLong() {
    if (dtype().isFloating()) {
      throw new DTypeMismatchException("itemAsLong", "not defined for " + type(), "Use item(), or cast(DType.I64) first, which truncates.");
    }
    return only("itemAsLong").longAt(0);
  }

  private HostArray only(String what) {
    if (shape().elements() != 1) {
      throw new ShapeMismatchException(what, type() + " has " + shape().elements() + " elements, expected one", "");
    }
    return toHostArray();
  }

  /** All elements, each rounded to a float. */
  public float[] toFloatArray() {
    return toHostArray().toFloatArray();
  }

  /** All elements, each of an i64 tensor rounded to a double. */
  public double[] toDoubleArray() {
    return toHostArray().toDoubleArray();
  }

  /** All elements; floats as {@code cast} to i64 does. */
  public long[] toLongArray() {
    return toHostArray().toLongArray();
  }

  /** What is still to be computed, one line an operation; {@link GraphPrinter} draws it too. */
  public String explain() {
    return GraphPrinter.toText(List.of(node));
  }

  /** Type and operation; values only where they exist already. */
  @Override
  public String toString() {
    return node.value().filter(HostArray.class::isInstance).map(Object::toString).orElse(type() + " = " + node.op().label());
  }

  // --- shared by the methods above ---------------------------------------------------------------------------------------------------------

  private Tensor unary(Op op) {
    return made(Ops.node(op, node));
  }

  private Tensor like(double value) {
    return new Tensor(Ops.scalar(dtype(), value));
  }

  private Tensor like(long value) {
    return new Tensor(Ops.scalar(dtype(), value));
  }

  private Tensor reduce(Op.Fold fold, int... axes) {
    return unary(new Op.Reduce(fold, axes(axes)));
  }

  private Axes axes(int... axes) {
    return axes.length == 0 ? Axes.all(rank()) : Axes.of(Arrays.stream(axes).map(this::axis).toArray());
  }

  /** The axis counted from 0. */
  int axis(int axis) {
    if (axis < -rank() || axis >= rank()) {
      throw new InvalidArgumentException("axis", "axis " + axis + " of " + type(), "Axes go from " + -rank() + " to " + (rank() - 1) + ".");
    }
    return axis < 0 ? axis + rank() : axis;
  }
}
