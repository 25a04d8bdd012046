package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.DTypeMismatchException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Indices of each element's own, against loops over random shapes. */
class IndexingTest {

  private static final int ROUNDS = 300;

  private static Naive indices(SplittableRandom random, long count, long... shape) {
    return Naive.of(shape, _ -> random.nextLong(count));
  }

  private static Tensor as(DType dtype, Naive numbers) {
    return Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F64, numbers.shape()), numbers.values())).cast(dtype);
  }

  private static void assertRefused(Class<? extends ChainruleException> kind, String start, Executable mistake) {
    String message = assertThrows(kind, mistake).getMessage();
    assertTrue(message.startsWith(start), message);
  }

  /** The index, with 0 where the array has only one element. */
  private static long[] inside(Naive array, int axis, long... index) {
    long[] at = index.clone();
    for (int i = 0; i < at.length; i++) {
      at[i] = i != axis && array.shape()[i] == 1 ? 0 : at[i];
    }
    return at;
  }

  @Test
  @Tag("S9.7")
  void takeAlongReadsWhereItsOwnIndexSays() {
    var random = new SplittableRandom(3);
    for (int round = 0; round < ROUNDS; round++) {
      int rank = 1 + random.nextInt(4);
      int axis = random.nextInt(rank);
      long[] shape = Naive.shape(random, rank, round % 5 == 0 ? 0 : 1);
      long[] sizes = Naive.with(shape, axis, Math.max(shape[axis], 1));
      long[] at = Naive.with(shape, axis, shape[axis] == 0 ? 0 : random.nextLong(6));
      for (int i = 0; i < rank; i++) {
        // Either side may be of size 1 on another axis.
        int which = random.nextInt(4);
        if (i != axis && which == 0) {
          sizes[i] = 1;
        } else if (i != axis && which == 1) {
          at[i] = 1;
        }
      }
      sizes[axis] = shape[axis];
      long[] result = new long[rank];
      Arrays.setAll(result, i -> i == axis || sizes[i] == 1 ? at[i] : sizes[i]);
      Naive x = Naive.counting(sizes);
      Naive indices = indices(random, Math.max(sizes[axis], 1), at);
      Naive expected = Naive.of(result, i -> {
        double index = indices.at(inside(indices, axis, i));
        return x.at(Naive.with(inside(x, axis, i), axis, (long) index));
      });
      Tensor taken = x.tensor().takeAlong(axis - rank, as(round % 2 == 0 ? DType.I32 : DType.I64, indices));
      assertEquals(Shape.of(result), taken.shape());
      assertArrayEquals(expected.values(), read(taken));
    }
  }

  @Test
  @Tag("S9.8")
  void scatterAlongAddAddsWhereItsOwnIndexSays() {
    var random = new SplittableRandom(4);
    for (int round = 0; round < ROUNDS; round++) {
      int rank = 1 + random.nextInt(4);
      int axis = random.nextInt(rank);
      long[] shape = Naive.shape(random, rank, round % 5 == 0 ? 0 : 1);
      long[] changed = Naive.with(shape, axis, shape[axis] == 0 ? 0 : random.nextLong(6));
      long[] at = changed.clone();
      Arrays.setAll(at, i -> i != axis && random.nextInt(4) == 0 ? 1 : changed[i]);
      Naive x = Naive.counting(shape);
      Naive updates = Naive.of(changed, _ -> random.nextInt(1000));
      Naive indices = indices(random, Math.max(shape[axis], 1), at);
      double[] expected = x.values().clone();
      for (int u = 0; u < updates.values().length; u++) {
        long[] from = Naive.unravel(changed, u);
        long[] to = Naive.with(from, axis, (long) indices.at(inside(indices, axis, from)));
        expected[(int) x.at(to) - 1] += updates.values()[u]; // x counts its places from 1
      }
      Tensor sum = x.tensor().scatterAlongAdd(axis - rank, as(round % 2 == 0 ? DType.I32 : DType.I64, indices), updates.tensor());
      assertEquals(Shape.of(shape), sum.shape());
      assertArrayEquals(expected, read(sum));
    }
  }

  /** In the flattened tensor 3 would be the second row's first element, and -1 of the second row the first row's last. */
  @Test
  @Tag("S9.9")
  void anIndexOutsideItsAxisNeverReachesAnotherLine() {
    Tensor x = Tensor.arange(DType.F64, 6).reshape(2, 3);
    for (DType dtype : new DType[] {DType.I32, DType.I64}) {
      for (long wrong : new long[] {3, -1, 5, 6}) {
        Tensor indices = Tensor.of(new long[] {0, 1, wrong, 2}, 2, 2).cast(dtype);
        assertRefused(IndexRangeException.class, "[gather] index " + wrong + " (element 2 of the indices)",
            () -> read(x.takeAlong(1, indices)));
        assertRefused(IndexRangeException.class, "[gather] index " + wrong + " (element 2 of the indices)",
            () -> read(x.scatterAlongAdd(1, indices, Tensor.zeros(TensorType.of(DType.F64, 2, 2)))));
      }
    }
    assertRefused(IndexRangeException.class, "[gather] index 4294967297",
        () -> read(x.takeAlong(1, Tensor.of(new long[] {(1L << 32) + 1}, 1, 1))));
    assertRefused(IndexRangeException.class, "[gather] index 0",
        () -> read(Tensor.of(new double[0], 2, 0).takeAlong(1, Tensor.of(new int[] {0}, 1, 1))));
  }

  @Test
  void whatDoesNotFitIsNamed() {
    Tensor x = Tensor.zeros(TensorType.of(DType.F32, 2, 3));
    Tensor i = Tensor.of(new int[4], 2, 2);
    assertRefused(ShapeMismatchException.class, "[takeAlong] indices i32[4] are not of the rank of f32[2,3]",
        () -> x.takeAlong(1, i.reshape(4)));
    assertRefused(ShapeMismatchException.class, "[takeAlong] f32[2,3] at i32[2,2] along axis 0 (3 vs 2)", () -> x.takeAlong(0, i));
    assertRefused(DTypeMismatchException.class, "[takeAlong] indices are f32[2,2]", () -> x.takeAlong(1, i.cast(DType.F32)));
    assertRefused(DTypeMismatchException.class, "[scatterAlongAdd] indices are u8[2,2]", () -> x.scatterAlongAdd(1, i.cast(DType.U8), x));
    assertRefused(ShapeMismatchException.class, "[scatterAlongAdd] updates f32[2,3] at i32[2,2] along axis 1 of f32[2,3]",
        () -> x.scatterAlongAdd(1, i, x));
    assertRefused(ShapeMismatchException.class, "[scatterAlongAdd]", () -> x.scatterAlongAdd(0, i, x));
    assertRefused(DTypeMismatchException.class, "[scatterAlongAdd] element types differ",
        () -> x.scatterAlongAdd(1, i, Tensor.zeros(TensorType.of(DType.F64, 2, 2))));
    assertRefused(ShapeMismatchException.class, "[indexSelect] expected a vector of indices, got i32[2,2]", () -> x.indexSelect(0, i));
  }

  @Test
  @Tag("S9.6")
  void indexSelectTakesWholeRows() {
    Tensor x = Tensor.arange(DType.F64, 6).reshape(2, 3);
    assertArrayEquals(new double[] {2, 2, 0, 5, 5, 3}, read(x.indexSelect(-1, Tensor.of(new int[] {2, 2, 0}))));
    assertEquals(Shape.of(0, 3), x.indexSelect(0, Tensor.of(new long[0])).shape());
  }

  @Test
  @Tag("S9.10")
  void maskedFillReplacesWhereTheMaskHolds() {
    Tensor x = Tensor.of(new double[] {1, Double.NaN, -3, 4}, 2, 2);
    double nothing = Double.NEGATIVE_INFINITY;
    assertArrayEquals(new double[] {nothing, nothing, -3, 4},
        read(x.maskedFill(Tensor.of(new int[] {1, 0}, 2, 1).cast(DType.BOOL), nothing)));
    assertArrayEquals(new double[] {0, 0, -3, 4}, read(x.maskedFill(x.greaterEqual(-3).not().or(x.equal(1)), 0)));
    Tensor first = Tensor.of(new int[] {1, 0}).equal(1);
    assertArrayEquals(new long[] {7, 2}, readLongs(Tensor.of(new int[] {1, 2}).maskedFill(first, 7)));
    assertArrayEquals(new long[] {1, 0}, readLongs(first.zerosLike().maskedFill(first, 1)));
    assertRefused(DTypeMismatchException.class, "[where] condition is f64[2,2], expected bool", () -> x.maskedFill(x, 0));
    assertRefused(DTypeMismatchException.class, "[scalar]", () -> Tensor.of(new int[2]).maskedFill(Tensor.of(new int[2]).equal(0), 0.5));
  }
}
