package dev.chainrule.io;

import dev.chainrule.DataFormatException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/** The header of a safetensors file: where each tensor lies. A header that was parsed covers its data exactly. */
record SafetensorsHeader(List<Entry> entries, SequencedMap<String, String> metadata) {

  /** The reference implementation refuses longer headers, and so do we. */
  static final long MAX_BYTES = 100_000_000;

  private static final String METADATA = "__metadata__";
  /** Some JVMs refuse arrays a few elements short of 2^31. */
  private static final long MAX_TENSOR_BYTES = Integer.MAX_VALUE - 8L;

  /** The bytes {@code begin} (inclusive) to {@code end} (exclusive) after the header. */
  record Entry(String name, TensorType type, long begin, long end) {}

  /** Offsets for tensors in file order: those of wider elements first. */
  static SafetensorsHeader layOut(SequencedMap<String, TensorType> types, SequencedMap<String, String> metadata) {
    var wideFirst = new ArrayList<>(types.entrySet());
    wideFirst.sort(Comparator.comparingInt(e -> -e.getValue().dtype().bytes()));
    var placed = new LinkedHashMap<String, Entry>();
    long offset = 0;
    for (Map.Entry<String, TensorType> tensor : wideFirst) {
      long end = offset + tensor.getValue().bytes();
      placed.put(tensor.getKey(), new Entry(tensor.getKey(), tensor.getValue(), offset, end));
      offset = end;
    }
    var entries = new ArrayList<Entry>();
    types.forEach((name, type) -> entries.add(placed.get(name)));
    return new SafetensorsHeader(entries, metadata);
  }

  List<Entry> byOffset() {
    return entries.stream().sorted(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end)).toList();
  }

  ByteBuffer encode(String file) {
    var members = new LinkedHashMap<String, Object>();
    if (!metadata.isEmpty()) {
      members.put(METADATA, metadata);
    }
    for (Entry entry : entries) {
      if (entry.name.equals(METADATA)) {
        throw new InvalidArgumentException(file, "no tensor may be named " + METADATA, "");
      }
      var fields = new LinkedHashMap<String, Object>();
      fields.put("dtype", entry.type.dtype().name());
      fields.put("shape", Arrays.stream(entry.type.shape().dims()).boxed().toList());
      fields.put("data_offsets", List.of(entry.begin, entry.end));
      members.put(entry.name, fields);
    }
    byte[] json = Json.of(members).text().getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    if (padded.length > MAX_BYTES) {
      throw new InvalidArgumentException(file, "a header of " + padded.length + " bytes; readers accept " + MAX_BYTES, "");
    }
    return ByteBuffer.wrap(padded);
  }

  /** Parses and checks a header that stands before {@code dataBytes} bytes of data. */
  static SafetensorsHeader parse(String file, ByteBuffer utf8, long dataBytes) {
    if (!utf8.hasRemaining() || utf8.get(utf8.position()) != '{') {
      throw new DataFormatException(file, "the header does not begin with '{'", "");
    }
    if (!(Json.parse(file, utf8) instanceof Json.Obj object)) {
      throw new DataFormatException(file, "the header is not a JSON object", "");
    }
    var entries = new ArrayList<Entry>();
    SequencedMap<String, String> metadata = new LinkedHashMap<>();
    object.members().forEach((name, value) -> {
      if (name.equals(METADATA)) {
        metadata.putAll(metadata(file, value));
      } else {
        entries.add(entry(file, name, value, dataBytes));
      }
    });
    var header = new SafetensorsHeader(entries, metadata);
    header.checkCover(file, dataBytes);
    return header;
  }

  private static Map<String, String> metadata(String file, Json value) {
    if (!(value instanceof Json.Obj(var members))) {
      throw new DataFormatException(file, METADATA + " is not an object", "");
    }
    var metadata = new LinkedHashMap<String, String>();
    members.forEach((key, json) -> {
      if (!(json instanceof Json.Str(String text))) {
        throw new DataFormatException(file, METADATA + " '" + key + "' is not a string", "");
      }
      metadata.put(key, text);
    });
    return metadata;
  }

  private static Entry entry(String file, String name, Json value, long dataBytes) {
    var tensor = new Context(file, name);
    Set<String> expected = Set.of("dtype", "shape", "data_offsets");
    if (!(value instanceof Json.Obj object) || !object.members().keySet().equals(expected)) {
      throw tensor.error("expected an object of dtype, shape and data_offsets, found " + tensor.abbreviate(value));
    }
    DType dtype = tensor.dtype(object.get("dtype").orElseThrow());
    long[] shape = tensor.sizes("shape", object.get("shape").orElseThrow());
    long bytes = tensor.bytes(dtype, shape);
    long[] offsets = tensor.sizes("data_offsets", object.get("data_offsets").orElseThrow());
    String shown = Arrays.toString(offsets);
    if (offsets.length != 2) {
      throw tensor.error("expected two data_offsets, found " + shown);
    }
    if (offsets[0] > offsets[1]) {
      throw tensor.error("data_offsets " + shown + " are out of order");
    }
    if (offsets[1] > dataBytes) {
      throw tensor.error("data_offsets " + shown + " reach outside the file, which has " + dataBytes + " bytes of data");
    }
    if (offsets[1] - offsets[0] != bytes) {
      throw tensor.error(dtype.name() + Arrays.toString(shape) + " takes " + bytes + " bytes, data_offsets " + shown + " span "
          + (offsets[1] - offsets[0]));
    }
    if (bytes > MAX_TENSOR_BYTES) {
      throw tensor.error(bytes + " bytes, more than the " + MAX_TENSOR_BYTES + " that a host array holds");
    }
    return new Entry(name, TensorType.of(dtype, shape), offsets[0], offsets[1]);
  }

  private void checkCover(String file, long dataBytes) {
    long end = 0;
    String before = "the header";
    for (Entry entry : byOffset()) {
      if (entry.begin != end) {
        String relation = entry.begin < end ? " overlaps " : " leaves a hole after ";
        throw new DataFormatException(file, "tensor '" + entry.name + "'" + relation + before + ": it begins at " + entry.begin
            + ", expected " + end, "");
      }
      end = entry.end;
      before = "'" + entry.name + "'";
    }
    if (end != dataBytes) {
      throw new DataFormatException(file, (dataBytes - end) + " bytes left over: the tensors end at " + end + ", the data at "
          + dataBytes, "");
    }
  }

  /** Reads the fields of one tensor, which its errors name. */
  private record Context(String file, String name) {

    DataFormatException error(String problem) {
      return new DataFormatException(file, "tensor '" + name + "': " + problem, "");
    }

    String abbreviate(Json value) {
      String text = value.text();
      return text.length() <= 120 ? text : text.substring(0, 120) + "...";
    }

    DType dtype(Json value) {
      for (DType dtype : DType.values()) {
        if (value instanceof Json.Str(String text) && text.equals(dtype.name())) {
          return dtype;
        }
      }
      throw error("unknown dtype " + abbreviate(value) + "; expected one of " + Arrays.toString(DType.values()).toUpperCase(Locale.ROOT));
    }

    long[] sizes(String field, Json value) {
      if (!(value instanceof Json.Arr(List<Json> elements))) {
        throw error(field + " is not an array: " + abbreviate(value));
      }
      return elements.stream().mapToLong(e -> {
        if (!(e instanceof Json.Int(long size)) || size < 0) {
          throw error(field + " " + abbreviate(value) + " has an element that is not a whole number of 0 or more");
        }
        return size;
      }).toArray();
    }

    long bytes(DType dtype, long[] shape) {
      try {
        return TensorType.of(dtype, shape).bytes();
      } catch (ArithmeticException e) {
        throw error(dtype.name() + Arrays.toString(shape) + " overflows 64 bits");
      }
    }
  }
}
