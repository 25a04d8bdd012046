package dev.chainrule.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DataFormatException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdxTest {

  /** u8[2,3]. */
  private static final byte[] SMALL = hex("00000802 00000002 00000003 00017f80feff");

  @TempDir Path directory;

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var packed = new GZIPOutputStream(out)) {
      packed.write(bytes);
    }
    return out.toByteArray();
  }

  private static HostArray stream(byte[] bytes) {
    return Idx.read("stream", new ByteArrayInputStream(bytes));
  }

  private HostArray file(byte[] bytes) throws IOException {
    return Idx.read(Files.write(directory.resolve("broken-idx"), bytes));
  }

  private void assertRefused(byte[] bytes, String message) {
    var e = assertThrows(DataFormatException.class, () -> file(bytes));
    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertTrue(e.getMessage().contains("broken-idx"), e.getMessage());
  }

  @Test
  void bytesAreUnsigned() throws IOException {
    for (HostArray array : new HostArray[] {stream(SMALL), file(SMALL), stream(gzip(SMALL)), file(gzip(SMALL))}) {
      assertEquals(TensorType.of(DType.U8, 2, 3), array.type());
      assertArrayEquals(new long[] {0, 1, 127, 128, 254, 255}, array.toLongArray());
    }
  }

  @Test
  void widerElementsAreBigEndian() {
    HostArray ints = stream(hex("00000c01 00000002 00000102 ffffffff"));
    assertEquals(TensorType.of(DType.I32, 2), ints.type());
    assertArrayEquals(new long[] {258, -1}, ints.toLongArray());
    HostArray floats = stream(hex("00000d01 00000002 3fc00000 c0000000"));
    assertEquals(TensorType.of(DType.F32, 2), floats.type());
    assertArrayEquals(new double[] {1.5, -2}, floats.toDoubleArray());
    HostArray doubles = stream(hex("00000e01 00000001 3ff8000000000000"));
    assertEquals(TensorType.of(DType.F64, 1), doubles.type());
    assertArrayEquals(new double[] {1.5}, doubles.toDoubleArray());
  }

  @Test
  void emptyArraysAreRead() throws IOException {
    assertEquals(TensorType.of(DType.U8, 0, 28, 28), file(hex("00000803 00000000 0000001c 0000001c")).type());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      89504e47 0d0a1a0a 00000000   | expected it to begin with 0000, found 89504e47
      00000901 00000001 00         | element type signed byte (0x09); expected unsigned byte
      00000b01 00000001 0000       | element type short (0x0b)
      00000701 00000001 00         | element type 0x07
      ''                           | truncated: type and rank need 4 bytes, found 0
      000008                       | truncated: type and rank need 4 bytes, found 3
      00000802 00000002 0000       | truncated: the sizes of 2 axes need 8 bytes, found 6
      00000802 00000002 00000003 0102030405     | truncated: u8[2, 3] takes 6 bytes, found 5
      00000802 00000002 00000003 01020304050607 | bytes left over: u8[2, 3] takes 6 bytes, found 7
      00000c01 00000002 00000001 000000         | truncated: i32[2] takes 8 bytes, found 7
      00000801 7fffffff 00                      | claims u8[2147483647], more than
      00000802 00010000 00010000 00             | claims u8[65536, 65536], more than
      00000803 ffffffff ffffffff ffffffff 00    | claims u8[4294967295, 4294967295, 4294967295], more than
      00000e01 20000000 00                      | claims f64[536870912], more than
      00000801 7ffffff0 00                      | truncated: u8[2147483632] takes 2147483632 bytes, found 1
      """)
  void faultsOfPlainFiles(String bytes, String message) {
    assertRefused(hex(bytes), message);
  }

  @Test
  void aLyingHeaderTakesNoMemory() throws IOException {
    byte[] lie = hex("00000801 7ffffff0 0102");
    long before = allocated();
    assertThrows(DataFormatException.class, () -> stream(lie));
    assertRefused(gzip(lie), "truncated: u8[2147483632] takes 2147483632 bytes, found 2");
    assertTrue(allocated() - before < 50_000_000, "allocated " + (allocated() - before));
  }

  private static long allocated() {
    var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    return threads.getCurrentThreadAllocatedBytes();
  }

  @Test
  void faultsInsideGzip() throws IOException {
    assertRefused(gzip(Arrays.copyOf(SMALL, 17)), "truncated: u8[2, 3] takes 6 bytes, found 5");
    assertRefused(gzip(Arrays.copyOf(SMALL, 19)), "bytes left over: u8[2, 3] takes 6 bytes, found more");
    assertRefused(gzip(hex("0102030405")), "not an IDX file");
  }

  @Test
  void faultsOfGzip() throws IOException {
    byte[] packed = gzip(SMALL);
    assertRefused(Arrays.copyOf(packed, 2), "truncated: the gzip stream ends early");
    assertRefused(Arrays.copyOf(packed, 15), "truncated: the gzip stream ends early");
    assertRefused(Arrays.copyOf(packed, packed.length - 3), "truncated: the gzip stream ends early");
    byte[] badMethod = packed.clone();
    badMethod[2] = 9;
    assertRefused(badMethod, "corrupt gzip: ");
    byte[] badSum = packed.clone();
    badSum[packed.length - 8] ^= 1;
    assertRefused(badSum, "corrupt gzip: ");
  }

  @Test
  void everyFlippedByteOfAGzipFileIsAnErrorOrTheSameArray() throws IOException {
    byte[] packed = gzip(SMALL);
    HostArray sound = stream(SMALL);
    for (int at = 2; at < packed.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] damaged = packed.clone();
        damaged[at] ^= (byte) (1 << bit);
        try {
          assertEquals(sound, stream(damaged), "byte " + at + " bit " + bit);
        } catch (DataFormatException e) {
          assertTrue(e.getMessage().startsWith("[stream] "), e.getMessage());
        }
      }
    }
  }

  @Test
  void truncatedStreamsSayHowMuchCame() {
    var e = assertThrows(DataFormatException.class, () -> stream(Arrays.copyOf(SMALL, 16)));
    assertTrue(e.getMessage().contains("u8[2, 3] takes 6 bytes, found 4"), e.getMessage());
  }

  @Test
  void failuresToReadAreNotFaultsOfTheFormat() {
    var broken = new IOException("cable pulled");
    var e = assertThrows(UncheckedIOException.class, () -> Idx.read("stream", new InputStream() {
      @Override
      public int read() throws IOException {
        throw broken;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        throw broken;
      }
    }));
    assertSame(broken, e.getCause());
    assertThrows(UncheckedIOException.class, () -> Idx.read(directory.resolve("none")));
  }
}
