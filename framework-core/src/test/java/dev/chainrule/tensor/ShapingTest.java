package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Movement named by what users say, against loops over random shapes, empty ones among them. */
class ShapingTest {

  private static final int ROUNDS = 200;

  /** Calls with a random array of rank 1 to 4 and the numbers to draw from. */
  private static void forRandomArrays(int leastRank, BiConsumer<Naive, SplittableRandom> property) {
    var random = new SplittableRandom(leastRank * 31L + 7);
    for (int round = 0; round < ROUNDS; round++) {
      int rank = leastRank + random.nextInt(5 - leastRank);
      property.accept(Naive.counting(Naive.shape(random, rank, round % 4 == 0 ? 0 : 1)), random);
    }
  }

  private static void assertSame(Naive expected, Tensor actual) {
    assertEquals(Shape.of(expected.shape()), actual.shape());
    assertArrayEquals(expected.values(), read(actual));
  }

  private static void assertRefused(Class<? extends ChainruleException> kind, String start, Executable mistake) {
    String message = assertThrows(kind, mistake).getMessage();
    assertTrue(message.startsWith(start), message);
  }

  // --- slices ------------------------------------------------------------------------------------------------------------------------

  /** {@code x[from:to][::step]} as Python defines the two. */
  @Test
  @Tag("S10.8")
  void aSliceWithAStepIsWalkedFromItsFirstOrItsLastElement() {
    forRandomArrays(1, (x, random) -> {
      int axis = random.nextInt(x.rank());
      long n = x.shape()[axis];
      long from = random.nextLong(n + 1);
      long to = from + random.nextLong(n - from + 1);
      long step = random.nextLong(1, 5) * (random.nextBoolean() ? 1 : -1);
      List<Long> walked = new ArrayList<>();
      for (long i = step > 0 ? from : to - 1; i >= from && i < to; i += step) {
        walked.add(i);
      }
      Naive expected = Naive.of(Naive.with(x.shape(), axis, walked.size()), i -> x.at(Naive.with(i, axis, walked.get((int) i[axis]))));
      boolean fromEnd = random.nextBoolean();
      // The end itself has no number counted from the end.
      assertSame(expected, x.tensor().slice(fromEnd ? axis - x.rank() : axis, fromEnd && from < n ? from - n : from,
          fromEnd && to < n ? to - n : to, step));
    });
  }

  @Test
  void theWholeAxisInStepsOfMinusOneIsReversed() {
    Tensor x = Tensor.of(new double[] {0, 1, 2, 3, 4});
    assertArrayEquals(new double[] {4, 3, 2, 1, 0}, read(x.slice(0, 0, 5, -1)));
    assertArrayEquals(new double[] {3, 1}, read(x.slice(0, 0, -1, -2)));
    assertArrayEquals(new double[] {4}, read(x.slice(0, 0, 5, Long.MIN_VALUE)));
    assertArrayEquals(new double[] {0}, read(x.slice(0, 0, 5, Long.MAX_VALUE)));
    assertRefused(InvalidArgumentException.class, "[slice] step 0", () -> x.slice(0, 0, 5, 0));
    assertRefused(ShapeMismatchException.class, "[slice] [4, 1) of axis 0", () -> x.slice(0, 4, 1, -1));
    assertRefused(ShapeMismatchException.class, "[slice] [0, 6) of axis 0", () -> x.slice(0, 0, 6, 2));
  }

  // --- along one axis ----------------------------------------------------------------------------------------------------------------

  @Test
  @Tag("S10.9")
  void rollMovesRoundTheEnd() {
    forRandomArrays(1, (x, random) -> {
      int axis = random.nextInt(x.rank());
      long n = x.shape()[axis];
      long shift = random.nextLong(-12, 13);
      assertSame(Naive.of(x.shape(), i -> x.at(Naive.with(i, axis, Math.floorMod(i[axis] - shift, n)))), x.tensor().roll(axis, shift));
    });
    Tensor x = Tensor.of(new double[] {0, 1, 2});
    assertArrayEquals(new double[] {2, 0, 1}, read(x.roll(-1, 1)));
    assertArrayEquals(new double[] {2, 0, 1}, read(x.roll(0, Long.MIN_VALUE))); // -2^63 is 1 modulo 3
    assertRefused(InvalidArgumentException.class, "[roll] axis 1", () -> x.roll(1, 1));
  }

  @Test
  void partsPutTogetherAreTheWhole() {
    forRandomArrays(1, (x, random) -> {
      int axis = random.nextInt(x.rank());
      long n = x.shape()[axis];
      long cut = random.nextLong(n + 1);
      List<Tensor> parts = x.tensor().split(axis, cut, 0, n - cut);
      assertEquals(List.of(cut, 0L, n - cut), parts.stream().map(p -> p.dim(axis)).toList());
      assertSame(x, Tensor.concat(axis, parts.toArray(Tensor[]::new)));
      List<Tensor> single = x.tensor().split(axis - x.rank(), Math.max(n, 1));
      assertEquals(Math.max(n, 1), single.size());
      assertSame(x, Tensor.concat(axis, single.toArray(Tensor[]::new)));
    });
  }

  @Test
  @Tag("S10.10")
  void splitIntoEqualPartsOrOfGivenSizes() {
    Tensor x = Tensor.arange(DType.F64, 6);
    assertEquals(List.of(Shape.of(2), Shape.of(2), Shape.of(2)), x.split(0, 3).stream().map(Tensor::shape).toList());
    assertArrayEquals(new double[] {4, 5}, read(x.split(0, 3L).get(2)));
    assertArrayEquals(new double[] {1, 2, 3, 4, 5}, read(x.split(0, 1, 5).get(1)));
    assertRefused(ShapeMismatchException.class, "[split] axis 0 of f64[6] does not divide into 4 equal parts", () -> x.split(0, 4));
    assertRefused(ShapeMismatchException.class, "[split]", () -> x.split(0, 0));
    assertRefused(ShapeMismatchException.class, "[split]", () -> x.split(0, -2));
    assertRefused(ShapeMismatchException.class, "[split] parts of [2, 3] do not make up axis 0 of f64[6], which has 6",
        () -> x.split(0, 2, 3));
    assertRefused(ShapeMismatchException.class, "[split]", () -> x.split(0, 7, -1));
    assertRefused(ShapeMismatchException.class, "[split]", () -> x.split(0));
  }

  @Test
  @Tag("S10.11")
  void repeatInterleaveRepeatsEachElement() {
    forRandomArrays(1, (x, random) -> {
      int axis = random.nextInt(x.rank());
      long times = random.nextLong(4);
      assertSame(Naive.of(Naive.with(x.shape(), axis, x.shape()[axis] * times), i -> x.at(Naive.with(i, axis, i[axis] / times))),
          x.tensor().repeatInterleave(axis - x.rank(), times));
    });
    assertRefused(InvalidArgumentException.class, "[repeatInterleave] -1 copies", () -> Tensor.of(new double[2]).repeatInterleave(0, -1));
  }

  // --- all axes ----------------------------------------------------------------------------------------------------------------------

  @Test
  @Tag("S10.11")
  void tileRepeatsTheWhole() {
    forRandomArrays(1, (x, random) -> {
      long[] repeats = random.longs(random.nextInt(6), 0, 4).toArray();
      int rank = Math.max(x.rank(), repeats.length);
      long[] sizes = padded(x.shape(), rank);
      long[] times = padded(repeats, rank);
      long[] shape = new long[rank];
      Arrays.setAll(shape, i -> sizes[i] * times[i]);
      assertSame(Naive.of(shape, i -> {
        long[] from = new long[rank];
        Arrays.setAll(from, k -> i[k] % sizes[k]);
        return x.at(Arrays.copyOfRange(from, rank - x.rank(), rank));
      }), x.tensor().tile(repeats));
    });
    assertArrayEquals(new double[] {7, 7, 7}, read(Naive.of(new long[0], _ -> 7).tensor().tile(3)));
    assertRefused(InvalidArgumentException.class, "[tile] -2 copies", () -> Tensor.of(new double[2]).tile(1, -2));
  }

  /** Ones in front. */
  private static long[] padded(long[] numbers, int count) {
    long[] all = new long[count];
    Arrays.fill(all, 1);
    System.arraycopy(numbers, 0, all, count - numbers.length, numbers.length);
    return all;
  }

  @Test
  void swappedAndMovedAxesCarryTheirElements() {
    forRandomArrays(1, (x, random) -> {
      int a = random.nextInt(x.rank());
      int b = random.nextInt(x.rank());
      long[] swapped = x.shape().clone();
      swapped[a] = x.shape()[b];
      swapped[b] = x.shape()[a];
      assertSame(Naive.of(swapped, i -> x.at(Naive.with(Naive.with(i, a, i[b]), b, i[a]))), x.tensor().swapAxes(a - x.rank(), b));
      // One neighbour after the other.
      Tensor moved = x.tensor();
      for (int at = a; at != b; at += Integer.signum(b - a)) {
        moved = moved.swapAxes(at, at + Integer.signum(b - a));
      }
      assertSame(Naive.of(moved), x.tensor().moveAxis(a, b - x.rank()));
    });
    Tensor x = Tensor.zeros(TensorType.of(DType.F32, 2, 3, 4, 5));
    assertEquals(Shape.of(3, 4, 2, 5), x.moveAxis(0, 2).shape());
    assertEquals(Shape.of(5, 2, 3, 4), x.moveAxis(-1, 0).shape());
    assertRefused(InvalidArgumentException.class, "[moveAxis] axis 4", () -> x.moveAxis(0, 4));
  }

  // --- matrices ----------------------------------------------------------------------------------------------------------------------

  @Test
  @Tag("S10.12")
  void trianglesKeepOneSideOfADiagonal() {
    forRandomArrays(2, (x, random) -> {
      long diagonal = random.nextInt(8) == 0 ? (random.nextBoolean() ? Long.MIN_VALUE : Long.MAX_VALUE) : random.nextLong(-7, 8);
      int row = x.rank() - 2;
      assertSame(Naive.of(x.shape(), i -> i[row + 1] - i[row] <= diagonal ? x.at(i) : 0), x.tensor().tril(diagonal));
      assertSame(Naive.of(x.shape(), i -> i[row + 1] - i[row] >= diagonal ? x.at(i) : 0), x.tensor().triu(diagonal));
      assertSame(Naive.of(x.tensor().tril(0)), x.tensor().tril());
      assertSame(Naive.of(x.tensor().triu(0)), x.tensor().triu());
    });
    assertRefused(ShapeMismatchException.class, "[tril] expected [..., rows, columns], got f64[3]", () -> Tensor.of(new double[3]).tril());
    assertRefused(ShapeMismatchException.class, "[triu]", () -> Tensor.of(new double[3]).triu());
  }

  @Test
  @Tag("S10.12")
  void trianglesReplaceWhatTheyCutAway() {
    Tensor x = Tensor.of(new double[] {1, Double.NaN, Double.POSITIVE_INFINITY, 4}, 2, 2);
    assertArrayEquals(new double[] {1, 0, Double.POSITIVE_INFINITY, 4}, read(x.tril()));
    assertArrayEquals(new double[] {1, Double.NaN, 0, 4}, read(x.triu()));
    assertEquals(HostArray.ofLongs(TensorType.of(DType.BOOL, 2, 2), 1, 0, 1, 1),
        Values.array(Tensor.ones(TensorType.of(DType.BOOL, 2, 2)).tril()));
  }

  @Test
  @Tag("S10.13")
  void diagonalsRunDownTheMatrices() {
    forRandomArrays(2, (x, random) -> {
      long offset = random.nextInt(8) == 0 ? (random.nextBoolean() ? Long.MIN_VALUE : Long.MAX_VALUE) : random.nextLong(-7, 8);
      int last = x.rank() - 2;
      long rows = x.shape()[last];
      long columns = x.shape()[last + 1];
      List<long[]> met = new ArrayList<>();
      for (long r = 0; r < rows; r++) {
        for (long c = 0; c < columns; c++) {
          if (c - r == offset) {
            met.add(new long[] {r, c});
          }
        }
      }
      Naive expected = Naive.of(Naive.with(Arrays.copyOf(x.shape(), last + 1), last, met.size()), i -> {
        long[] from = Arrays.copyOf(i, last + 2);
        from[last] = met.get((int) i[last])[0];
        from[last + 1] = met.get((int) i[last])[1];
        return x.at(from);
      });
      assertSame(expected, x.tensor().diagonal(offset));
    });
    assertArrayEquals(new double[] {0, 4}, read(Tensor.arange(DType.F64, 6).reshape(2, 3).diagonal()));
    assertRefused(ShapeMismatchException.class, "[diagonal]", () -> Tensor.of(new double[3]).diagonal());
  }

  // --- windows -----------------------------------------------------------------------------------------------------------------------

  @Test
  @Tag("S10.14")
  void windowsHoldNeighboursAndFoldAddsThemUp() {
    forRandomArrays(1, (x, random) -> {
      int axis = random.nextInt(x.rank());
      long n = x.shape()[axis];
      long dilation = random.nextLong(1, 3);
      long size = random.nextLong(1, 4);
      long stride = random.nextLong(1, 4);
      long span = (size - 1) * dilation + 1;
      if (span > n) {
        assertRefused(ShapeMismatchException.class, "[window]", () -> x.tensor().window(axis, size, stride, dilation));
        return;
      }
      long[] shape = Arrays.copyOf(Naive.with(x.shape(), axis, (n - span) / stride + 1), x.rank() + 1);
      shape[x.rank()] = size;
      Naive windows = Naive.of(shape, i -> x.at(Naive.with(Arrays.copyOf(i, x.rank()), axis, i[axis] * stride + i[x.rank()] * dilation)));
      assertSame(windows, x.tensor().window(axis - x.rank(), size, stride, dilation));
      Naive folded = Naive.of(x.shape(), i -> {
        double sum = 0;
        for (long w = 0; w < shape[axis]; w++) {
          for (long k = 0; k < size; k++) {
            if (w * stride + k * dilation == i[axis]) {
              long[] at = Arrays.copyOf(Naive.with(i, axis, w), x.rank() + 1);
              at[x.rank()] = k;
              sum += windows.at(at);
            }
          }
        }
        return sum;
      });
      assertSame(folded, windows.tensor().fold(axis, n, size, stride, dilation));
      assertSame(folded, windows.tensor().fold(axis - x.rank(), n, size, stride, dilation));
    });
  }

  @Test
  void foldNamesWhatDoesNotFit() {
    Tensor windows = Tensor.zeros(TensorType.of(DType.F32, 4, 3));
    assertEquals(Shape.of(6), windows.fold(0, 6, 3, 1, 1).shape());
    assertRefused(InvalidArgumentException.class, "[fold] axis 1 of the result", () -> windows.fold(1, 6, 3, 1, 1));
    assertRefused(ShapeMismatchException.class, "[overlap]", () -> windows.fold(0, 7, 3, 1, 1));
    assertRefused(ShapeMismatchException.class, "[overlap]", () -> windows.fold(0, 6, 2, 1, 1));
    assertRefused(DTypeMismatchException.class, "[overlap]", () -> windows.cast(DType.BOOL).fold(0, 6, 3, 1, 1));
  }
}
