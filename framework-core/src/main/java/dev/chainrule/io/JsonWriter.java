package dev.chainrule.io;

import dev.chainrule.InvalidArgumentException;
import java.util.HexFormat;
import java.util.Iterator;

/** Writes what {@link JsonReader} reads. */
final class JsonWriter {

  private final StringBuilder out = new StringBuilder();
  private final boolean pretty;

  private JsonWriter(boolean pretty) {
    this.pretty = pretty;
  }

  static String write(Json value, boolean pretty) {
    var writer = new JsonWriter(pretty);
    writer.value(value, 0);
    return writer.out.toString();
  }

  private void value(Json json, int depth) {
    if (depth == Json.MAX_DEPTH && (json instanceof Json.Obj || json instanceof Json.Arr)) {
      throw new InvalidArgumentException("json", "nested deeper than " + Json.MAX_DEPTH + " levels", "");
    }
    switch (json) {
      case Json.Obj(var members) -> list('{', members.entrySet().iterator(), '}', depth, member -> {
        string(member.getKey());
        out.append(pretty ? ": " : ":");
        value(member.getValue(), depth + 1);
      });
      case Json.Arr(var elements) -> list('[', elements.iterator(), ']', depth, element -> value(element, depth + 1));
      case Json.Str(String text) -> string(text);
      case Json.Int(long number) -> out.append(number);
      case Json.Real(double number) -> out.append(number);
      case Json.Bool(boolean truth) -> out.append(truth);
      case Json.Null() -> out.append("null");
    }
  }

  private interface Item<T> {
    void write(T item);
  }

  private <T> void list(char open, Iterator<T> items, char close, int depth, Item<T> item) {
    out.append(open);
    boolean any = items.hasNext();
    while (items.hasNext()) {
      breakLine(depth + 1);
      item.write(items.next());
      if (items.hasNext()) {
        out.append(',');
      }
    }
    if (any) {
      breakLine(depth);
    }
    out.append(close);
  }

  private void breakLine(int depth) {
    if (pretty) {
      out.append('\n').repeat("  ", depth);
    }
  }

  private void string(String text) {
    if (unpairedSurrogate(text) >= 0) {
      throw new InvalidArgumentException("json", "string with half of a surrogate pair: '" + text + "'", "");
    }
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> out.append('\\').append(c);
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20) {
            out.append("\\u").append(HexFormat.of().toHexDigits(c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  /** The index of the first surrogate without its other half, which UTF-8 cannot hold; -1 when there is none. */
  static int unpairedSurrogate(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return i;
      }
    }
    return -1;
  }
}
