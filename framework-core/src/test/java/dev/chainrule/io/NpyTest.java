package dev.chainrule.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that NumPy wrote (numpy/make_fixtures.py says how) are read bit for bit, and what is written is what NumPy would have written. */
class NpyTest {

  @TempDir Path directory;

  static Path numpy(String name) {
    try {
      return Path.of(NpyTest.class.getResource("numpy/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static HostArray floats(DType dtype, double smallest) {
    return HostArray.ofDoubles(TensorType.of(dtype, 2, 3), 0.0, -0.0, 1.5, Double.NaN, Double.NEGATIVE_INFINITY, smallest);
  }

  private static HostArray longs(DType dtype, long... values) {
    return HostArray.ofLongs(TensorType.of(dtype, 2, 3), values);
  }

  private static HostArray expected(String kind) {
    return switch (kind) {
      case "f2" -> floats(DType.F16, 0x1p-24);
      case "f4" -> floats(DType.F32, Float.MIN_VALUE);
      case "f8" -> floats(DType.F64, Double.MIN_VALUE);
      case "i4" -> longs(DType.I32, 0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 258);
      case "i8" -> longs(DType.I64, 0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 258);
      case "u1" -> longs(DType.U8, 0, 1, 127, 128, 255, 7);
      case "b1" -> longs(DType.BOOL, 1, 0, 0, 1, 1, 0);
      default -> throw new AssertionError(kind);
    };
  }

  private static HostArray cube() {
    return HostArray.ofLongs(TensorType.of(DType.I32, 2, 3, 4), LongStream.range(0, 24).toArray());
  }

  @ParameterizedTest
  @ValueSource(strings = {"f2", "f4", "f8", "i4", "i8", "u1", "b1"})
  void everyTypeIsReadInBothOrdersOfBytesAndOfAxes(String kind) {
    for (String layout : new String[] {"c", "f"}) {
      assertEquals(expected(kind), Npy.read(numpy(kind + "-le-" + layout + ".npy")));
      if (!kind.equals("u1") && !kind.equals("b1")) {
        assertEquals(expected(kind), Npy.read(numpy(kind + "-be-" + layout + ".npy")));
      }
    }
  }

  @Test
  void everyRankAndVersionIsRead() {
    assertEquals(cube(), Npy.read(numpy("cube-c.npy")));
    assertEquals(cube(), Npy.read(numpy("cube-f.npy")));
    assertEquals(cube(), Npy.read(numpy("version-2.npy")));
    assertEquals(cube(), Npy.read(numpy("version-3.npy")));
    assertEquals(HostArray.ofDoubles(TensorType.scalar(DType.F64), 2.5), Npy.read(numpy("scalar.npy")));
    assertEquals(HostArray.ofLongs(TensorType.of(DType.I64, 5), 0, 1, 2, 3, 4), Npy.read(numpy("vector.npy")));
    assertEquals(HostArray.zeros(TensorType.of(DType.F32, 0, 3)), Npy.read(numpy("empty.npy")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"f2-le-c", "f4-le-c", "f8-le-c", "i4-le-c", "i8-le-c", "u1-le-c", "b1-le-c", "cube-c", "scalar", "empty", "vector"})
  void whatIsWrittenIsByteForByteWhatNumpyWrites(String name) throws IOException {
    Path original = numpy(name + ".npy");
    Path copy = directory.resolve("copy.npy");
    Npy.write(copy, Npy.read(original));
    assertArrayEquals(Files.readAllBytes(original), Files.readAllBytes(copy));
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, mode = EnumSource.Mode.EXCLUDE, names = "BF16")
  void everyTypeComesBackAsItWas(DType dtype) {
    for (long[] dims : new long[][] {{}, {1}, {7}, {0}, {3, 1, 5}, {2, 0, 3}, {1, 2, 3, 4, 5}}) {
      TensorType type = TensorType.of(dtype, dims);
      int[] next = {0};
      HostArray array = HostArray.generated(type, () -> dtype == DType.BOOL ? next[0]++ % 2 : next[0]++ * 0.5);
      Path file = directory.resolve("array.npy");
      Npy.write(file, array);
      assertEquals(array, Npy.read(file));
    }
  }

  @Test
  void payloadsOfNansAreKept() {
    byte[] bits = {1, 0, (byte) 0xa0, 0x7f, 1, 2, 3, (byte) 0xff}; // a signalling NaN and one with a sign
    HostArray nans = HostArray.copyOf(TensorType.of(DType.F32, 2), MemorySegment.ofArray(bits));
    Path file = directory.resolve("nan.npy");
    Npy.write(file, nans);
    assertEquals(nans, Npy.read(file));
  }

  @Test
  void arraysLargerThanAChunkAreWrittenWhole() {
    int[] next = {0};
    HostArray large = HostArray.generated(TensorType.of(DType.F32, 700, 1001), () -> next[0]++);
    Path file = directory.resolve("large.npy");
    Npy.write(file, large);
    assertEquals(large, Npy.read(file));
  }

  @Test
  void streamsAreReadToo() throws IOException {
    try (var in = NpyTest.class.getResourceAsStream("numpy/cube-f.npy")) {
      assertEquals(cube(), Npy.read("cube", in));
    }
  }

  @Test
  void bf16IsRefusedBeforeAnythingIsWritten() {
    Path file = directory.resolve("b.npy");
    var e = assertThrows(InvalidArgumentException.class, () -> Npy.write(file, HostArray.zeros(TensorType.of(DType.BF16, 2))));
    assertTrue(e.getMessage().contains("bf16[2]: NumPy has no bf16"), e.getMessage());
    assertFalse(Files.exists(file));
  }

  @Test
  void anAbsentFileIsNamed() {
    var e = assertThrows(UncheckedIOException.class, () -> Npy.read(directory.resolve("absent.npy")));
    assertTrue(e.getMessage().contains("absent.npy"), e.getMessage());
  }
}
