package dev.chainrule.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {

  @TempDir Path directory;

  private Path file() {
    return directory.resolve("model.safetensors");
  }

  /** The reference file, byte by byte: header in map order, data with wide elements first. */
  private static byte[] twoTensors() {
    String json = "{\"__metadata__\":{\"epoch\":\"3\"},\"mask\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[8,11]},"
        + "\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}";
    String header = json + " ".repeat((8 - json.length() % 8) % 8);
    var bytes = ByteBuffer.allocate(8 + header.length() + 11).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
    bytes.putFloat(1.5f).putFloat(-2f).put(new byte[] {1, 0, 1});
    return bytes.array();
  }

  private static SequencedMap<String, HostArray> twoArrays() {
    var tensors = new LinkedHashMap<String, HostArray>();
    tensors.put("mask", HostArray.ofLongs(TensorType.of(DType.BOOL, 3), 1, 0, 1));
    tensors.put("w", HostArray.ofFloats(TensorType.of(DType.F32, 2, 1), 1.5f, -2f));
    return tensors;
  }

  @Test
  void writesTheBytesOfTheFormat() throws IOException {
    Safetensors.write(file(), twoArrays(), Map.of("epoch", "3"));
    assertArrayEquals(twoTensors(), Files.readAllBytes(file()));
  }

  @Test
  void readsTheBytesOfTheFormat() throws IOException {
    Files.write(file(), twoTensors());
    var read = Safetensors.read(file());
    assertEquals(twoArrays(), read.tensors());
    assertEquals(List.of("mask", "w"), List.copyOf(read.tensors().keySet()));
    assertEquals(Map.of("epoch", "3"), read.metadata());
  }

  @Test
  void everyTypeHasItsBits() throws IOException {
    // 1.5 in each type, as its bits in little-endian order.
    Map<DType, String> bits = Map.of(DType.F32, "0000c03f", DType.F64, "000000000000f83f", DType.F16, "003e", DType.BF16, "c03f",
        DType.I32, "01000000", DType.I64, "0100000000000000", DType.U8, "01", DType.BOOL, "01");
    for (DType dtype : DType.values()) {
      Safetensors.write(file(), Map.of("x", HostArray.ofDoubles(TensorType.scalar(dtype), 1.5)), Map.of());
      byte[] bytes = Files.readAllBytes(file());
      String data = HexFormat.of().formatHex(bytes, bytes.length - dtype.bytes(), bytes.length);
      assertEquals(bits.get(dtype), data, dtype.toString());
      String header = new String(bytes, 8, bytes.length - 8 - dtype.bytes(), StandardCharsets.US_ASCII);
      assertEquals("{\"x\":{\"dtype\":\"" + dtype.name() + "\",\"shape\":[],\"data_offsets\":[0," + dtype.bytes() + "]}}", header.strip());
      assertEquals(0, header.length() % 8);
    }
  }

  @Test
  void everyTypeRoundTrips() {
    var tensors = new LinkedHashMap<String, HostArray>();
    for (DType dtype : DType.values()) {
      double[] values = dtype == DType.BOOL ? new double[] {0, 1, 1, 0, 1, 0} : new double[] {0, 1, 2, 3.25, 100, 255};
      tensors.put(dtype + " tensor \"é😀\"", HostArray.ofDoubles(TensorType.of(dtype, 3, 2), values));
      tensors.put(dtype + " empty", HostArray.ofDoubles(TensorType.of(dtype, 4, 0, 2)));
    }
    Safetensors.write(file(), tensors, Map.of("json", "{\"a\":1}", "empty", ""));
    var read = Safetensors.read(file());
    assertEquals(tensors, read.tensors());
    assertEquals(new ArrayList<>(tensors.keySet()), new ArrayList<>(read.tensors().keySet()));
    assertEquals(Map.of("json", "{\"a\":1}", "empty", ""), read.metadata());
  }

  @Test
  void nanPayloadsSurvive() {
    var odd = HostArray.copyOf(TensorType.of(DType.F32, 1), MemorySegment.ofArray(new int[] {0x7fa00001}));
    Safetensors.write(file(), Map.of("x", odd), Map.of());
    assertEquals(odd, Safetensors.read(file()).tensors().get("x"));
  }

  @Test
  void tensorsLargerThanAChunkRoundTrip() {
    float[] values = new float[1_000_003];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    var large = HostArray.ofFloats(TensorType.of(DType.F32, values.length), values);
    Safetensors.write(file(), Map.of("x", large), Map.of());
    assertEquals(large, Safetensors.read(file()).tensors().get("x"));
  }

  @Test
  void noTensorsIsAFileToo() throws IOException {
    Safetensors.write(file(), Map.of(), Map.of());
    assertArrayEquals(new byte[] {8, 0, 0, 0, 0, 0, 0, 0, '{', '}', ' ', ' ', ' ', ' ', ' ', ' '}, Files.readAllBytes(file()));
    assertTrue(Safetensors.read(file()).tensors().isEmpty());
  }

  @Test
  void mapsWithoutOrderAreWrittenByName() {
    var x = HostArray.ofFloats(TensorType.scalar(DType.F32), 1);
    Safetensors.write(file(), Map.of("b", x, "c", x, "a", x), Map.of());
    assertEquals(List.of("a", "b", "c"), List.copyOf(Safetensors.read(file()).tensors().keySet()));
  }

  @Test
  void forbiddenNamesLeaveTheOldFile() throws IOException {
    Safetensors.write(file(), twoArrays(), Map.of("epoch", "3"));
    var x = HostArray.ofFloats(TensorType.scalar(DType.F32), 1);
    assertThrows(InvalidArgumentException.class, () -> Safetensors.write(file(), Map.of("__metadata__", x), Map.of()));
    assertThrows(InvalidArgumentException.class, () -> Safetensors.write(file(), Map.of("\ud800", x), Map.of()));
    assertArrayEquals(twoTensors(), Files.readAllBytes(file()));
  }

  @Test
  void aMissingFileIsNamed() {
    var e = assertThrows(UncheckedIOException.class, () -> Safetensors.read(file()));
    assertTrue(e.getMessage().contains("model.safetensors"), e.getMessage());
  }
}
