package dev.chainrule.io;

import dev.chainrule.DataFormatException;
import dev.chainrule.InvalidArgumentException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;

/**
 * A JSON value (RFC 8259), read strictly: no comments, no trailing commas, no duplicate keys, no unpaired surrogates, at most {@value
 * #MAX_DEPTH} levels. Members keep their order, so equal values are written as equal text.
 *
 * <p>JSON has no NaN and no infinities. {@link #of(Object)} writes them as the strings {@code "NaN"}, {@code "Infinity"} and {@code
 * "-Infinity"}, so that the report of a diverged run can still be written, and {@link #asDouble()} reads these strings back.
 */
public sealed interface Json {

  /** How deep arrays and objects may nest. */
  int MAX_DEPTH = 100;

  /** An object; members in order. */
  record Obj(SequencedMap<String, Json> members) implements Json {
    /** Copies the map; one without an order of its own is sorted. */
    public Obj {
      members = MapOrder.copyOf(members);
    }

    /** The member of this name; empty where there is none. */
    public Optional<Json> get(String key) {
      Objects.requireNonNull(key, "key");
      return Optional.ofNullable(members.get(key));
    }
  }

  /** An array. */
  record Arr(List<Json> elements) implements Json {
    /** Copies the list. */
    public Arr {
      elements = List.copyOf(elements);
    }
  }

  /** A string. */
  record Str(String value) implements Json {
    /** Refuses null. */
    public Str {
      Objects.requireNonNull(value, "value");
    }
  }

  /** A number written without fraction and exponent. */
  record Int(long value) implements Json {}

  /** Any other number; always finite. */
  record Real(double value) implements Json {
    /**
     * A finite number.
     *
     * @throws InvalidArgumentException for infinities and NaN
     */
    public Real {
      if (!Double.isFinite(value)) {
        throw new InvalidArgumentException("json", value + " is not a JSON number", "Json.of writes it as a string");
      }
    }
  }

  /** True or false. */
  record Bool(boolean value) implements Json {}

  /** The literal null. */
  record Null() implements Json {}

  /**
   * Plain Java values as JSON: maps with string keys, lists and other ordered collections, strings, booleans, numbers, Json itself. A
   * map without an order of its own is sorted by key. A float keeps its own shortest digits ({@code 0.1f} is written 0.1).
   *
   * @throws InvalidArgumentException for values of other types
   */
  static Json of(Object value) {
    return switch (value) {
      case Json json -> json;
      case String text -> new Str(text);
      case Boolean truth -> new Bool(truth);
      case Float number -> Float.isFinite(number) ? new Real(Double.parseDouble(number.toString())) : new Str(number.toString());
      case Double number -> Double.isFinite(number) ? new Real(number) : new Str(number.toString());
      case Long number -> new Int(number);
      case Integer number -> new Int(number);
      case Short number -> new Int(number);
      case Byte number -> new Int(number);
      case Map<?, ?> map -> object(map);
      case SequencedCollection<?> list -> {
        var elements = new ArrayList<Json>();
        list.forEach(e -> elements.add(of(e)));
        yield new Arr(elements);
      }
      default -> throw new InvalidArgumentException("json", "no JSON form for " + value.getClass().getName(), "");
    };
  }

  private static Obj object(Map<?, ?> map) {
    var byKey = new LinkedHashMap<String, Object>();
    map.forEach((key, value) -> {
      if (!(key instanceof String text)) {
        throw new InvalidArgumentException("json", "key " + key + " is not a string", "");
      }
      byKey.put(text, value);
    });
    var members = new LinkedHashMap<String, Json>();
    (map instanceof SequencedMap ? byKey : MapOrder.sorted(byKey)).forEach((key, value) -> members.put(key, of(value)));
    return new Obj(members);
  }

  /**
   * This number as a double; also the strings NaN, Infinity and -Infinity. Empty for anything else.
   */
  default Optional<Double> asDouble() {
    return switch (this) {
      case Int(long value) -> Optional.of((double) value);
      case Real(double value) -> Optional.of(value);
      case Str(String text) when text.equals("NaN") -> Optional.of(Double.NaN);
      case Str(String text) when text.equals("Infinity") -> Optional.of(Double.POSITIVE_INFINITY);
      case Str(String text) when text.equals("-Infinity") -> Optional.of(Double.NEGATIVE_INFINITY);
      case Str _, Bool _, Null _, Arr _, Obj _ -> Optional.empty();
    };
  }

  /** On one line, without spaces. Doubles have the fewest digits that read back as the same double. */
  default String text() {
    return JsonWriter.write(this, false);
  }

  /** A member or element per line, indented by two spaces, with a final line break. */
  default String pretty() {
    return JsonWriter.write(this, true) + "\n";
  }

  /**
   * Reads one value that fills the whole text.
   *
   * @param source what the text is, for messages: a file name, say
   * @throws DataFormatException naming the source and the offset in characters
   */
  static Json parse(String source, String text) {
    return new JsonReader(source, text).document();
  }

  /** As {@link #parse(String, String)}, from UTF-8. */
  static Json parse(String source, ByteBuffer utf8) {
    ByteBuffer bytes = utf8.slice();
    try {
      return parse(source, StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
    } catch (CharacterCodingException e) {
      throw new DataFormatException(source, "not UTF-8 at byte " + bytes.position(), "");
    }
  }

  /**
   * Reads a file.
   *
   * @throws DataFormatException if it is not one JSON value in UTF-8
   * @throws UncheckedIOException if it cannot be read
   */
  static Json read(Path file) {
    try {
      return parse(file.toString(), ByteBuffer.wrap(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /** Writes {@link #pretty()} to a file, whole or not at all. */
  default void write(Path file) {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(pretty());
    AtomicFile.write(file, channel -> {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    });
  }
}
