package dev.chainrule.io;

import dev.chainrule.DataFormatException;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;

/**
 * The content of a safetensors file (huggingface.co/docs/safetensors): named tensors and named strings. The file is the length of a
 * header (8 bytes, little-endian), the header in JSON, padded with spaces to a multiple of 8, and the tensors' bytes, little-endian and
 * dense row-major. Tensors of wider elements lie first, so that each is aligned; the header keeps the order of the map.
 *
 * @param tensors by name, in the header's order
 * @param metadata free strings by name; empty when the file has none
 */
public record Safetensors(SequencedMap<String, HostArray> tensors, SequencedMap<String, String> metadata) {

  private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Copies the maps; those without an order of their own are sorted by name. */
  public Safetensors {
    tensors = MapOrder.copyOf(tensors);
    metadata = MapOrder.copyOf(metadata);
  }

  /**
   * Writes a file whole or not at all. Maps without an order of their own are written sorted by name; equal content gives equal bytes.
   *
   * @throws dev.chainrule.InvalidArgumentException for a tensor named {@code __metadata__} or a name that UTF-8 cannot hold
   * @throws UncheckedIOException if the file cannot be written; what was there before is then unchanged
   */
  public static void write(Path file, Map<String, HostArray> tensors, Map<String, String> metadata) {
    SequencedMap<String, HostArray> ordered = MapOrder.copyOf(tensors);
    var types = new LinkedHashMap<String, TensorType>();
    ordered.forEach((name, array) -> types.put(name, array.type()));
    SafetensorsHeader header = SafetensorsHeader.layOut(types, MapOrder.copyOf(metadata));
    ByteBuffer text = header.encode(file.toString());
    AtomicFile.write(file, channel -> {
      var length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(text.remaining()).flip();
      LittleEndian.write(channel, length);
      LittleEndian.write(channel, text);
      for (SafetensorsHeader.Entry entry : header.byOffset()) {
        LittleEndian.write(channel, Objects.requireNonNull(ordered.get(entry.name())));
      }
    });
  }

  /**
   * Reads a whole file. The header is checked against itself and the file's size before any tensor is copied.
   *
   * @throws DataFormatException if the file is not exactly what the format demands, naming the file, the tensor, what was expected and
   *     what was found; also for a tensor of 2 GiB or more, which a host array cannot hold
   * @throws UncheckedIOException if the file cannot be read
   */
  public static Safetensors read(Path file) {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ); var arena = Arena.ofConfined()) {
      return read(file.toString(), channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  private static Safetensors read(String file, MemorySegment bytes) {
    long size = bytes.byteSize();
    if (size < LENGTH.byteSize()) {
      throw new DataFormatException(file, "a safetensors file has at least 8 bytes, this has " + size, "");
    }
    long length = bytes.get(LENGTH, 0);
    long most = SafetensorsHeader.MAX_BYTES;
    if (length < 0 || length > most) {
      throw new DataFormatException(file, "header length " + Long.toUnsignedString(length) + " is above the limit of " + most, "");
    }
    if (length > size - LENGTH.byteSize()) {
      throw new DataFormatException(file, "header length " + length + ", but only " + (size - LENGTH.byteSize()) + " bytes follow", "");
    }
    MemorySegment data = bytes.asSlice(LENGTH.byteSize() + length);
    ByteBuffer text = bytes.asSlice(LENGTH.byteSize(), length).asByteBuffer();
    SafetensorsHeader header = SafetensorsHeader.parse(file, text, data.byteSize());
    var tensors = new LinkedHashMap<String, HostArray>();
    for (SafetensorsHeader.Entry entry : header.entries()) {
      tensors.put(entry.name(), tensor(file, entry, data.asSlice(entry.begin(), entry.end() - entry.begin())));
    }
    return new Safetensors(tensors, header.metadata());
  }

  private static HostArray tensor(String file, SafetensorsHeader.Entry entry, MemorySegment bytes) {
    HostArray array = HostArray.copyOf(entry.type(), bytes, ByteOrder.LITTLE_ENDIAN);
    switch (entry.type().dtype()) {
      case BOOL -> {
        for (long i = 0; i < bytes.byteSize(); i++) {
          int value = bytes.get(ValueLayout.JAVA_BYTE, i) & 0xff;
          if (value > 1) {
            throw new DataFormatException(file, "tensor '" + entry.name() + "' of " + entry.type() + ": element " + i
                + " is " + value + ", expected 0 or 1", "");
          }
        }
      }
      case F32, F64, F16, BF16, I32, I64, U8 -> { }
    }
    return array;
  }
}
