package dev.chainrule.graph;

import dev.chainrule.Stability;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The primitive operations. Each is a record of its attributes; each pass over the graph (types, gradients, interpretation, lowering)
 * is one exhaustive switch, so that javac names what a new operation lacks. Their meaning is the {@link Interpreter}'s, their types
 * {@link TypeRules}'.
 */
public sealed interface Op {

  /** The name in error messages and printed graphs: {@code add}, {@code argReduce}. */
  default String label() {
    String name = getClass().getSimpleName();
    return name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
  }

  /** The closed subgraphs that the operation executes. */
  default List<Body> bodies() {
    return List.of();
  }

  /** One output element from the input elements at the same place; inputs and output have one shape. */
  sealed interface Pointwise extends Op {}

  /** One input; the result has its type. */
  sealed interface Unary extends Pointwise {}

  /** Two inputs of one type; the result has it too. */
  sealed interface Binary extends Pointwise {}

  /** Two inputs of one type; the result is BOOL. */
  sealed interface Comparison extends Pointwise {}

  /** No inputs. */
  sealed interface Source extends Op {}

  /** Rearranges elements and computes nothing; folded into the index maps of whoever reads it where that is possible. */
  sealed interface Movement extends Op {}

  // --- unary -----------------------------------------------------------------------------------------------------------------------

  /** -x. */
  record Neg() implements Unary {}

  /** |x|. */
  record Abs() implements Unary {}

  /** -1, 0 or 1; NaN and signed zeros stay as they are. */
  record Sign() implements Unary {}

  /** The greatest integer that is not above x. */
  record Floor() implements Unary {}

  /** The least integer that is not below x. */
  record Ceil() implements Unary {}

  /** To the nearest integer, ties to even. */
  record Round() implements Unary {}

  /** e to the power of x. */
  record Exp() implements Unary {}

  /** e^x - 1, exact near 0. */
  record Expm1() implements Unary {}

  /** The natural logarithm. */
  record Log() implements Unary {}

  /** log(1 + x), exact near 0. */
  record Log1p() implements Unary {}

  /** The square root. */
  record Sqrt() implements Unary {}

  /** 1 / sqrt(x). */
  record Rsqrt() implements Unary {}

  /** The sine of x in radians. */
  record Sin() implements Unary {}

  /** The cosine of x in radians. */
  record Cos() implements Unary {}

  /** The tangent of x in radians. */
  record Tan() implements Unary {}

  /** The hyperbolic tangent. */
  record Tanh() implements Unary {}

  /** 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
  record Erf() implements Unary {}

  /** Logical on BOOL, bitwise on integers. */
  record Not() implements Unary {}

  // --- binary ----------------------------------------------------------------------------------------------------------------------

  /** x + y. */
  record Add() implements Binary {}

  /** x - y. */
  record Sub() implements Binary {}

  /** x * y. */
  record Mul() implements Binary {}

  /** Floating types only. */
  record Div() implements Binary {}

  /** Floating types only. */
  record Pow() implements Binary {}

  /** The larger; NaN if either is NaN. */
  record Max() implements Binary {}

  /** The smaller; NaN if either is NaN. */
  record Min() implements Binary {}

  /** Integers only: the quotient truncated towards zero, as Java's {@code /}; a zero divisor faults. */
  record IDiv() implements Binary {}

  /** The remainder with the dividend's sign, as Java's {@code %}; an integer zero divisor faults. */
  record Mod() implements Binary {}

  /** Logical on BOOL, bitwise on integers. */
  record And() implements Binary {}

  /** Logical on BOOL, bitwise on integers. */
  record Or() implements Binary {}

  /** Logical on BOOL, bitwise on integers. */
  record Xor() implements Binary {}

  /** Integers only; the distance is taken modulo the width, as in Java. */
  record ShiftLeft() implements Binary {}

  /** Integers only; copies of the sign bit come in. */
  record ShiftRight() implements Binary {}

  /** Integers only; zeros come in. */
  record ShiftRightLogical() implements Binary {}

  // --- comparisons, choice, conversion ---------------------------------------------------------------------------------------------

  /** False where either is NaN. */
  record Equal() implements Comparison {}

  /** False where either is NaN. */
  record Less() implements Comparison {}

  /** False where either is NaN. */
  record LessEqual() implements Comparison {}

  /** (condition, x, y): x where the BOOL condition holds, else y. */
  record Where() implements Pointwise {}

  /** Numeric conversion: float to integer truncates and saturates, NaN becomes 0; to BOOL, non-zero is true. */
  record Cast(DType to) implements Pointwise {}

  /** The same bits read as another type of the same width. */
  record Bitcast(DType to) implements Pointwise {}

  // --- sources ---------------------------------------------------------------------------------------------------------------------

  /** A literal: part of a plan's structure, compared by content. */
  record Const(HostArray array) implements Source {}

  /** The index along {@code axis} at each element. */
  record Iota(TensorType type, int axis) implements Source {}

  /** Data given from outside: its value is set from the start. */
  record Input() implements Source {}

  /** A variable at a version; evaluating it takes a copy that later versions leave alone. */
  record State(Value version) implements Source {}

  /** A Java number, a parameter of the plan. */
  record Scalar() implements Source {}

  /** The argument of a {@link Body} with this number. */
  record Parameter(int index) implements Source {}

  /**
   * (seed i64[], run i64[], iteration i64[]): random bits, i32 of the given shape, by Philox4x32-10 (Salmon et al., "Parallel random
   * numbers: as easy as 1, 2, 3", SC 2011). The key is a mix of seed and stream; element i is word i mod 4 of the block whose counter
   * is (i / 4 in two words, the low 32 bits of run, those of iteration); the low word of key and block comes first. See {@link Philox}.
   */
  record PhiloxBits(Shape shape, long stream) implements Op {}

  // --- structured ------------------------------------------------------------------------------------------------------------------

  /** How a reduction or a running total combines two elements. */
  enum Fold {
    /** x + y, from 0. */
    SUM,
    /** x * y, from 1. */
    PROD,
    /** The greater one; NaN if one is. */
    MAX,
    /** The lesser one; NaN if one is. */
    MIN
  }

  /** Combines the elements along the axes, which disappear. An empty SUM is 0, PROD 1, MAX the smallest, MIN the largest value. */
  record Reduce(Fold fold, Axes axes) implements Op {}

  /** I32 index of the largest (MAX) or smallest (MIN) element along the axis, the first of equals, the first NaN if there is one. */
  record ArgReduce(Fold fold, int axis) implements Op {}

  /** Running SUM or PROD along the axis, the element itself included. */
  record Cumulate(Fold fold, int axis, boolean reverse) implements Op {}

  /**
   * Matrix product [batch..., m, k] x [batch..., k, n] -> [batch..., m, n]; batch sizes are equal.
   *
   * @param tf32 whether a device may round operands of f32 to 11 bits of precision first (TF32)
   */
  record Dot(boolean tf32) implements Op {

    /** In the precision of its operands. */
    public Dot() {
      this(false);
    }
  }

  /** One number of a convolution per spatial axis: step, dilation of the weights, zeros before and after the input. */
  record Spatial(long stride, long dilation, long low, long high) {}

  /**
   * How a convolution moves over its input; channels and filters are split into {@code groups}.
   *
   * @param tf32 whether a device may round operands of f32 to 11 bits of precision first (TF32); both gradients may then, too
   */
  record Geometry(List<Spatial> axes, int groups, boolean tf32) {
    /** Copies the list. */
    public Geometry {
      axes = List.copyOf(axes);
    }

    /** In the precision of its operands. */
    public Geometry(List<Spatial> axes, int groups) {
      this(axes, groups, false);
    }
  }

  /** Cross-correlation: x[batch, channels, spatial...] * w[filters, channels/groups, kernel...] -> [batch, filters, spatial'...]. */
  record Conv(Geometry geometry) implements Op {}

  /** (cotangent of the result, w): the cotangent of x, which has the given shape. */
  record ConvInputGradient(Geometry geometry, Shape inputShape) implements Op {}

  /** (cotangent of the result, x): the cotangent of w, which has the given shape. */
  record ConvWeightGradient(Geometry geometry, Shape weightShape) implements Op {}

  /** (x, indices): x[a..., n, b...] and i[c...] -> [a..., c..., b...]. I32 or I64 indices in [0, n), else the plan faults. */
  record Gather(int axis) implements Op {}

  /** (x, indices, updates): x[a..., n, b...] with updates[a..., c..., b...] added at i[c...], in index order. */
  record ScatterAdd(int axis) implements Op {}

  /** Stable, NaN last: results are the sorted values and their I32 positions. */
  record Sort(int axis, boolean descending) implements Op {}

  /** The adjoint of {@link Window}: adds windows [..., count, ..., size] back into [..., length, ...]. */
  record Overlap(int axis, long length, long size, long stride, long dilation) implements Op {}

  // --- movement --------------------------------------------------------------------------------------------------------------------

  /** The same elements in row-major order; the same number of them. */
  record Reshape(Shape shape) implements Movement {}

  /** Axis i of the result is axis {@code order.get(i)} of the input. */
  record Permute(Axes order) implements Movement {}

  /** Repeats axes of size 1 and adds axes in front, as NumPy broadcasts. */
  record Expand(Shape shape) implements Movement {}

  /** Elements added before and after along one axis. */
  @Stability(Stability.Level.API)
  record Edge(long low, long high) {}

  /** (x, scalar): the scalar around x. */
  record Pad(List<Edge> edges) implements Movement {
    /** Copies the list. */
    public Pad {
      edges = List.copyOf(edges);
    }
  }

  /** {@code size} elements from {@code start}, each {@code step} from the one before; the step may be negative, never 0. */
  @Stability(Stability.Level.API)
  record Range(long start, long size, long step) {}

  /** A range of each axis. */
  record Slice(List<Range> ranges) implements Movement {
    /** Copies the list. */
    public Slice {
      ranges = List.copyOf(ranges);
    }
  }

  /** Operands one after the other along an axis; all other axes are equal. */
  record Concat(int axis) implements Movement {}

  /** Sliding windows: axis of length n becomes their count; their elements are a new last axis of the given size. */
  record Window(int axis, long size, long stride, long dilation) implements Movement {}

  // --- control ---------------------------------------------------------------------------------------------------------------------

  /** Result {@code index} of a node with several. */
  record Result(int index) implements Op {}

  /**
   * A scan of static length. Inputs: {@code carries} initial values, {@code sliced} tensors with a leading axis of {@code length},
   * invariants. The body takes (I64 iteration, carries, slices, invariants) and gives (carries, outputs); results are the final
   * carries and the outputs stacked along a new leading axis.
   */
  record Loop(long length, int carries, int sliced, Body body) implements Op {
    @Override
    public List<Body> bodies() {
      return List.of(body);
    }
  }

  /**
   * (carries, invariants): repeats the body, from (carries, invariants) to carries, while the condition, from the same to a BOOL scalar,
   * holds. Results are the carries at the end. The number of repetitions depends on the data, so there is no derivative.
   */
  record While(int carries, Body condition, Body body) implements Op {
    @Override
    public List<Body> bodies() {
      return List.of(condition, body);
    }
  }

  /** (BOOL scalar, operands...): the results of one body or the other, which have equal types. */
  record Cond(Body then, Body otherwise) implements Op {
    @Override
    public List<Body> bodies() {
      return List.of(then, otherwise);
    }
  }

  /** The same values in storage of their own. */
  record Copy() implements Op {}

  /** Its inputs, each of which is to be had when all of them are: no pass may merge or move anything across. */
  record Barrier() implements Op {}

  /**
   * A function with a name that a device may run natively; else its body is written out. Where a derivative is given it replaces that
   * of the body.
   *
   * @param attributes what the native kernel must know beside the types, such as an axis
   */
  record Composite(String name, Map<String, Object> attributes, Body body, Optional<Derivative> derivative) implements Op {
    /** Copies the map. */
    public Composite {
      attributes = Map.copyOf(attributes);
    }

    @Override
    public String label() {
      return name;
    }

    @Override
    public List<Body> bodies() {
      return List.of(body);
    }
  }
}
