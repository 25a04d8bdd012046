package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sorting beside a naive one of the JDK's: lists of boxed positions and a comparator that says what the order is. */
class SortingTest {

  private static final double NAN = Double.NaN;
  private static final double[] TIES = {NAN, -0.0, 0, 1, -1, 2, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, Double.MIN_VALUE};

  /** Mostly ties, as in life; lines of all lengths from 0 to 40. */
  private static double[] line(SplittableRandom random) {
    return IntStream.range(0, random.nextInt(41))
        .mapToDouble(_ -> random.nextInt(3) == 0 ? random.nextDouble(-2, 2) : TIES[random.nextInt(TIES.length)]).toArray();
  }

  /** The positions in order: NaN last, 0 equal to -0, equals as they were. */
  private static List<Integer> order(double[] line, boolean descending) {
    Comparator<Integer> byValue = Comparator.comparingDouble(i -> line[i] == 0 ? 0 : line[i]);
    Comparator<Integer> numbersFirst = Comparator.comparing(i -> Double.isNaN(line[i]));
    List<Integer> order = new ArrayList<>(IntStream.range(0, line.length).boxed().toList());
    order.sort(numbersFirst.thenComparing(descending ? byValue.reversed() : byValue));
    return order;
  }

  @Test
  void sortsAsANaiveSortDoes() {
    var random = new SplittableRandom(7);
    for (int repeat = 0; repeat < 300; repeat++) {
      double[] line = line(random);
      for (boolean descending : new boolean[] {false, true}) {
        List<Integer> order = order(line, descending);
        Sorted sorted = Tensor.of(line).sort(0, descending);
        assertArrayEquals(order.stream().mapToLong(i -> i).toArray(), readLongs(sorted.indices()), Arrays.toString(line));
        assertArrayEquals(order.stream().mapToDouble(i -> line[i]).toArray(), read(sorted.values()), "signs of zeros too");
        assertArrayEquals(readLongs(sorted.indices()), readLongs(Tensor.of(line).argsort(0, descending)));
      }
    }
  }

  @Test
  void sortedValuesAreInOrderStableAndAPermutation() {
    var random = new SplittableRandom(8);
    for (int repeat = 0; repeat < 100; repeat++) {
      double[] line = line(random);
      Sorted sorted = Tensor.of(line).sort(0);
      double[] values = read(sorted.values());
      long[] indices = readLongs(sorted.indices());
      for (int i = 1; i < values.length; i++) {
        assertTrue(values[i - 1] <= values[i] || Double.isNaN(values[i]));
        boolean equal = values[i - 1] == values[i] || Double.isNaN(values[i - 1]);
        assertTrue(!equal || indices[i - 1] < indices[i], "equals keep their order");
      }
      assertArrayEquals(IntStream.range(0, line.length).asLongStream().toArray(), Arrays.stream(indices).sorted().toArray());
      assertArrayEquals(values, read(Tensor.of(line).take(0, sorted.indices())));
    }
  }

  @Test
  @Tag("S7.11")
  void topkIsTheBeginningOfASort() {
    var random = new SplittableRandom(9);
    for (int repeat = 0; repeat < 200; repeat++) {
      double[] line = line(random);
      int k = random.nextInt(line.length + 1);
      for (boolean largest : new boolean[] {false, true}) {
        List<Integer> order = order(line, largest).subList(0, k);
        Sorted top = Tensor.of(line).topk(k, 0, largest);
        assertArrayEquals(order.stream().mapToLong(i -> i).toArray(), readLongs(top.indices()));
        assertArrayEquals(order.stream().mapToDouble(i -> line[i]).toArray(), read(top.values()));
      }
      assertArrayEquals(readLongs(Tensor.of(line).topk(k, -1, true).indices()), readLongs(Tensor.of(line).topk(k, -1).indices()));
    }
  }

  @Test
  void sortsAlongAnyAxisOfAnyType() {
    for (DType dtype : DType.values()) {
      Tensor x = Tensor.of(new int[] {3, 1, 2, 0, 5, 4}, 2, 3).cast(dtype);
      Sorted columns = x.sort(0, true);
      assertEquals(x.type(), columns.values().type());
      assertEquals(x.type().withDType(DType.I32), columns.indices().type());
      assertArrayEquals(dtype == DType.BOOL ? new long[] {0, 0, 0, 1, 1, 1} : new long[] {0, 1, 1, 1, 0, 0}, readLongs(columns.indices()));
      assertArrayEquals(dtype == DType.BOOL ? new long[] {0, 1, 2, 0, 1, 2} : new long[] {1, 2, 0, 0, 2, 1}, readLongs(x.argsort(-1)));
      assertEquals(TensorType.of(dtype, 2, 1), x.topk(1, 1).values().type());
    }
  }

  @Test
  void topkTakesWhatThereIs() {
    Tensor x = Tensor.of(new float[] {1, 2});
    assertEquals(TensorType.of(DType.F32, 0), x.topk(0, 0).values().type());
    assertArrayEquals(new double[] {2, 1}, read(x.topk(2, 0).values()));
    var tooMany = assertThrows(InvalidArgumentException.class, () -> x.topk(3, -1));
    assertTrue(tooMany.getMessage().startsWith("[topk] k is 3, expected 0 to 2, the size of axis -1 of f32[2]"), tooMany.getMessage());
    assertThrows(InvalidArgumentException.class, () -> x.topk(-1, 0));
    assertThrows(InvalidArgumentException.class, () -> x.topk(1, 1));
    assertThrows(InvalidArgumentException.class, () -> Tensor.scalar(1).sort(0));
  }
}
