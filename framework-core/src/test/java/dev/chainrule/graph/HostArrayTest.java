package dev.chainrule.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.nn.Initializer;
import dev.chainrule.nn.Linear;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HostArrayTest {

  private static final TensorType TOO_LARGE = TensorType.of(DType.F32, 784, 800_000);

  static Stream<Executable> tooLarge() {
    return Stream.of(
        () -> HostArray.zeros(TOO_LARGE),
        () -> HostArray.copyOf(TOO_LARGE, MemorySegment.NULL),
        () -> HostArray.copyOf(TOO_LARGE, MemorySegment.NULL, ByteOrder.LITTLE_ENDIAN),
        () -> HostArray.generated(TOO_LARGE, () -> 1),
        () -> Initializer.zeros().values(TOO_LARGE, HostRandom.of(1, "test")),
        () -> new Linear(784, 800_000).initialise(1));
  }

  @ParameterizedTest
  @MethodSource("tooLarge")
  @Tag("S1.8")
  void whatNoArrayHoldsIsNamedWithTheLimit(Executable maker) {
    var e = assertThrows(InvalidArgumentException.class, maker);
    assertTrue(e.getMessage().startsWith("[tensor] f32[784,800000] takes 2,508,800,000 bytes on the host, at most 2,147,483,639"),
        e.getMessage());
  }

  @Test
  void zerosAreZeros() {
    assertEquals(HostArray.ofDoubles(TensorType.of(DType.F64, 2, 2), 0, 0, 0, 0), HostArray.zeros(TensorType.of(DType.F64, 2, 2)));
  }

  @Test
  void generatedElementsAreRoundedToTheType() {
    double[] next = {0};
    HostArray array = HostArray.generated(TensorType.of(DType.F32, 2, 2), () -> next[0] += 0.1);
    assertArrayEquals(new double[] {0.1f, 0.2f, (float) (0.1 + 0.1 + 0.1), (float) (0.1 + 0.1 + 0.1 + 0.1)}, array.toDoubleArray());
  }

  @Test
  void equalityIsOfTypeAndBits() {
    HostArray one = HostArray.ofDoubles(TensorType.of(DType.F64, 2), 1, Double.NaN);
    HostArray other = HostArray.ofDoubles(TensorType.of(DType.F64, 2), 1, Double.NaN);
    assertEquals(one, one);
    assertEquals(one, other);
    assertEquals(one.hashCode(), other.hashCode());
    assertEquals(one.hashCode(), one.hashCode());
    assertNotEquals(one, HostArray.ofDoubles(TensorType.of(DType.F64, 2, 1), 1, Double.NaN));
    assertNotEquals(HostArray.ofDoubles(one.type(), 1, 0.0), HostArray.ofDoubles(one.type(), 1, -0.0));
  }

  @Test
  void equalityWithItselfAndASecondHashReadNoElement() {
    // Adopted bytes that are changed against the rule show whether they are read again.
    byte[] bytes = new byte[8];
    HostArray array = HostArray.owning(TensorType.of(DType.F64, 1), bytes);
    int before = array.hashCode();
    bytes[0] = 1;
    assertEquals(before, array.hashCode());
  }

  @Test
  @Tag("S1.3")
  void elementsLieInNativeByteOrderAndTruthTakesAByteOfOne() {
    HostArray integers = HostArray.ofLongs(TensorType.of(DType.I32, 2), 0x01020304, -2);
    assertEquals(0x01020304, integers.segment().get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.nativeOrder()), 0));
    assertEquals(-2, integers.segment().get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.nativeOrder()), 4));
    HostArray truths = HostArray.ofLongs(TensorType.of(DType.BOOL, 2), 0, 1);
    assertArrayEquals(new byte[] {0, 1}, truths.segment().toArray(ValueLayout.JAVA_BYTE));
  }

  @Test
  @Tag("S2.6")
  void javaGetsTheNearestNumbersAndIntegersAsCastsGiveThem() {
    HostArray doubles = HostArray.ofDoubles(TensorType.of(DType.F64, 5), 16777217, 1e300, -1.9, Double.NaN, -1e300);
    assertArrayEquals(new float[] {16777216, Float.POSITIVE_INFINITY, -1.9f, Float.NaN, Float.NEGATIVE_INFINITY}, doubles.toFloatArray());
    assertArrayEquals(new long[] {16777217, Long.MAX_VALUE, -1, 0, Long.MIN_VALUE}, doubles.toLongArray());
    HostArray longs = HostArray.ofLongs(TensorType.of(DType.I64, 2), (1L << 53) + 1, Long.MAX_VALUE);
    assertArrayEquals(new double[] {0x1p53, 0x1p63}, longs.toDoubleArray());
    assertArrayEquals(new float[] {0x1p53f, 0x1p63f}, longs.toFloatArray());
  }
}
