package dev.chainrule.autograd;

import static dev.chainrule.autograd.GradientCases.scalar;
import static dev.chainrule.autograd.GradientCases.values;
import static dev.chainrule.autograd.GradientCases.vector;

import dev.chainrule.autograd.GradientCases.Case;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Methods that move, index and interpolate: gradients through the primitives that they are made of. */
final class ShapingGradientCases {

  private final List<Case> cases = new ArrayList<>();

  private ShapingGradientCases() {
    slices();
    repetitions();
    matrices();
    windows();
    indexing();
    elementwise();
  }

  static Stream<Case> all() {
    return new ShapingGradientCases().cases.stream();
  }

  /** Squared, so that each element has a gradient of its own. */
  private void add(String name, UnaryOperator<Tensor> function, HostArray x) {
    cases.add(new Case(name, in -> function.apply(in.getFirst()).square(), List.of(x), true));
  }

  private void several(String name, Function<List<Tensor>, Tensor> function, HostArray... point) {
    cases.add(new Case(name, function, List.of(point), true));
  }

  private void slices() {
    for (long step : new long[] {1, 2, 3, 7, -1, -2, -3, -7}) {
      add("slice in steps of " + step, x -> x.slice(0, 1, 5, step).slice(1, 0, 3, -step), values(-2, 2, 6, 4));
    }
    add("slice of nothing in steps", x -> x.slice(0, 2, 2, -2), values(-2, 2, 3, 2));
    add("slice of one", x -> x.slice(-1, 0, 1, -2), values(-2, 2, 2, 1));
    for (long shift : new long[] {0, 1, -2, 7}) {
      add("roll by " + shift, x -> x.roll(1, shift).mul(x), values(-2, 2, 2, 5));
    }
    add("roll of nothing", x -> x.roll(0, 1), values(-2, 2, 0, 2));
    add("equal parts, one unused", x -> x.split(1, 3).get(1).mul(x.split(1, 3).get(2)), values(-2, 2, 2, 6));
    add("parts of given sizes", x -> x.split(0, 1, 0, 3).get(2).mul(x.split(0, 1, 0, 3).get(0)), values(-2, 2, 4, 2));
  }

  private void repetitions() {
    add("tile", x -> x.tile(2, 1, 3), values(-2, 2, 2, 3));
    add("tile of few axes", x -> x.tile(2), values(-2, 2, 2, 3));
    add("tile of a scalar", x -> x.tile(3), scalar(1.5));
    add("tile to nothing", x -> x.tile(0), values(-2, 2, 3));
    add("repeatInterleave", x -> x.repeatInterleave(0, 3), values(-2, 2, 2, 3));
    add("repeatInterleave of nothing", x -> x.repeatInterleave(-1, 2), values(-2, 2, 2, 0));
    add("swapAxes", x -> x.swapAxes(0, 2).mul(x.moveAxis(2, 0).swapAxes(1, 2)), values(-2, 2, 2, 3, 4));
  }

  private void matrices() {
    for (long diagonal : new long[] {0, 1, -1, 9, -9}) {
      add("triangles at " + diagonal, x -> x.tril(diagonal).sub(x.triu(diagonal).mul(3)), values(-2, 2, 2, 3, 4));
      add("diagonal at " + diagonal, x -> x.diagonal(diagonal), values(-2, 2, 2, 3, 4));
    }
    add("diagonal of one", Tensor::diagonal, values(-2, 2, 1, 1));
    add("triangle of nothing", Tensor::tril, values(-2, 2, 0, 3));
  }

  private void windows() {
    for (int axis : new int[] {0, -1}) {
      add("overlapping windows on axis " + axis, x -> x.window(axis, 3, 1, 1), values(-2, 2, 5, 4));
      add("windows apart on axis " + axis, x -> x.window(axis, 2, 3, 2), values(-2, 2, 7, 6));
    }
    add("fold of overlapping windows", x -> x.fold(0, 6, 3, 1, 1), values(-2, 2, 4, 2, 3));
    add("fold of windows apart", x -> x.fold(-1, 8, 2, 3, 2), values(-2, 2, 2, 2, 2));
    add("fold of windows", x -> x.window(1, 2, 1, 2).fold(1, 5, 2, 1, 2), values(-2, 2, 2, 5));
  }

  private void indexing() {
    Tensor columns = Tensor.of(new int[] {2, 0, 2, 1, 1, 1}, 2, 3);
    Tensor rows = Tensor.of(new long[] {1, 0, 1, 1}, 1, 4);
    add("takeAlong the last axis", x -> x.takeAlong(1, columns), values(-2, 2, 2, 4));
    add("takeAlong with one row of indices", x -> x.takeAlong(1, rows), values(-2, 2, 3, 2));
    add("takeAlong from one row", x -> x.takeAlong(1, columns), values(-2, 2, 1, 3));
    add("takeAlong at no index", x -> x.takeAlong(0, Tensor.of(new int[0], 0, 3)), values(-2, 2, 2, 3));
    several("takeAlong from what is scattered", in -> in.get(0).scatterAlongAdd(1, columns, in.get(1)).takeAlong(1, columns).square(),
        values(-2, 2, 2, 4), values(-2, 2, 2, 3));
    several("scatterAlongAdd with one row of indices", in -> in.get(0).scatterAlongAdd(1, rows, in.get(1)).square(),
        values(-2, 2, 3, 2), values(-2, 2, 3, 4));
    add("scatterAlongAdd of itself", x -> x.scatterAlongAdd(0, columns.transpose(), x), values(-2, 2, 3, 2));
    add("indexSelect", x -> x.indexSelect(1, Tensor.of(new int[] {1, 1, 0})), values(-2, 2, 2, 3));
    Tensor mask = Tensor.of(new int[] {1, 0, 1}).equal(1);
    add("maskedFill", x -> x.maskedFill(mask, 3.5).sin(), values(-2, 2, 2, 3));
    add("maskedFill with what has no slope", x -> x.maskedFill(mask, Double.NEGATIVE_INFINITY).softmax(1), values(-2, 2, 2, 3));
  }

  private void elementwise() {
    add("reciprocal", Tensor::reciprocal, vector(0.5, -0.7, 2, -3));
    several("lerp by a number", in -> in.get(0).lerp(in.get(1), 0.3).square(), values(-2, 2, 2, 3), values(-2, 2, 3));
    several("lerp by a tensor", in -> in.get(0).lerp(in.get(1), in.get(2)).square(), values(-2, 2, 3), values(-2, 2, 2, 1), scalar(0.4));
    several("lerp of one with itself", in -> in.get(0).lerp(in.get(0), in.get(0)).square(), values(-2, 2, 3));
    add("random numbers beside", x -> x.mul(RandomStream.of(3).normal(x.shape(), 1, 2).cast(DType.F64)), values(-2, 2, 3));
  }
}
