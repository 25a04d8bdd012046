package dev.chainrule.graph;

import static dev.chainrule.graph.Reference.array;
import static dev.chainrule.graph.Reference.bool;
import static dev.chainrule.graph.Reference.dims;
import static dev.chainrule.graph.Reference.f32;
import static dev.chainrule.graph.Reference.f64;
import static dev.chainrule.graph.Reference.i32;
import static dev.chainrule.graph.Reference.longs;
import static dev.chainrule.graph.Reference.node;
import static dev.chainrule.graph.Reference.scalar;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One small graph for each primitive with the results that its definition asks for, worked out by hand. */
final class SampleGraphs {

  /**
   * @param of the primitive
   * @param expected the node's results, all of them
   * @param tolerance relative; 0 where the definition leaves no room
   */
  record Sample(Class<? extends Op> of, Node node, List<HostArray> expected, double tolerance) {
    @Override
    public String toString() {
      return of.getSimpleName();
    }
  }

  private static final double ROUNDING = 4e-16;

  private static final double LN2 = 0.6931471805599453;

  private final List<Sample> samples = new ArrayList<>();

  private SampleGraphs() {}

  static List<Sample> all() {
    var graphs = new SampleGraphs();
    graphs.unary();
    graphs.binary();
    graphs.choiceAndConversion();
    graphs.sources();
    graphs.structured();
    graphs.movement();
    graphs.control();
    return graphs.samples;
  }

  private void exact(Node node, HostArray... expected) {
    samples.add(new Sample(node.op().getClass(), node, List.of(expected), 0));
  }

  private void close(Op op, HostArray x, HostArray expected) {
    samples.add(new Sample(op.getClass(), node(op, x), List.of(expected), ROUNDING));
  }

  private void unary() {
    exact(node(new Op.Neg(), f32(1, -2.5)), f32(-1, 2.5));
    exact(node(new Op.Abs(), f32(1, -2.5)), f32(1, 2.5));
    exact(node(new Op.Sign(), f32(7, -2.5, 0)), f32(1, -1, 0));
    exact(node(new Op.Floor(), f32(1.5, -1.5)), f32(1, -2));
    exact(node(new Op.Ceil(), f32(1.5, -1.5)), f32(2, -1));
    exact(node(new Op.Round(), f32(0.5, 1.5, 2.5, -0.7)), f32(0, 2, 2, -1));
    close(new Op.Exp(), f64(0, 1, -1), f64(1, Math.E, 1 / Math.E));
    close(new Op.Expm1(), f64(1e-10, 1), f64(1.00000000005e-10, Math.E - 1));
    close(new Op.Log(), f64(1, Math.E, 1024), f64(0, 1, 10 * LN2));
    close(new Op.Log1p(), f64(1e-10, 1), f64(9.9999999995e-11, LN2));
    close(new Op.Sqrt(), f64(0, 2, 9), f64(0, 1.4142135623730951, 3));
    close(new Op.Rsqrt(), f64(2, 16), f64(0.7071067811865476, 0.25));
    close(new Op.Sin(), f64(0, Math.PI / 6, Math.PI / 2), f64(0, 0.5, 1));
    close(new Op.Cos(), f64(0, Math.PI / 4), f64(1, 0.7071067811865476));
    close(new Op.Tan(), f64(0, Math.PI / 4), f64(0, 1));
    close(new Op.Tanh(), f64(0, 0.5, -30), f64(0, 0.46211715726000973, -1));
    close(new Op.Erf(), f64(0, 0.5, -1), f64(0, 0.5204998778130465, -0.8427007929497149));
    exact(node(new Op.Not(), i32(0, 5)), i32(-1, -6));
  }

  private void binary() {
    exact(node(new Op.Add(), f32(1, 2), f32(0.5, -2)), f32(1.5, 0));
    exact(node(new Op.Sub(), f32(1, 2), f32(0.5, -2)), f32(0.5, 4));
    exact(node(new Op.Mul(), f32(1, 2), f32(0.5, -2)), f32(0.5, -4));
    exact(node(new Op.Div(), f32(1, 2), f32(4, -2)), f32(0.25, -1));
    exact(node(new Op.Pow(), f32(2, 4), f32(10, -0.5)), f32(1024, 0.5));
    exact(node(new Op.Max(), f32(1, 2), f32(3, -3)), f32(3, 2));
    exact(node(new Op.Min(), f32(1, 2), f32(3, -3)), f32(1, -3));
    exact(node(new Op.IDiv(), i32(7, -7), i32(2, 2)), i32(3, -3));
    exact(node(new Op.Mod(), i32(7, -7), i32(4, 4)), i32(3, -3));
    exact(node(new Op.And(), i32(0b1100, -1), i32(0b1010, 7)), i32(0b1000, 7));
    exact(node(new Op.Or(), i32(0b1100, -8), i32(0b1010, 7)), i32(0b1110, -1));
    exact(node(new Op.Xor(), i32(0b1100, -1), i32(0b1010, -1)), i32(0b0110, 0));
    exact(node(new Op.ShiftLeft(), i32(3, 1), i32(2, 31)), i32(12, Integer.MIN_VALUE));
    exact(node(new Op.ShiftRight(), i32(12, -8), i32(2, 1)), i32(3, -4));
    exact(node(new Op.ShiftRightLogical(), i32(12, -1), i32(2, 28)), i32(3, 15));
    exact(node(new Op.Equal(), f32(1, 2), f32(1, 3)), bool(1, 0));
    exact(node(new Op.Less(), f32(1, 2, 3), f32(1, 3, 2)), bool(0, 1, 0));
    exact(node(new Op.LessEqual(), f32(1, 2, 3), f32(1, 3, 2)), bool(1, 1, 0));
  }

  private void choiceAndConversion() {
    exact(node(new Op.Where(), bool(1, 0), f32(1, 2), f32(3, 4)), f32(1, 4));
    exact(node(new Op.Cast(DType.I32), f32(2.9, -2.9)), i32(2, -2));
    exact(node(new Op.Bitcast(DType.I32), f32(1, -2)), i32(0x3f800000, 0xc0000000));
  }

  private void sources() {
    exact(Ops.node(new Op.Const(f32(1, 2))), f32(1, 2));
    exact(Ops.node(new Op.Iota(TensorType.of(DType.I32, 2, 3), 1)), array(DType.I32, dims(2, 3), 0, 1, 2, 0, 1, 2));
    exact(Ops.input(f32(1, 2)), f32(1, 2));
    exact(Ops.state(f32(3, 4)), f32(3, 4));
    exact(Ops.scalar(DType.F32, 0.1), scalar(DType.F32, 0.1f));
    // A parameter means nothing outside its body: the smallest graph with one is the identity function.
    Node parameter = Ops.parameter(0, TensorType.of(DType.F32, 2));
    Node identity = node(composite("identity", List.of(parameter), parameter), f32(5, 6));
    samples.add(new Sample(Op.Parameter.class, identity, List.of(f32(5, 6)), 0));
    long key = Philox.key(42, 7);
    int[] first = Philox.block(0, 0, 3, 1, (int) key, (int) (key >>> 32));
    int[] second = Philox.block(1, 0, 3, 1, (int) key, (int) (key >>> 32));
    exact(node(new Op.PhiloxBits(Shape.of(5), 7), scalar(DType.I64, 42), scalar(DType.I64, 3), scalar(DType.I64, 1)),
        i32(first[0], first[1], first[2], first[3], second[0]));
  }

  private void structured() {
    HostArray matrix = array(DType.F32, dims(2, 3), 1, 5, 3, 4, 2, 6);
    exact(node(new Op.Reduce(Op.Fold.SUM, Axes.of(1)), matrix), f32(9, 12));
    exact(node(new Op.ArgReduce(Op.Fold.MAX, 1), matrix), i32(1, 2));
    exact(node(new Op.Cumulate(Op.Fold.SUM, 1, false), matrix), array(DType.F32, dims(2, 3), 1, 6, 9, 4, 6, 12));
    exact(node(new Op.Dot(), matrix, array(DType.F32, dims(3, 2), 1, 0, 0, 1, 1, 1)), array(DType.F32, dims(2, 2), 4, 8, 10, 8));

    // x = (1 2 3 4), w = (1 0 -1) over x padded with one zero at either end.
    var geometry = new Op.Geometry(List.of(new Op.Spatial(1, 1, 1, 1)), 1);
    HostArray x = array(DType.F32, dims(1, 1, 4), 1, 2, 3, 4);
    HostArray w = array(DType.F32, dims(1, 1, 3), 1, 0, -1);
    HostArray g = array(DType.F32, dims(1, 1, 4), 1, 10, 100, 1000);
    exact(node(new Op.Conv(geometry), x, w), array(DType.F32, dims(1, 1, 4), -2, -2, -2, 3));
    // y = (-x1, x0 - x2, x1 - x3, x2), so x's cotangent is (g1, g2 - g0, g3 - g1, -g2).
    exact(node(new Op.ConvInputGradient(geometry, Shape.of(1, 1, 4)), g, w), array(DType.F32, dims(1, 1, 4), 10, 99, 990, -100));
    // w0 meets (0 x0 x1 x2), w1 meets x, w2 meets (x1 x2 x3 0).
    exact(node(new Op.ConvWeightGradient(geometry, Shape.of(1, 1, 3)), g, x), array(DType.F32, dims(1, 1, 3), 3210, 4321, 432));

    exact(node(new Op.Gather(1), matrix, i32(2, 0, 2)), array(DType.F32, dims(2, 3), 3, 1, 3, 6, 4, 6));
    exact(node(new Op.ScatterAdd(0), f32(1, 2, 3), i32(2, 0, 2), f32(10, 20, 30)), f32(21, 2, 43));
    exact(node(new Op.Sort(0, false), f32(3, 1, 2)), f32(1, 2, 3), i32(1, 2, 0));
    // Windows (1 2) and (3 4) with stride 1 over three places: 1, 2 + 3, 4.
    exact(node(new Op.Overlap(0, 3, 2, 1, 1), array(DType.F32, dims(2, 2), 1, 2, 3, 4)), f32(1, 5, 4));
  }

  private void movement() {
    HostArray matrix = array(DType.I32, dims(2, 3), 1, 2, 3, 4, 5, 6);
    exact(node(new Op.Reshape(Shape.of(3, 2)), matrix), array(DType.I32, dims(3, 2), 1, 2, 3, 4, 5, 6));
    exact(node(new Op.Permute(Axes.of(1, 0)), matrix), array(DType.I32, dims(3, 2), 1, 4, 2, 5, 3, 6));
    exact(node(new Op.Expand(Shape.of(2, 3)), array(DType.I32, dims(2, 1), 7, 8)), array(DType.I32, dims(2, 3), 7, 7, 7, 8, 8, 8));
    exact(node(new Op.Pad(List.of(new Op.Edge(0, 1), new Op.Edge(1, 0))), matrix, scalar(DType.I32, 9)),
        array(DType.I32, dims(3, 4), 9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9));
    exact(node(new Op.Slice(List.of(new Op.Range(1, 1, 1), new Op.Range(2, 2, -2))), matrix), array(DType.I32, dims(1, 2), 6, 4));
    exact(node(new Op.Concat(1), matrix, array(DType.I32, dims(2, 1), 7, 8)), array(DType.I32, dims(2, 4), 1, 2, 3, 7, 4, 5, 6, 8));
    exact(node(new Op.Window(0, 2, 1, 1), i32(1, 2, 3)), array(DType.I32, dims(2, 2), 1, 2, 2, 3));
  }

  private void control() {
    exact(Ops.node(new Op.Result(1), node(new Op.Sort(0, true), f32(3, 1, 2))), i32(0, 2, 1));

    // carry' = carry + slice * factor, output = carry: from 1 over (1 2 3) with factor 10.
    TensorType f = TensorType.scalar(DType.F32);
    Node iteration = Ops.parameter(0, TensorType.scalar(DType.I64));
    Node carry = Ops.parameter(1, f);
    Node slice = Ops.parameter(2, f);
    Node factor = Ops.parameter(3, f);
    Node next = Ops.node(new Op.Add(), carry, Ops.node(new Op.Mul(), slice, factor));
    var body = new Body(List.of(iteration, carry, slice, factor), List.of(next, carry, iteration));
    exact(node(new Op.Loop(3, 1, 1, body), scalar(DType.F32, 1), f32(1, 2, 3), scalar(DType.F32, 10)),
        scalar(DType.F32, 61), f32(1, 11, 31), longs(DType.I64, 0, 1, 2));

    exact(node(new Op.Cond(function(new Op.Neg()), function(new Op.Abs())), scalar(DType.BOOL, 1), scalar(DType.F32, 5)),
        scalar(DType.F32, -5));
    Node limit = Ops.parameter(1, f);
    Node doubled = Ops.parameter(0, f);
    Node other = Ops.parameter(1, f);
    exact(node(new Op.While(1, new Body(List.of(carry, limit), List.of(Ops.node(new Op.Less(), carry, limit))),
        new Body(List.of(doubled, other), List.of(Ops.node(new Op.Add(), doubled, doubled)))), scalar(DType.F32, 3), scalar(DType.F32, 40)),
        scalar(DType.F32, 48));
    exact(node(new Op.Barrier(), f32(1, 2), longs(DType.I64, 3)), f32(1, 2), longs(DType.I64, 3));
    exact(node(new Op.Copy(), f32(1, 2)), f32(1, 2));
    exact(node(new Op.Barrier(), f32(1, 2)), f32(1, 2));

    Node x = Ops.parameter(0, f);
    exact(node(composite("double", List.of(x), Ops.node(new Op.Add(), x, x)), scalar(DType.F32, 4)), scalar(DType.F32, 8));
  }

  private static Body function(Op op) {
    Node x = Ops.parameter(0, TensorType.scalar(DType.F32));
    return new Body(List.of(x), List.of(Ops.node(op, x)));
  }

  private static Op.Composite composite(String name, List<Node> parameters, Node... results) {
    return new Op.Composite(name, Map.of(), new Body(parameters, List.of(results)), Optional.empty());
  }
}
