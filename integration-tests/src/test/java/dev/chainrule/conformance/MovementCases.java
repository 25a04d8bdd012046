package dev.chainrule.conformance;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** Elements rearranged, bit for bit, for every type; alone, in long chains, and under an operation that reads the result. */
final class MovementCases {

  private static final int CHAINS = 60;

  private final List<Case> cases = new ArrayList<>();

  private MovementCases() {}

  static List<Case> all() {
    var all = new MovementCases();
    for (DType dtype : Samples.ALL) {
      all.reshapes(dtype);
      all.permutations(dtype);
      all.expansions(dtype);
      all.slices(dtype);
      all.pads(dtype);
      all.concatenations(dtype);
      all.windows(dtype);
    }
    for (int i = 0; i < CHAINS; i++) {
      all.chain(i);
    }
    return all.cases;
  }

  private void move(Class<? extends Op> of, String name, DType dtype, UnaryOperator<Tensor> movement, long... dims) {
    cases.add(Case.of(of, dtype + " " + name, Bound.SAME_BITS, movement, Samples.anyBits(dtype, 50, dims)).onSameTypes());
  }

  private void reshapes(DType dtype) {
    move(Op.Reshape.class, "to a matrix", dtype, x -> x.reshape(3, 8), 24);
    move(Op.Reshape.class, "to a scalar", dtype, x -> x.reshape(Shape.SCALAR), 1, 1);
    move(Op.Reshape.class, "of nothing", dtype, x -> x.reshape(5, 0), 0, 3);
    move(Op.Reshape.class, "of a transposed matrix", dtype, x -> x.transpose().reshape(4, 6), 4, 6);
    move(Op.Reshape.class, "of a repeated row", dtype, x -> x.broadcastTo(Shape.of(3, 4)).reshape(12), 4);
    move(Op.Reshape.class, "that splits a stepped axis", dtype, x -> x.slice(List.of(new Op.Range(11, 6, -2))).reshape(2, 3), 12);
    move(Op.Reshape.class, "large and transposed", dtype, x -> x.transpose().reshape(-1), 257, 263);
  }

  private void permutations(DType dtype) {
    move(Op.Permute.class, "of a matrix", dtype, Tensor::transpose, 5, 7);
    move(Op.Permute.class, "of a scalar", dtype, x -> PointwiseCases.apply(new Op.Permute(Axes.NONE), x));
    move(Op.Permute.class, "of nothing", dtype, Tensor::transpose, 0, 7);
    move(Op.Permute.class, "of four axes", dtype, x -> x.permute(2, 0, 3, 1), 3, 4, 5, 6);
    move(Op.Permute.class, "large", dtype, Tensor::transpose, 263, 257);
  }

  private void expansions(DType dtype) {
    move(Op.Expand.class, "of a scalar", dtype, x -> x.broadcastTo(Shape.of(3, 5)));
    move(Op.Expand.class, "of a row", dtype, x -> x.broadcastTo(Shape.of(4, 5)), 5);
    move(Op.Expand.class, "of a column", dtype, x -> x.broadcastTo(Shape.of(4, 5)), 4, 1);
    move(Op.Expand.class, "to nothing", dtype, x -> x.broadcastTo(Shape.of(0, 5)), 5);
    move(Op.Expand.class, "large", dtype, x -> x.broadcastTo(Shape.of(300, 257, 2)), 257, 1);
  }

  private void slices(DType dtype) {
    move(Op.Slice.class, "from the middle", dtype, x -> x.slice(0, 2, 5), 7);
    move(Op.Slice.class, "of nothing", dtype, x -> x.slice(0, 3, 3), 7, 2);
    move(Op.Slice.class, "backwards", dtype, x -> x.flip(0), 9);
    move(Op.Slice.class, "backwards on both axes", dtype, x -> x.flip(0).flip(1), 5, 6);
    move(Op.Slice.class, "with steps", dtype, x -> x.slice(List.of(new Op.Range(8, 3, -4), new Op.Range(1, 4, 3))), 9, 12);
    move(Op.Slice.class, "large and backwards", dtype, x -> x.flip(0), Samples.LARGE);
  }

  private void pads(DType dtype) {
    move(Op.Pad.class, "of a vector", dtype, x -> x.pad(0, 2, 3, 1), 4);
    move(Op.Pad.class, "by nothing", dtype, x -> x.pad(0, 0, 0, 1), 4);
    move(Op.Pad.class, "of nothing", dtype, x -> x.pad(0, 2, 1, 1), 0);
    move(Op.Pad.class, "of both axes", dtype, x -> x.pad(List.of(new Op.Edge(1, 0), new Op.Edge(2, 3)), zero(dtype)), 3, 5);
    move(Op.Pad.class, "of a transposed matrix", dtype,
        x -> x.transpose().pad(List.of(new Op.Edge(0, 2), new Op.Edge(1, 1)), zero(dtype)), 3, 5);
    move(Op.Pad.class, "with an element", dtype, x -> x.pad(List.of(new Op.Edge(2, 2)), x.slice(0, 1, 2).reshape(Shape.SCALAR)), 4);
    move(Op.Pad.class, "large", dtype, x -> x.pad(1, 3, 4, 1), 270, 270);
  }

  private static Tensor zero(DType dtype) {
    return Tensor.zeros(TensorType.scalar(dtype));
  }

  private void concatenations(DType dtype) {
    move(Op.Concat.class, "of vectors", dtype, x -> Tensor.concat(0, x, x.slice(0, 1, 3), x.flip(0)), 5);
    move(Op.Concat.class, "of one", dtype, x -> Tensor.concat(0, x), 5);
    move(Op.Concat.class, "with nothing", dtype, x -> Tensor.concat(0, x.slice(0, 0, 0), x, x.slice(0, 2, 2)), 5);
    move(Op.Concat.class, "of columns", dtype, x -> Tensor.concat(1, x, x.transpose().reshape(4, 3), x.slice(1, 0, 2)), 4, 3);
    move(Op.Concat.class, "in the middle", dtype, x -> Tensor.concat(1, x, x), 3, 2, 5);
    move(Op.Concat.class, "large", dtype, x -> Tensor.concat(1, x, x.flip(0)), 190, 190);
  }

  private void windows(DType dtype) {
    move(Op.Window.class, "of two", dtype, x -> window(x, 0, 2, 1, 1), 6);
    move(Op.Window.class, "with stride and dilation", dtype, x -> window(x, 0, 3, 2, 2), 11);
    move(Op.Window.class, "on the second axis", dtype, x -> window(x, 1, 3, 1, 1), 4, 7);
    move(Op.Window.class, "of windows", dtype, x -> window(window(x, 0, 3, 1, 1), 1, 2, 2, 1), 7, 6);
    if (dtype != DType.BOOL) {
      overlap(dtype, new Op.Overlap(0, 6, 2, 1, 1), 5, 2);
      overlap(dtype, new Op.Overlap(1, 11, 3, 2, 2), 4, 4, 3);
      overlap(dtype, new Op.Overlap(0, 7, 2, 3, 1), 2, 3, 2);
    }
  }

  private static Tensor window(Tensor x, int axis, long size, long stride, long dilation) {
    return PointwiseCases.apply(new Op.Window(axis, size, stride, dilation), x);
  }

  private void overlap(DType dtype, Op.Overlap op, long... dims) {
    cases.add(Case.of(Op.Overlap.class, dtype + " " + op, Bounds.sum(dtype, (double) op.size(), in -> PointwiseCases.apply(op, in.getFirst().abs())),
        x -> PointwiseCases.apply(op, x), Samples.plain(dtype, 51, dims)));
  }

  // --- chains ------------------------------------------------------------------------------------------------------------------------

  /** Eight random movements after one another; every second chain ends in an operation that reads the result twice. */
  private void chain(int seed) {
    DType dtype = Samples.ALL[seed % Samples.ALL.length];
    HostArray x = Samples.anyBits(dtype, seed, 4, 6, 5);
    cases.add(Case.of(Op.Reshape.class, dtype + " random chain " + seed, Bound.EXACT, input -> {
      var random = new SplittableRandom(seed);
      Tensor moved = input.reshape(6, 4, 5);
      for (int i = 0; i < 8; i++) {
        moved = randomMovement(moved, random);
      }
      return seed % 2 == 0 ? moved : PointwiseCases.apply(new Op.Max(), moved, moved.flip(0));
    }, x).onSameTypes());
  }

  private static Tensor randomMovement(Tensor x, SplittableRandom random) {
    int axis = random.nextInt(x.rank());
    int other = random.nextInt(x.rank());
    long n = x.dim(axis);
    return switch (random.nextInt(7)) {
      case 0 -> x.flip(axis);
      case 1 -> {
        int[] order = new int[x.rank()];
        for (int i = 0; i < order.length; i++) {
          order[i] = i == axis ? other : i == other ? axis : i;
        }
        yield x.permute(order);
      }
      case 2 -> n > 2 ? x.slice(axis, 1, n) : x;
      case 3 -> n < 9 ? x.pad(axis, 1, random.nextInt(2), 1) : x;
      case 4 -> x.shape().elements() < 2_000 ? Tensor.concat(axis, x, x.flip(axis)) : x;
      case 5 -> {
        Shape copies = Shape.of(x.shape().elements() < 2_000 ? 2 : 1);
        Shape repeated = x.shape().slice(0, axis).concat(copies).concat(x.shape().slice(axis, x.rank()));
        yield x.unsqueeze(axis).broadcastTo(repeated).flatten(Math.max(0, axis - 1)).unsqueeze(0);
      }
      default -> x.rank() > 2 ? x.flatten(x.rank() - 2) : x;
    };
  }
}
