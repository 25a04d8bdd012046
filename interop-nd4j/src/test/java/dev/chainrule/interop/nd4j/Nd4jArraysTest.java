package dev.chainrule.interop.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Copies of every element type and layout. ND4J's own {@code getDouble} by indices says what the values are. */
class Nd4jArraysTest {

  private static HostArray values(DType dtype, long... dims) {
    int[] next = {0};
    return HostArray.generated(TensorType.of(dtype, dims), () -> dtype == DType.BOOL ? next[0]++ % 3 % 2 : next[0]++);
  }

  /** Each element as ND4J reads it by its indices. */
  private static double[] read(INDArray array) {
    double[] values = new double[Math.toIntExact(array.length())];
    long[] index = new long[array.rank()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.rank() == 0 ? array.getDouble(0) : array.getDouble(index);
      for (int axis = index.length - 1; axis >= 0 && ++index[axis] == array.size(axis); axis--) {
        index[axis] = 0;
      }
    }
    return values;
  }

  private static void assertSameValues(INDArray expected, HostArray actual) {
    assertArrayEquals(expected.shape(), actual.type().shape().dims());
    assertArrayEquals(read(expected), actual.toDoubleArray());
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeAndShapeComesBackAsItWas(DType dtype) {
    for (long[] dims : new long[][] {{}, {1}, {5}, {1, 4}, {4, 1}, {3, 4}, {2, 3, 4}, {2, 1, 3, 1, 2}}) {
      HostArray original = values(dtype, dims);
      INDArray array = Nd4jArrays.toArray(original);
      assertEquals(ElementTypes.dataType(dtype), array.dataType());
      assertArrayEquals(original.toDoubleArray(), read(array));
      assertEquals(original, Nd4jArrays.toHostArray(array));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyOrderAndEveryViewIsReadByItsIndices(DType dtype) {
    INDArray c = Nd4jArrays.toArray(values(dtype, 4, 6));
    assertSameValues(c, Nd4jArrays.toHostArray(c));
    INDArray f = c.dup('f');
    assertArrayEquals(new long[] {1, 4}, f.stride());
    assertSameValues(f, Nd4jArrays.toHostArray(f));
    assertEquals(Nd4jArrays.toHostArray(c), Nd4jArrays.toHostArray(f));
    assertSameValues(c.transpose(), Nd4jArrays.toHostArray(c.transpose()));
    INDArray columns = c.get(NDArrayIndex.all(), NDArrayIndex.interval(1, 4));
    assertSameValues(columns, Nd4jArrays.toHostArray(columns));
    INDArray rows = c.get(NDArrayIndex.interval(1, 3), NDArrayIndex.all());
    assertSameValues(rows, Nd4jArrays.toHostArray(rows));
    INDArray everyOther = c.get(NDArrayIndex.interval(0, 2, 4), NDArrayIndex.interval(0, 3, 6));
    assertSameValues(everyOther, Nd4jArrays.toHostArray(everyOther));
    INDArray fView = f.get(NDArrayIndex.interval(1, 3), NDArrayIndex.all());
    assertSameValues(fView, Nd4jArrays.toHostArray(fView));
    INDArray column = c.getColumn(2);
    assertSameValues(column, Nd4jArrays.toHostArray(column));
  }

  @Test
  void broadcastArraysAreWrittenOut() {
    INDArray row = Nd4j.createFromArray(1f, 2f, 3f).reshape(1, 3);
    INDArray broadcast = row.broadcast(4, 3);
    assertSameValues(broadcast, Nd4jArrays.toHostArray(broadcast));
    INDArray strided = Nd4j.create(row.data(), new long[] {4, 3}, new long[] {0, 1}, 0, 'c', DataType.FLOAT);
    assertEquals(HostArray.ofFloats(TensorType.of(DType.F32, 4, 3), 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3), Nd4jArrays.toHostArray(strided));
  }

  @Test
  void bitsAreKept() {
    Tensor odd = Tensor.of(new float[] {-0f, Float.NaN, Float.POSITIVE_INFINITY, Float.MIN_VALUE});
    assertEquals(odd.toHostArray(), Nd4jArrays.toHostArray(Nd4jArrays.toArray(odd)));
    HostArray longs = HostArray.ofLongs(TensorType.of(DType.I64, 3), Long.MIN_VALUE, Long.MAX_VALUE, (1L << 53) + 1);
    assertEquals(longs, Nd4jArrays.toHostArray(Nd4jArrays.toArray(longs)));
  }

  @Test
  void pendingTensorsAreComputed() {
    INDArray array = Nd4jArrays.toArray(Tensor.of(new float[] {1, 2, 3, 4}, 2, 2).mul(10));
    assertArrayEquals(new double[] {10, 20, 30, 40}, read(array));
  }

  @Test
  void copiesHaveNoTie() {
    INDArray array = Nd4j.createFromArray(1f, 2f);
    Tensor tensor = Nd4jArrays.toTensor(array);
    INDArray back = Nd4jArrays.toArray(tensor);
    array.addi(1);
    back.addi(5);
    assertArrayEquals(new float[] {1, 2}, tensor.toFloatArray());
  }

  @Test
  void emptyArraysKeepTheirShape() {
    assertEquals(HostArray.zeros(TensorType.of(DType.F32, 0, 3)), Nd4jArrays.toHostArray(Nd4j.create(DataType.FLOAT, 0, 3)));
    assertArrayEquals(new long[] {2, 0}, Nd4jArrays.toArray(HostArray.zeros(TensorType.of(DType.I32, 2, 0))).shape());
  }

  @ParameterizedTest
  @EnumSource(value = DataType.class, names = {"BYTE", "SHORT", "UINT16", "UINT32", "UINT64"})
  void typesThatNobodyHasHereAreErrors(DataType type) {
    var e = assertThrows(DTypeMismatchException.class, () -> Nd4jArrays.toTensor(Nd4j.create(type, 2)));
    assertTrue(e.getMessage().contains(type.toString()), e.getMessage());
    assertTrue(e.getMessage().contains("castTo"), e.getMessage());
  }

  @Test
  void textIsAnError() {
    assertThrows(DTypeMismatchException.class, () -> Nd4jArrays.toTensor(Nd4j.create("a", "b")));
  }

  @Test
  void closedArraysAreErrors() {
    INDArray array = Nd4j.createFromArray(1f, 2f);
    array.close();
    assertThrows(InvalidArgumentException.class, () -> Nd4jArrays.toTensor(array));
  }

  @Test
  void moreAxesThanNd4jHasAreAnError() {
    long[] dims = new long[33];
    Arrays.fill(dims, 1);
    assertThrows(InvalidArgumentException.class, () -> Nd4jArrays.toArray(HostArray.zeros(TensorType.of(DType.F32, dims))));
  }
}
