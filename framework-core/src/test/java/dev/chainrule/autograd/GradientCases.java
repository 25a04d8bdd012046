package dev.chainrule.autograd;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** For each operation and each composite: functions in which its gradient is checked, or why there is nothing to check. */
final class GradientCases {

  /**
   * One function at one point.
   *
   * @param smooth whether the gradient's own gradient is checked too
   */
  record Case(String name, Function<List<Tensor>, Tensor> function, List<HostArray> point, boolean smooth) {}

  private final Map<Class<? extends Op>, List<Case>> ops = new LinkedHashMap<>();
  private final Map<Class<? extends Op>, String> withoutGradient = new LinkedHashMap<>();
  private final Map<String, List<Case>> composites = CompositeGradientCases.all();

  GradientCases() {
    unary();
    binary();
    choice();
    ReductionGradientCases.addTo(this);
    products();
    indexing();
    movement();
    control();
    nothingToCheck();
  }

  Map<Class<? extends Op>, List<Case>> ops() {
    return ops;
  }

  Map<Class<? extends Op>, String> withoutGradient() {
    return withoutGradient;
  }

  Map<String, List<Case>> composites() {
    return composites;
  }

  Map<String, String> compositesWithoutGradient() {
    return CompositeGradientCases.nothingToCheck();
  }

  // --- operations ------------------------------------------------------------------------------------------------------------------

  private void unary() {
    unary(Op.Neg.class, Tensor::neg, -2, 2, true);
    // Twice: away from the kinks both below and above 0.
    unary(Op.Abs.class, Tensor::abs, 0.2, 2, true);
    unary(Op.Abs.class, Tensor::abs, -2, -0.2, true);
    unary(Op.Sign.class, x -> x.sign().mul(x), -2, -0.2, true);
    unary(Op.Floor.class, x -> x.floor().mul(x), 1.1, 1.9, true);
    unary(Op.Ceil.class, x -> x.ceil().mul(x), 1.1, 1.9, true);
    unary(Op.Round.class, x -> x.round().mul(x), 1.1, 1.4, true);
    unary(Op.Exp.class, Tensor::exp, -2, 2, true);
    unary(Op.Expm1.class, Tensor::expm1, -2, 2, true);
    unary(Op.Log.class, Tensor::log, 0.5, 3, true);
    unary(Op.Log1p.class, Tensor::log1p, -0.5, 3, true);
    unary(Op.Sqrt.class, Tensor::sqrt, 0.5, 3, true);
    unary(Op.Rsqrt.class, Tensor::rsqrt, 0.5, 3, true);
    unary(Op.Sin.class, Tensor::sin, -3, 3, true);
    unary(Op.Cos.class, Tensor::cos, -3, 3, true);
    unary(Op.Tan.class, Tensor::tan, -1, 1, true);
    unary(Op.Tanh.class, Tensor::tanh, -2, 2, true);
    unary(Op.Erf.class, Tensor::erf, -2, 2, true);
  }

  private void binary() {
    binary(Op.Add.class, Tensor::add, -2, 2);
    binary(Op.Sub.class, Tensor::sub, -2, 2);
    binary(Op.Mul.class, Tensor::mul, -2, 2);
    binary(Op.Div.class, Tensor::div, 0.5, 2);
    binary(Op.Pow.class, Tensor::pow, 0.5, 2);
    binary(Op.Max.class, Tensor::maximum, -2, 2);
    binary(Op.Min.class, Tensor::minimum, -2, 2);
    op(Op.Div.class, new Case("negative divisor", in -> in.get(0).div(in.get(1)), List.of(values(-2, 2, 3), values(-2, -0.5, 3)), true));
    op(Op.Pow.class, new Case("whole exponents of any base", in -> in.get(0).pow(Tensor.constant(vector(2, 3, -1, 1, 0))),
        List.of(vector(-1.5, 0.7, -2, -0.3, 1.2)), true));
    op(Op.Pow.class, new Case("at base 0", in -> in.get(0).pow(3), List.of(vector(0, 1)), true));
    op(Op.Pow.class, new Case("at exponent 0", in -> in.get(0).pow(in.get(1)), List.of(vector(2, 3), vector(0, 0)), true));
    op(Op.Mod.class, new Case("any signs", in -> in.get(0).mod(in.get(1)),
        List.of(vector(5.3, -5.3, 5.3, -5.3, 0.5), vector(2, 2, -2, -2, 3)), true));
    op(Op.Mod.class, new Case("broadcast", in -> in.get(0).mod(in.get(1)), List.of(vector(5.3, -7.1, 0.4), scalar(2)), true));
  }

  private void choice() {
    Tensor condition = Tensor.constant(HostArray.ofLongs(TensorType.of(DType.BOOL, 2, 1), 1, 0));
    op(Op.Where.class, new Case("all three broadcast", in -> condition.where(in.get(0).sin(), in.get(1).cos()),
        List.of(values(-2, 2, 3), values(-2, 2, 2, 3)), true));
    op(Op.Where.class, new Case("one input on both sides", in -> condition.where(in.get(0).exp(), in.get(0)),
        List.of(values(-2, 2, 2, 2)), true));
    op(Op.Where.class, new Case("chosen by the input itself", in -> in.get(0).less(0).where(in.get(0).square(), in.get(0)),
        List.of(vector(-2, -1, 1, 2)), true));
  }

  private void products() {
    op(Op.Dot.class, new Case("matrices", GradientCases::product, List.of(values(-2, 2, 2, 3), values(-2, 2, 3, 4)), true));
    op(Op.Dot.class, new Case("one batch for two", GradientCases::product, List.of(values(-2, 2, 2, 2, 3), values(-2, 2, 3, 2)), true));
    op(Op.Dot.class, new Case("batches broadcast", GradientCases::product,
        List.of(values(-2, 2, 2, 1, 2, 3), values(-2, 2, 3, 3, 2)), true));
    op(Op.Dot.class, new Case("inner axis empty", GradientCases::product, List.of(values(-2, 2, 2, 0), values(-2, 2, 0, 3)), true));
    op(Op.Dot.class, new Case("ones", GradientCases::product, List.of(values(-2, 2, 1, 1), values(-2, 2, 1, 1)), true));
    op(Op.Dot.class, new Case("with itself", in -> in.get(0).matmul(in.get(0)), List.of(values(-2, 2, 3, 3)), true));
    op(Op.Dot.class, new Case("with its transpose", in -> in.get(0).matmul(in.get(0).transpose()), List.of(values(-2, 2, 2, 3)), true));

    conv("1-d", 1, values(-1, 1, 2, 2, 6), values(-1, 1, 3, 2, 3), new Op.Spatial(1, 1, 0, 0));
    conv("1-d, stride that leaves a rest, padding on one side", 1, values(-1, 1, 1, 2, 8), values(-1, 1, 2, 2, 3), new Op.Spatial(3, 1, 1, 0));
    conv("1-d, dilation", 1, values(-1, 1, 1, 1, 7), values(-1, 1, 2, 1, 3), new Op.Spatial(1, 2, 2, 2));
    conv("1-d, groups", 2, values(-1, 1, 2, 4, 5), values(-1, 1, 6, 2, 2), new Op.Spatial(2, 1, 1, 1));
    conv("one kernel element", 1, values(-1, 1, 2, 3, 2), values(-1, 1, 2, 3, 1), new Op.Spatial(1, 1, 0, 0));
    conv("no examples", 1, values(-1, 1, 0, 1, 3), values(-1, 1, 1, 1, 2), new Op.Spatial(1, 1, 0, 0));
    conv("2-d", 1, values(-1, 1, 1, 2, 4, 3), values(-1, 1, 2, 2, 2, 2), new Op.Spatial(1, 1, 1, 0), new Op.Spatial(1, 1, 0, 1));
    conv("2-d, all at once", 2, values(-1, 1, 2, 2, 5, 6), values(-1, 1, 2, 1, 2, 3), new Op.Spatial(2, 2, 1, 2), new Op.Spatial(1, 2, 2, 0));
  }

  private void conv(String name, int groups, HostArray x, HostArray w, Op.Spatial... axes) {
    var geometry = new Op.Geometry(List.of(axes), groups);
    op(Op.Conv.class, new Case(name, in -> apply(new Op.Conv(geometry), in), List.of(x, w), true));
    TensorType result = Ops.node(new Op.Conv(geometry), Ops.input(x), Ops.input(w)).type();
    HostArray g = values(-1, 1, result.shape().dims());
    op(Op.ConvInputGradient.class, new Case(name, in -> apply(new Op.ConvInputGradient(geometry, x.type().shape()), in),
        List.of(g, w), true));
    op(Op.ConvWeightGradient.class, new Case(name, in -> apply(new Op.ConvWeightGradient(geometry, w.type().shape()), in),
        List.of(g, x), true));
  }

  private void indexing() {
    Tensor repeated = Tensor.of(new int[] {2, 0, 2, 2, 1, 0}, 2, 3);
    Tensor one = Tensor.of(HostArray.ofLongs(TensorType.scalar(DType.I64), 1));
    Tensor none = Tensor.of(new int[0]);
    for (int axis : new int[] {0, 1, 2}) {
      op(Op.Gather.class, new Case("repeated indices on axis " + axis, in -> in.get(0).take(axis, repeated).square(),
          List.of(values(-2, 2, 3, 3, 3)), true));
      op(Op.ScatterAdd.class, new Case("repeated indices on axis " + axis,
          in -> in.get(0).scatterAdd(axis, repeated, in.get(0).take(axis, repeated).mul(in.get(1))).square(),
          List.of(values(-2, 2, 3, 3, 3), scalar(1.5)), true));
    }
    op(Op.Gather.class, new Case("a scalar index", in -> in.get(0).take(0, one), List.of(values(-2, 2, 3, 2)), true));
    op(Op.Gather.class, new Case("no index", in -> in.get(0).take(0, none), List.of(values(-2, 2, 3, 2)), true));
    op(Op.ScatterAdd.class, new Case("two inputs", in -> in.get(0).scatterAdd(0, one, in.get(1)).square(),
        List.of(values(-2, 2, 3, 2), values(-2, 2, 2)), true));
    op(Op.ScatterAdd.class, new Case("no index", in -> in.get(0).scatterAdd(0, none, in.get(1)).square(),
        List.of(values(-2, 2, 3, 2), values(-2, 2, 0, 2)), true));
  }

  private void movement() {
    op(Op.Reshape.class, smooth("to another rank", x -> x.reshape(3, 2).square(), values(-2, 2, 6)));
    op(Op.Reshape.class, smooth("nothing", x -> x.reshape(3, 0), values(-2, 2, 0, 2)));
    op(Op.Permute.class, smooth("a cycle of three", x -> x.permute(2, 0, 1).square(), values(-2, 2, 2, 3, 4)));
    op(Op.Permute.class, smooth("transpose", x -> x.transpose().square(), values(-2, 2, 2, 3)));
    op(Op.Expand.class, smooth("new axes and repeated ones", x -> x.broadcastTo(Shape.of(2, 3, 4)).square(), values(-2, 2, 3, 1)));
    op(Op.Expand.class, smooth("a scalar", x -> x.broadcastTo(Shape.of(2, 2)), scalar(2)));
    op(Op.Expand.class, smooth("to nothing", x -> x.broadcastTo(Shape.of(0, 3)), values(-2, 2, 1, 3)));
    op(Op.Expand.class, smooth("to size 1", x -> x.broadcastTo(Shape.of(1, 3)).square(), values(-2, 2, 3)));
    List<Op.Edge> edges = List.of(new Op.Edge(1, 2), new Op.Edge(0, 3));
    op(Op.Pad.class, new Case("with a value that has a gradient", in -> in.get(0).pad(edges, in.get(1)).square(),
        List.of(values(-2, 2, 2, 2), scalar(3)), true));
    op(Op.Pad.class, new Case("nothing, surrounded", in -> in.get(0).pad(edges, in.get(1)).square(),
        List.of(values(-2, 2, 0, 2), scalar(3)), true));
    op(Op.Pad.class, new Case("no edge", in -> in.get(0).pad(List.of(new Op.Edge(0, 0)), in.get(1)).square(),
        List.of(values(-2, 2, 3), scalar(3)), true));
    slice("every element", new Op.Range(0, 5, 1), new Op.Range(0, 4, 1));
    slice("steps", new Op.Range(1, 2, 2), new Op.Range(0, 2, 3));
    slice("steps back", new Op.Range(4, 5, -1), new Op.Range(3, 2, -2));
    slice("back, not from the end", new Op.Range(3, 2, -2), new Op.Range(2, 2, -1));
    slice("one element", new Op.Range(4, 1, 7), new Op.Range(0, 1, -3));
    slice("nothing", new Op.Range(2, 0, 1), new Op.Range(0, 4, 1));
    for (int axis : new int[] {0, 1}) {
      op(Op.Concat.class, new Case("one input twice, axis " + axis, in -> Tensor.concat(axis, in.get(0), in.get(1), in.get(0)).square(),
          List.of(values(-2, 2, 2, 2), values(-2, 2, 2, 2)), true));
    }
    op(Op.Concat.class, new Case("lengths differ, one is 0", in -> Tensor.concat(0, in.get(0), in.get(1), in.get(2)).square(),
        List.of(values(-2, 2, 2, 3), values(-2, 2, 0, 3), values(-2, 2, 1, 3)), true));
    for (Op.Window window : List.of(new Op.Window(0, 2, 1, 1), new Op.Window(0, 3, 2, 1), new Op.Window(1, 2, 1, 2), new Op.Window(1, 1, 3, 1))) {
      op(Op.Window.class, smooth(window.toString(), x -> apply(window, List.of(x)).square(), values(-2, 2, 6, 5)));
      long length = window.axis() == 0 ? 6 : 5;
      TensorType windows = Ops.node(window, Ops.input(values(-2, 2, 6, 5))).type();
      var overlap = new Op.Overlap(window.axis(), length, window.size(), window.stride(), window.dilation());
      op(Op.Overlap.class, smooth(overlap.toString(), x -> apply(overlap, List.of(x)).square(), values(-2, 2, windows.shape().dims())));
    }
  }

  private void slice(String name, Op.Range rows, Op.Range columns) {
    op(Op.Slice.class, smooth(name, x -> x.slice(List.of(rows, columns)).square(), values(-2, 2, 5, 4)));
  }

  private void control() {
    op(Op.Copy.class, smooth("passes through", x -> x.copy().square(), values(-2, 2, 3)));
    op(Op.Barrier.class, smooth("passes through", x -> x.barrier().square(), values(-2, 2, 3)));
    op(Op.Barrier.class, new Case("two at a time", in -> {
      Tensor passed = apply(new Op.Barrier(), in);
      return apply(new Op.Result(0), List.of(passed)).mul(apply(new Op.Result(1), List.of(passed)).sin());
    }, List.of(values(-2, 2, 3), values(-2, 2, 1)), true));
    CompositeFunction byBody = new CompositeFunction("byBody",
        (in, _) -> List.of(in.get(0).mul(in.get(1)), in.get(0).exp()), Optional.empty());
    CompositeFunction byRule = new CompositeFunction("byRule", (in, _) -> List.of(in.get(0).square()),
        Optional.of((in, _, g, _) -> List.of(g.getFirst().map(arrived -> arrived.mul(in.getFirst()).mul(2)))));
    List<HostArray> two = List.of(values(-2, 2, 3), values(-2, 2, 3));
    op(Op.Composite.class, new Case("two results through its body", in -> both(byBody.apply(Map.of(), in.get(0), in.get(1))), two, true));
    op(Op.Composite.class, new Case("one of two results unused", in -> byBody.apply(Map.of(), in.get(0), in.get(1)).get(1), two, true));
    op(Op.Composite.class, new Case("one input twice", in -> both(byBody.apply(Map.of(), in.get(0), in.get(0))), two.subList(0, 1), true));
    op(Op.Composite.class, new Case("one input computed from the other", in -> both(byBody.apply(Map.of(), in.get(0), in.get(0).sin())),
        two.subList(0, 1), true));
    op(Op.Composite.class, new Case("its own derivative", in -> byRule.apply(in.get(0).sin()), two.subList(0, 1), true));
    CompositeFunction outer = new CompositeFunction("outer", (in, _) -> List.of(both(byBody.apply(Map.of(), in.get(0), byRule.apply(in.get(0))))),
        Optional.empty());
    ControlGradientCases.loops().forEach(c -> op(Op.Loop.class, c));
    ControlGradientCases.choices().forEach(c -> op(Op.Cond.class, c));
    ControlGradientCases.checkpoints().forEach(c -> op(Op.Composite.class, c));
    op(Op.Composite.class, new Case("composites within", in -> outer.apply(in.get(0)), two.subList(0, 1), true));
  }

  private static Tensor both(List<Tensor> results) {
    return results.get(0).sin().add(results.get(1));
  }

  private void nothingToCheck() {
    withoutGradient.putAll(Map.of(
        Op.Not.class, "bits and truth values",
        Op.IDiv.class, "integers",
        Op.And.class, "bits and truth values",
        Op.Or.class, "bits and truth values",
        Op.Xor.class, "bits and truth values",
        Op.ShiftLeft.class, "integers",
        Op.ShiftRight.class, "integers",
        Op.ShiftRightLogical.class, "integers",
        Op.Bitcast.class, "its result is bits"));
    withoutGradient.putAll(Map.of(
        Op.Equal.class, "its result is a truth value",
        Op.Less.class, "its result is a truth value",
        Op.LessEqual.class, "its result is a truth value",
        Op.ArgReduce.class, "its result is a position",
        Op.PhiloxBits.class, "its result is bits, its inputs integers",
        Op.Cast.class, "rounding to f32 hides the steps of a difference; GradientsTest.castsPassTheGradientOn is exact"));
    withoutGradient.putAll(Map.of(
        Op.Const.class, "a source",
        Op.Iota.class, "a source",
        Op.Input.class, "a source: what gradients are taken for",
        Op.State.class, "a source: what gradients are taken for",
        Op.Scalar.class, "a source",
        Op.Parameter.class, "a source"));
    withoutGradient.put(Op.While.class, "how often it repeats is no smooth function: GradientsTest.aLoopOfUnknownLengthHasNoDerivative");
  }

  // --- how cases are made ------------------------------------------------------------------------------------------------------------

  void op(Class<? extends Op> op, Case check) {
    ops.computeIfAbsent(op, _ -> new ArrayList<>()).add(check);
  }

  private static Case smooth(String name, UnaryOperator<Tensor> function, HostArray x) {
    return new Case(name, in -> function.apply(in.getFirst()), List.of(x), true);
  }

  private void unary(Class<? extends Op> op, UnaryOperator<Tensor> function, double low, double high, boolean smooth) {
    for (HostArray x : List.of(values(low, high, 2, 3), values(low, high), values(low, high, 1), values(low, high, 0, 2))) {
      op(op, new Case(x.type() + " in [" + low + ", " + high + ")", in -> function.apply(in.getFirst()), List.of(x), smooth));
    }
  }

  private void binary(Class<? extends Op> op, BinaryOperator<Tensor> function, double low, double high) {
    long[][][] shapes = {
        {{2, 3}, {2, 3}}, {{2, 3}, {3}}, {{2, 1}, {1, 3}}, {{}, {2, 2}}, {{1}, {1}}, {{}, {}}, {{0, 3}, {1, 3}}, {{2, 1}, {2, 0}}};
    for (long[][] pair : shapes) {
      op(op, new Case(Arrays.deepToString(pair), in -> function.apply(in.get(0), in.get(1)),
          List.of(values(low, high, pair[0]), values(low, high, pair[1])), true));
    }
    op(op, new Case("one input twice", in -> function.apply(in.getFirst(), in.getFirst()), List.of(values(low, high, 3)), true));
    op(op, new Case("one computed from the other", in -> function.apply(in.getFirst(), in.getFirst().square()),
        List.of(values(Math.max(low, 0.5), 0.9, 3)), true));
  }

  static Tensor apply(Op op, List<Tensor> inputs) {
    return Tensor.of(Ops.node(op, inputs.stream().map(Tensor::node).toArray(Node[]::new)));
  }

  static Tensor result(int index, Op op, List<Tensor> inputs) {
    return apply(new Op.Result(index), List.of(apply(op, inputs)));
  }

  private static Tensor product(List<Tensor> inputs) {
    return inputs.get(0).matmul(inputs.get(1));
  }

  /** Distinct numbers in [low, high), no two closer than a hundredth of the range divided by their count. */
  static HostArray values(double low, double high, long... shape) {
    TensorType type = TensorType.of(DType.F64, shape);
    var random = new SplittableRandom(type.toString().hashCode() * 31L + Double.hashCode(low + 2 * high));
    int n = Math.toIntExact(type.elements());
    List<Double> grid = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      grid.add(low + (high - low) * (i + 0.05 + 0.9 * random.nextDouble()) / n);
    }
    for (int i = n - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      Double swapped = grid.get(i);
      grid.set(i, grid.get(j));
      grid.set(j, swapped);
    }
    return HostArray.ofDoubles(type, grid.stream().mapToDouble(Double::doubleValue).toArray());
  }

  static HostArray vector(double... values) {
    return HostArray.ofDoubles(TensorType.of(DType.F64, values.length), values);
  }

  static HostArray scalar(double value) {
    return HostArray.ofDoubles(TensorType.scalar(DType.F64), value);
  }

  /** All cases with the name of what they check. */
  Stream<Map.Entry<String, Case>> all() {
    return Stream.concat(
        ops.entrySet().stream().flatMap(e -> e.getValue().stream().map(c -> Map.entry(e.getKey().getSimpleName(), c))),
        composites.entrySet().stream().flatMap(e -> e.getValue().stream().map(c -> Map.entry(e.getKey(), c))));
  }
}
