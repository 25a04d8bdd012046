package dev.chainrule.io;

import dev.chainrule.DataFormatException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.HostArray;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * NumPy's .npz files: a zip archive of {@link Npy .npy files}, stored or deflated, each named as its array with {@code .npy} appended.
 */
public final class Npz {

  private static final String SUFFIX = ".npy";
  /** The earliest that a zip archive can say, as NumPy does: equal content gives equal bytes. */
  private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);
  /** Names are 16-bit counted in an archive. */
  private static final int MAX_NAME_BYTES = 0xffff;

  private Npz() {}

  /**
   * Writes a file whole or not at all, without compression, as {@code numpy.savez} does. A map without an order of its own is written
   * sorted by name.
   *
   * @throws InvalidArgumentException for bf16 arrays, which NumPy does not have, and empty or endless names
   * @throws UncheckedIOException if the file cannot be written; what was there before is then unchanged
   */
  public static void write(Path file, Map<String, HostArray> arrays) {
    write(file, arrays, ZipEntry.STORED);
  }

  /** As {@link #write}, compressed, as {@code numpy.savez_compressed} does: smaller where arrays repeat themselves, and slower. */
  public static void writeCompressed(Path file, Map<String, HostArray> arrays) {
    write(file, arrays, ZipEntry.DEFLATED);
  }

  private static void write(Path file, Map<String, HostArray> arrays, int method) {
    SequencedMap<String, ByteBuffer> headers = new LinkedHashMap<>();
    SequencedMap<String, HostArray> ordered = MapOrder.copyOf(arrays);
    ordered.forEach((name, array) -> headers.put(requireName(file, name), NpyHeader.encode(file + ": array '" + name + "'", array.type())));
    AtomicFile.write(file, channel -> {
      var zip = new ZipOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16));
      var content = Channels.newChannel(zip);
      for (Map.Entry<String, HostArray> array : ordered.entrySet()) {
        ByteBuffer header = Objects.requireNonNull(headers.get(array.getKey()));
        zip.putNextEntry(entry(array.getKey() + SUFFIX, method, header, LittleEndian.bytes(array.getValue())));
        LittleEndian.write(content, header);
        LittleEndian.write(content, array.getValue());
        zip.closeEntry();
      }
      zip.finish();
      zip.flush();
    });
  }

  private static String requireName(Path file, String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length + SUFFIX.length();
    if (name.isEmpty() || bytes > MAX_NAME_BYTES) {
      throw new InvalidArgumentException(file.toString(), "a name of " + bytes + " bytes in the archive, expected "
          + (SUFFIX.length() + 1) + " to " + MAX_NAME_BYTES, "");
    }
    return name;
  }

  private static ZipEntry entry(String name, int method, ByteBuffer header, ByteBuffer elements) {
    var entry = new ZipEntry(name);
    entry.setMethod(method);
    entry.setTimeLocal(TIME);
    if (method == ZipEntry.STORED) { // sizes and sum stand before what they are of
      var sum = new CRC32();
      sum.update(header.duplicate());
      sum.update(elements.duplicate());
      entry.setSize(header.remaining() + (long) elements.remaining());
      entry.setCrc(sum.getValue());
    }
    return entry;
  }

  /**
   * Reads all arrays of a file, at most as many bytes as this virtual machine may have on its heap.
   *
   * @return by name without {@code .npy}, in the archive's order
   * @throws DataFormatException if it is not a zip archive of {@code .npy} files, naming the file, the array, what was expected and what
   *     was found; also as {@link Npy#read(Path)} throws it
   * @throws UncheckedIOException if it cannot be read
   */
  public static SequencedMap<String, HostArray> read(Path file) {
    return read(file, Runtime.getRuntime().maxMemory());
  }

  /**
   * As {@link #read(Path)}, of a file that nobody vouches for: a small archive can unpack to a thousand times its size.
   *
   * @param mostBytes what the arrays may take in all, uncompressed, before any is read
   */
  public static SequencedMap<String, HostArray> read(Path file, long mostBytes) {
    if (!Files.isReadable(file)) {
      throw new UncheckedIOException("cannot read " + file, new IOException("not there, or not readable"));
    }
    try (var zip = new ZipFile(file.toFile())) {
      List<? extends ZipEntry> entries = zip.stream().toList();
      requireBounded(file, entries, mostBytes);
      SequencedMap<String, HostArray> arrays = new LinkedHashMap<>();
      for (ZipEntry entry : entries) {
        String name = entry.getName();
        if (!name.endsWith(SUFFIX) || name.length() == SUFFIX.length()) {
          throw new DataFormatException(file.toString(), "entry '" + name + "' of the archive; expected names that end with .npy", "");
        }
        if (arrays.put(name.substring(0, name.length() - SUFFIX.length()), array(file, zip, entry)) != null) {
          throw new DataFormatException(file.toString(), "two entries are named '" + name + "'", "");
        }
      }
      return Collections.unmodifiableSequencedMap(arrays);
    } catch (ZipException | IllegalArgumentException e) {
      throw new DataFormatException(file.toString(), "not a sound zip archive: " + e.getMessage(), "");
    } catch (EOFException e) {
      throw new DataFormatException(file.toString(), "not a sound zip archive: it ends early", "");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  private static void requireBounded(Path file, List<? extends ZipEntry> entries, long mostBytes) {
    long left = mostBytes;
    for (ZipEntry entry : entries) {
      if (entry.getSize() < 0 || entry.getSize() > left) {
        throw new DataFormatException(file.toString(), "entry '" + entry.getName() + "' takes " + Long.toUnsignedString(entry.getSize())
            + " bytes, and " + left + " of the " + mostBytes + " that may be read are left",
            "Allow more, or start Java with a larger heap (-Xmx).");
      }
      left -= entry.getSize();
    }
  }

  private static HostArray array(Path file, ZipFile zip, ZipEntry entry) throws IOException {
    String name = file + ": " + entry.getName();
    try (var in = new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
      boolean present = entry.getMethod() == ZipEntry.STORED && entry.getSize() <= Files.size(file);
      HostArray array = Npy.read(name, in, entry.getSize(), present);
      long sum = in.getChecksum().getValue();
      if (sum != entry.getCrc()) {
        throw new DataFormatException(name, "the sum of its bytes is " + Long.toHexString(sum) + ", expected "
            + Long.toHexString(entry.getCrc()) + ": the file is damaged", "");
      }
      return array;
    } catch (EOFException e) {
      throw new DataFormatException(name, "truncated: the compressed bytes end early", "");
    }
  }
}
