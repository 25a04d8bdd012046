package dev.chainrule.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class DatasetTest {

  private static HostArray range(DType dtype, long... dims) {
    TensorType type = TensorType.of(dtype, dims);
    return HostArray.ofLongs(type, LongStream.range(0, type.elements()).toArray());
  }

  /** Reads through a loader, as users do. */
  private static Batch all(Dataset dataset) {
    try (Epoch epoch = DataLoader.of(dataset, Math.max(1, dataset.size())).epoch(0)) {
      return epoch.iterator().next();
    }
  }

  @Test
  void bytesBecomeUnitFloats() {
    Dataset data = Dataset.of(Column.unitScaled(range(DType.U8, 256, 1, 1)));
    assertEquals(List.of(TensorType.of(DType.F32, 1, 1)), data.fields());
    HostArray pixels = all(data).fields().getFirst();
    assertEquals(TensorType.of(DType.F32, 256, 1, 1), pixels.type());
    for (int i = 0; i < 256; i++) {
      assertEquals((float) (i / 255.0), (float) pixels.doubleAt(i));
    }
    assertEquals(1.0, pixels.doubleAt(255));
  }

  @Test
  void labelsBecomeInts() {
    Dataset data = Dataset.of(Column.labels(HostArray.ofLongs(TensorType.of(DType.U8, 3), 0, 9, 255)));
    assertEquals(List.of(TensorType.scalar(DType.I32)), data.fields());
    HostArray labels = all(data).fields().getFirst();
    assertEquals(HostArray.ofLongs(TensorType.of(DType.I32, 3), 0, 9, 255), labels);
  }

  @Test
  void rowsOfEveryTypeAreKeptAsTheyAre() {
    for (DType dtype : DType.values()) {
      HostArray rows = range(dtype, 3, 2);
      assertEquals(rows, all(Dataset.of(Column.of(rows))).fields().getFirst());
    }
  }

  @Test
  void subsetsAreRanges() {
    Dataset data = Dataset.of(Column.of(range(DType.I64, 10)));
    assertArrayEquals(new long[] {4, 5, 6}, all(data.subset(3, 8).subset(1, 4)).fields().getFirst().toLongArray());
    Dataset.Split parts = data.split(7);
    assertEquals(7, parts.head().size());
    assertArrayEquals(new long[] {7, 8, 9}, all(parts.tail()).fields().getFirst().toLongArray());
    assertThrows(InvalidArgumentException.class, () -> data.subset(3, 11));
    assertThrows(InvalidArgumentException.class, () -> data.subset(-1, 3));
    assertThrows(InvalidArgumentException.class, () -> data.subset(4, 3));
    assertThrows(InvalidArgumentException.class, () -> data.split(11));
    assertThrows(IndexOutOfBoundsException.class, () -> data.subset(0, 3).read(3, List.of()));
  }

  @Test
  void columnsMustFit() {
    Column three = Column.of(range(DType.F32, 3));
    Column four = Column.of(range(DType.F32, 4));
    assertThrows(InvalidArgumentException.class, () -> Dataset.of(three, four));
    assertThrows(InvalidArgumentException.class, () -> Dataset.of());
    assertThrows(ShapeMismatchException.class, () -> Column.of(range(DType.F32)));
    assertThrows(DTypeMismatchException.class, () -> Column.unitScaled(range(DType.F32, 3)));
    assertThrows(DTypeMismatchException.class, () -> Column.labels(range(DType.I32, 3)));
    assertThrows(ShapeMismatchException.class, () -> Column.labels(range(DType.U8, 3, 1)));
  }
}
