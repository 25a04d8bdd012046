package dev.chainrule.data;

import dev.chainrule.DataFormatException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The IDX format of the MNIST files (yann.lecun.com/exdb/mnist): two zero bytes, a byte for the element type, a byte for the rank, the
 * size of each axis in 4 bytes, then the elements, row-major; everything big-endian. Plain or gzip, told apart by the first bytes.
 *
 * <p>Element types: unsigned byte (U8), int (I32), float (F32), double (F64).
 */
public final class Idx {

  /** Some JVMs refuse arrays a few elements short of 2^31. */
  private static final long MAX_BYTES = Integer.MAX_VALUE - 8L;

  private final String name;
  private final InputStream in;

  private Idx(String name, InputStream in) {
    this.name = name;
    this.in = in;
  }

  /**
   * Reads a file.
   *
   * @throws DataFormatException if it is not exactly one IDX array, naming the file, what was expected and what was found
   * @throws UncheckedIOException if it cannot be read
   */
  public static HostArray read(Path file) {
    try (var in = Files.newInputStream(file)) {
      return read(file.toString(), in, Files.isRegularFile(file) ? Files.size(file) : Long.MAX_VALUE);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /**
   * Reads a stream to its end; the caller closes it. Memory is taken as data arrives, whatever the header claims.
   *
   * @param name what the stream is, for messages
   * @throws DataFormatException if it is not exactly one IDX array
   * @throws UncheckedIOException if it cannot be read
   */
  public static HostArray read(String name, InputStream stream) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(stream, "stream");
    try {
      return read(name, stream, Long.MAX_VALUE);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }

  /** {@code available}: how many bytes the stream has, gzip or not; {@code Long.MAX_VALUE} when that is unknown. */
  private static HostArray read(String name, InputStream stream, long available) throws IOException {
    var buffered = new BufferedInputStream(stream, 1 << 16);
    buffered.mark(2);
    boolean gzip = buffered.read() == 0x1f && buffered.read() == 0x8b;
    buffered.reset();
    if (!gzip) {
      return new Idx(name, buffered).array(available);
    }
    try {
      return new Idx(name, new GZIPInputStream(buffered, 1 << 16)).array(Long.MAX_VALUE);
    } catch (ZipException e) {
      throw new DataFormatException(name, "corrupt gzip: " + e.getMessage(), "");
    } catch (EOFException e) {
      throw new DataFormatException(name, "truncated: the gzip stream ends early", "");
    }
  }

  private HostArray array(long available) throws IOException {
    byte[] magic = header("type and rank", 4);
    DType dtype = dtype(magic);
    int rank = magic[3] & 0xff;
    ByteBuffer sizes = ByteBuffer.wrap(header("the sizes of " + rank + " axes", 4 * rank));
    long[] dims = new long[rank];
    Arrays.setAll(dims, i -> Integer.toUnsignedLong(sizes.getInt()));
    int bytes = bytes(dtype, dims);
    long present = available - 4 - 4L * rank;
    if (available != Long.MAX_VALUE && present != bytes) {
      throw present < bytes ? truncated(dtype, dims, bytes, present) : oversized(dtype, dims, bytes, present + "");
    }
    byte[] data = in.readNBytes(bytes);
    if (data.length < bytes) {
      throw truncated(dtype, dims, bytes, data.length);
    }
    if (in.read() >= 0) {
      throw oversized(dtype, dims, bytes, "more");
    }
    var type = TensorType.of(dtype, dims);
    return dtype == DType.U8 ? HostArray.owning(type, data)
        : HostArray.copyOf(type, MemorySegment.ofArray(data), ByteOrder.BIG_ENDIAN);
  }

  private byte[] header(String what, int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new DataFormatException(name, "truncated: " + what + " need " + length + " bytes, found " + bytes.length, "");
    }
    return bytes;
  }

  private DType dtype(byte[] magic) {
    if (magic[0] != 0 || magic[1] != 0) {
      throw new DataFormatException(name, "not an IDX file: expected it to begin with 0000, found "
          + HexFormat.of().formatHex(magic), "");
    }
    return switch (magic[2]) {
      case 0x08 -> DType.U8;
      case 0x0C -> DType.I32;
      case 0x0D -> DType.F32;
      case 0x0E -> DType.F64;
      case 0x09 -> throw unsupported("signed byte (0x09)");
      case 0x0B -> throw unsupported("short (0x0b)");
      default -> throw unsupported("0x" + HexFormat.of().toHexDigits(magic[2]));
    };
  }

  private DataFormatException unsupported(String found) {
    return new DataFormatException(name, "element type " + found
        + "; expected unsigned byte (0x08), int (0x0c), float (0x0d) or double (0x0e)", "");
  }

  private int bytes(DType dtype, long[] dims) {
    long bytes = dtype.bytes();
    for (long dim : dims) {
      // Both factors are below 2^32 while the product so far is within the limit, so this cannot wrap.
      bytes = bytes > MAX_BYTES ? bytes : bytes * dim;
    }
    if (bytes > MAX_BYTES) {
      throw new DataFormatException(name, "the header claims " + dtype + Arrays.toString(dims) + ", more than the " + MAX_BYTES
          + " bytes that a host array holds", "");
    }
    return (int) bytes;
  }

  private DataFormatException truncated(DType dtype, long[] dims, long expected, long found) {
    return new DataFormatException(name, "truncated: " + dtype + Arrays.toString(dims) + " takes " + expected + " bytes, found "
        + found, "");
  }

  private DataFormatException oversized(DType dtype, long[] dims, long expected, String found) {
    return new DataFormatException(name, "bytes left over: " + dtype + Arrays.toString(dims) + " takes " + expected
        + " bytes, found " + found, "");
  }
}
