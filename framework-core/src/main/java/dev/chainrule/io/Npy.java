package dev.chainrule.io;

import dev.chainrule.DataFormatException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * NumPy's .npy files (numpy.org/doc/stable/reference/generated/numpy.lib.format.html): one array each. Versions 1.0 to 3.0 are read, in
 * C or Fortran order, little- or big-endian, of the element types that both sides have (F16, F32, F64, I32, I64, U8, BOOL); 1.0 is
 * written, dense row-major and little-endian, byte for byte as NumPy writes it. Every bit of every element is kept, NaNs' too.
 *
 * <p>As with a Tensor of {@link HostArray}: {@code Npy.write(file, tensor.toHostArray())}, {@code Tensor.of(Npy.read(file))}.
 */
public final class Npy {

  private Npy() {}

  /**
   * Writes a file whole or not at all.
   *
   * @throws dev.chainrule.InvalidArgumentException for bf16, which NumPy does not have, and for more than 64 axes
   * @throws UncheckedIOException if the file cannot be written; what was there before is then unchanged
   */
  public static void write(Path file, HostArray array) {
    var header = NpyHeader.encode(file.toString(), array.type());
    AtomicFile.write(file, channel -> {
      LittleEndian.write(channel, header);
      LittleEndian.write(channel, array);
    });
  }

  /**
   * Reads a file. What its header claims is checked against its size before memory is taken.
   *
   * @throws DataFormatException if the file is not exactly one array of the format, naming the file, what was expected and what was
   *     found; also for element types that only NumPy has, and for 2 GiB or more, which a host array cannot hold
   * @throws UncheckedIOException if it cannot be read
   */
  public static HostArray read(Path file) {
    try (var in = Files.newInputStream(file)) {
      boolean regular = Files.isRegularFile(file);
      return read(file.toString(), new BufferedInputStream(in), regular ? Files.size(file) : UNKNOWN, regular);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /**
   * Reads a stream to its end; the caller closes it. Memory is taken as data arrives, whatever the header claims.
   *
   * @param name what the stream is, for messages
   * @throws DataFormatException as of {@link #read(Path)}
   * @throws UncheckedIOException if it cannot be read
   */
  public static HostArray read(String name, InputStream stream) {
    try {
      return read(name, stream, UNKNOWN, false);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }

  private static final long UNKNOWN = -1;

  /**
   * Reads a stream that ought to have so many bytes.
   *
   * @param present whether the bytes are there for certain, so that memory may be taken at once
   */
  static HostArray read(String name, InputStream in, long size, boolean present) throws IOException {
    NpyHeader header = NpyHeader.read(name, in);
    TensorType type = header.type();
    int bytes = (int) type.bytes();
    if (size != UNKNOWN && size - header.headerBytes() != bytes) {
      throw wrongSize(name, type, Long.toString(size - header.headerBytes()));
    }
    byte[] elements = present ? new byte[bytes] : in.readNBytes(bytes);
    int found = present ? in.readNBytes(elements, 0, bytes) : elements.length;
    if (found < bytes) {
      throw wrongSize(name, type, Integer.toString(found));
    }
    if (in.read() >= 0) {
      throw wrongSize(name, type, "more");
    }
    requireTruthValues(name, type, elements);
    return dense(header, elements);
  }

  private static DataFormatException wrongSize(String name, TensorType type, String found) {
    return new DataFormatException(name, type + " takes " + type.bytes() + " bytes after the header, found " + found, "");
  }

  private static void requireTruthValues(String name, TensorType type, byte[] elements) {
    if (type.dtype() == DType.BOOL) {
      for (int i = 0; i < elements.length; i++) {
        if ((elements[i] & 0xff) > 1) {
          throw new DataFormatException(name, type + ": byte " + i + " of the elements is " + (elements[i] & 0xff) + ", expected 0 or 1", "");
        }
      }
    }
  }

  private static HostArray dense(NpyHeader header, byte[] elements) {
    TensorType type = header.type();
    byte[] rowMajor = header.fortranOrder() ? rowMajor(type, elements) : elements;
    return header.order() == ByteOrder.nativeOrder() || type.dtype().bytes() == 1 ? HostArray.owning(type, rowMajor)
        : HostArray.copyOf(type, MemorySegment.ofArray(rowMajor), header.order());
  }

  /** Elements in the order in which the last index varies fastest, from that in which the first does. */
  private static byte[] rowMajor(TensorType type, byte[] columnMajor) {
    long[] dims = type.shape().dims();
    if (type.elements() == 0 || dims.length < 2) {
      return columnMajor;
    }
    int[] stride = new int[dims.length];
    int width = type.dtype().bytes();
    for (int i = 0, step = width; i < dims.length; step *= (int) dims[i++]) {
      stride[i] = step;
    }
    byte[] result = new byte[columnMajor.length];
    long[] index = new long[dims.length];
    for (int to = 0, from = 0; to < result.length; to += width) {
      System.arraycopy(columnMajor, from, result, to, width);
      for (int axis = dims.length - 1; axis >= 0; axis--) {
        from += stride[axis];
        if (++index[axis] < dims[axis]) {
          break;
        }
        from -= stride[axis] * (int) dims[axis];
        index[axis] = 0;
      }
    }
    return result;
  }
}
