package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.Stability;
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
import dev.chainrule.plan.Evaluator;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * An immutable array of numbers, known by what computes it. Operations check types at once and compute later: a Step's as one plan,
 * others when their values are read. Operands broadcast as in NumPy; element types never mix silently. A Java number takes the
 * tensor's type: integral ones any, floating ones floating types only.
 *
 * <p>What does not fit is refused at the call, in a message with the operation and the types: sizes with a {@link ShapeMismatchException},
 * element types with a {@link DTypeMismatchException}, axes and other arguments with an {@link InvalidArgumentException}. An index outside
 * the axis that it points into is found when it is used: {@link dev.chainrule.IndexRangeException}.
 */
public final class Tensor implements Arithmetic, Comparisons, Reductions, Sorting, Products, Shaping, Indexing, Activations, Reading {

  /** Pending work beyond this is evaluated by the call that crosses it, so that loops outside Steps stay bounded. */
  private static final long PENDING_LIMIT = 1L << 30;

  private final Node node;

  private Tensor(Node node) {
    this.node = node;
  }

  /** The tensor that a node computes, as it is: nothing is evaluated. */
  @Stability(Stability.Level.SPI)
  public static Tensor of(Node node) {
    Objects.requireNonNull(node, "node");
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
    Tensor[] tensors = new Tensor[results.size()];
    boolean much = false;
    for (int i = 0; i < tensors.length; i++) {
      much |= results.get(i).pendingBytes() > PENDING_LIMIT;
      tensors[i] = of(results.get(i));
    }
    if (much) {
      evaluateOutsideTraces(results);
    }
    return List.of(tensors);
  }

  /** All results of a node that has just been made. */
  static List<Tensor> resultsOf(Node node) {
    return made(Ops.results(node));
  }

  private static void evaluateOutsideTraces(List<Node> nodes) {
    if (Trace.surrounding().isEmpty() && !Scope.current().isBody()) {
      Evaluator.evaluate(nodes);
    }
  }

  /** The node that computes this tensor, for those who build graphs themselves. */
  @Stability(Stability.Level.SPI)
  public Node node() {
    return node;
  }

  // --- from Java -------------------------------------------------------------------------------------------------------------------

  /** The values of an array, of its type and shape. */
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

  /** bool of the given shape, row-major; without sizes a vector. */
  public static Tensor of(boolean[] values, long... shape) {
    long[] bits = IntStream.range(0, values.length).mapToLong(i -> values[i] ? 1 : 0).toArray();
    return of(HostArray.ofLongs(typeOf(DType.BOOL, values.length, shape), bits));
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

  static Tensor literal(ScalarValue value) {
    return constant(value.toArray());
  }

  /** Every element 0, or false. */
  public static Tensor zeros(TensorType type) {
    return full(type, 0);
  }

  /** Every element 1, or true. */
  public static Tensor ones(TensorType type) {
    return full(type, 1);
  }

  /** Zeros of this tensor's type. */
  public Tensor zerosLike() {
    return zeros(type());
  }

  /** Ones of this tensor's type. */
  public Tensor onesLike() {
    return ones(type());
  }

  /** {@link #full(TensorType, double)} of this tensor's type. */
  public Tensor fullLike(double value) {
    return full(type(), value);
  }

  /** {@link #full(TensorType, long)} of this tensor's type. */
  public Tensor fullLike(long value) {
    return full(type(), value);
  }

  /** 0, 1, ..., count - 1. */
  public static Tensor arange(DType dtype, long count) {
    return Creation.arange(dtype, count);
  }

  /** from, from + 1, ..., to - 1; nothing where {@code to} is not above {@code from}. Both ends fit the type. */
  public static Tensor arange(DType dtype, long from, long to) {
    return Creation.arange(dtype, from, to, 1);
  }

  /** from, from + step, ... as far as they lie before {@code to}, which may be below with a negative step; both ends fit the type. */
  public static Tensor arange(DType dtype, long from, long to, long step) {
    return Creation.arange(dtype, from, to, step);
  }

  /**
   * The ceil((to - from) / step) numbers {@code from + i step}; floating types only. Product and sum are rounded to the type, those of
   * the 16-bit ones to f32 first. As in NumPy, rounding of the quotient decides whether a last element next to {@code to} is there:
   * where that matters, say how many with {@link #linspace}.
   */
  public static Tensor arange(DType dtype, double from, double to, double step) {
    return Creation.arange(dtype, from, to, step);
  }

  /**
   * {@code count} evenly spaced numbers of which the first is {@code from} and the last {@code to}, exactly; one alone is {@code from}.
   * With h = (to - from) / (count - 1) element i is {@code from + i h} in the first half, the middle included, and
   * {@code to - (count - 1 - i) h} in the second. Floating types only; the 16-bit ones compute in f32.
   */
  public static Tensor linspace(DType dtype, double from, double to, long count) {
    return Creation.linspace(dtype, from, to, count);
  }

  /** The identity matrix of n rows. */
  public static Tensor eye(DType dtype, long n) {
    return eye(dtype, n, n);
  }

  /** Ones on the main diagonal of a matrix, zeros elsewhere. */
  public static Tensor eye(DType dtype, long rows, long columns) {
    return Creation.eye(dtype, rows, columns);
  }

  /** The index along {@code axis} at each element. */
  public static Tensor indices(TensorType type, int axis) {
    return made(Ops.node(new Op.Iota(type, axis)));
  }

  // --- of several ----------------------------------------------------------------------------------------------------------------

  /** Tensors that differ in size along the axis at most, one after another. */
  public static Tensor concat(int axis, Tensor... parts) {
    if (parts.length == 0) {
      throw new InvalidArgumentException("concat", "no tensors given", "The result's type would be unknown.");
    }
    return made(Ops.node(new Op.Concat(parts[0].axis("concat", axis)), Stream.of(parts).map(Tensor::node).toArray(Node[]::new)));
  }

  /** Tensors of one type along a new axis. */
  public static Tensor stack(int axis, Tensor... parts) {
    return Movement.stack(axis, parts);
  }

  /**
   * Sums of products by labelled axes, as NumPy's einsum: {@code einsum("bij,bjk->bik", x, y)} is a product of each pair of matrices. Every
   * operand names its axes by letters, separated by commas; equal letters mean equal indices, and letters that the result lacks are summed
   * over. A letter twice in one operand is a diagonal; {@code ...} stands for any further axes, which broadcast, as do axes of size 1.
   * Without {@code ->} the result has the axes of the ellipsis, then the letters that occur once, in alphabetical order.
   *
   * <p>It is written out in sums and products of two operands, from left to right: order the operands so that this is cheap. Integers
   * wrap in their type; 16-bit floats are rounded to it at each step.
   *
   * @param operands numbers of one type
   * @throws InvalidArgumentException when the subscripts make no sense
   * @throws ShapeMismatchException when they do not fit the operands
   */
  public static Tensor einsum(String subscripts, Tensor... operands) {
    return Einsum.of(subscripts, operands);
  }

  // --- what it is ------------------------------------------------------------------------------------------------------------------

  /** Element type and shape. */
  public TensorType type() {
    return node.type();
  }

  /** The size along each axis. */
  public Shape shape() {
    return node.type().shape();
  }

  /** The element type. */
  public DType dtype() {
    return node.type().dtype();
  }

  /** The number of axes. */
  public int rank() {
    return node.type().rank();
  }

  /** Size along an axis; negative axes count from the last. */
  public long dim(int axis) {
    return shape().dim(axis("dim", axis));
  }

  // --- control ---------------------------------------------------------------------------------------------------------------------

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

  // --- to Java ---------------------------------------------------------------------------------------------------------------------

  /** Computes this tensor now and keeps its value; outside Steps only. */
  public Tensor eval() {
    eval(this);
    return this;
  }

  /** Computes the union of what the tensors need and keeps their values. Inside a Step values are not kept. */
  public static void eval(Tensor... tensors) {
    Reading.requireOutsideBody("eval");
    if (Trace.surrounding().isPresent()) {
      throw new InvalidArgumentException("eval", "called inside a Step, whose values exist when it has run",
          "Return the tensor from the Step.");
    }
    Evaluator.evaluate(Stream.of(tensors).map(Tensor::node).toList());
  }

  /** What is still to be computed, one line an operation; {@link GraphPrinter} draws it too. */
  public String explain() {
    return GraphPrinter.toText(List.of(node));
  }

  /**
   * The type and the values, as NumPy prints them: {@code f32[2] [1.  0.5]}; more than 1000 are cut short. What is pending is computed
   * for this if it is small (at most 1000 elements) and takes little work, by the interpreter, so that the last digits may differ from a
   * device's; it stays pending. Otherwise, and inside a Step, the type and the operation: {@code f32[64,10] = add}. Never throws, changes
   * nothing and opens no device.
   */
  @Override
  public String toString() {
    return TensorText.of(node);
  }

  // --- shared by the methods above -------------------------------------------------------------------------------------------------

  Tensor unary(Op op) {
    return made(Ops.node(op, node));
  }

  Tensor like(double value) {
    return new Tensor(Ops.scalar(dtype(), value));
  }

  Tensor like(long value) {
    return new Tensor(Ops.scalar(dtype(), value));
  }

  /** This tensor where it is floating; else an error of the operation. */
  Tensor floating(String operation) {
    if (!dtype().isFloating()) {
      throw new DTypeMismatchException(operation, "not defined for " + type(), "Cast it first: cast(DType.F32)." + operation + "().");
    }
    return this;
  }

  /** The axes counted from 0; without any, all. */
  Axes axes(String operation, int... axes) {
    if (axes.length == 0) {
      return Axes.all(rank());
    }
    int[] fromZero = new int[axes.length];
    for (int i = 0; i < axes.length; i++) {
      fromZero[i] = axis(operation, axes[i]);
    }
    Axes counted = Axes.of(fromZero);
    if (!counted.areDistinctBelow(rank())) {
      throw new InvalidArgumentException(operation, "axes " + Arrays.toString(axes) + " of " + type(), "Name each axis once.");
    }
    return counted;
  }

  /** The axis counted from 0. */
  int axis(String operation, int axis) {
    if (axis < -rank() || axis >= rank()) {
      throw new InvalidArgumentException(operation, "axis " + axis + " of " + type(),
          rank() == 0 ? "A scalar has no axes: reshape(1) gives it one." : "Axes go from " + -rank() + " to " + (rank() - 1) + ".");
    }
    return axis < 0 ? axis + rank() : axis;
  }
}
