package dev.chainrule.io;

import dev.chainrule.DataFormatException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;

/** A recursive-descent reader of RFC 8259; every error names the source and the offset. */
final class JsonReader {

  private final String source;
  private final String text;
  private int at;

  JsonReader(String source, String text) {
    this.source = source;
    this.text = text;
  }

  Json document() {
    Json value = value(0);
    skipSpace();
    if (at < text.length()) {
      throw unexpected("the end");
    }
    return value;
  }

  private Json value(int depth) {
    skipSpace();
    if (depth == Json.MAX_DEPTH && (peek() == '{' || peek() == '[')) {
      throw error(at, "nested deeper than " + Json.MAX_DEPTH + " levels");
    }
    return switch (peek()) {
      case '{' -> object(depth);
      case '[' -> array(depth);
      case '"' -> new Json.Str(string());
      case 't' -> literal("true", new Json.Bool(true));
      case 'f' -> literal("false", new Json.Bool(false));
      case 'n' -> literal("null", new Json.Null());
      case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
      default -> throw unexpected("a value");
    };
  }

  private Json object(int depth) {
    var members = new LinkedHashMap<String, Json>();
    at++;
    skipSpace();
    if (accept('}')) {
      return new Json.Obj(members);
    }
    do {
      skipSpace();
      int start = at;
      if (peek() != '"') {
        throw unexpected("a key in double quotes");
      }
      String key = string();
      if (members.containsKey(key)) {
        throw error(start, "duplicate key '" + key + "'");
      }
      skipSpace();
      expect(':');
      members.put(key, value(depth + 1));
      skipSpace();
    } while (accept(','));
    expect('}');
    return new Json.Obj(members);
  }

  private Json array(int depth) {
    var elements = new ArrayList<Json>();
    at++;
    skipSpace();
    if (accept(']')) {
      return new Json.Arr(elements);
    }
    do {
      elements.add(value(depth + 1));
      skipSpace();
    } while (accept(','));
    expect(']');
    return new Json.Arr(elements);
  }

  private Json literal(String word, Json value) {
    if (!text.startsWith(word, at)) {
      throw unexpected(word);
    }
    at += word.length();
    return value;
  }

  private Json number() {
    int start = at;
    accept('-');
    if (!accept('0')) {
      digits();
    }
    boolean whole = true;
    if (accept('.')) {
      whole = false;
      digits();
    }
    if (accept('e') || accept('E')) {
      whole = false;
      if (!accept('+')) {
        accept('-');
      }
      digits();
    }
    String number = text.substring(start, at);
    if (whole) {
      try {
        return new Json.Int(Long.parseLong(number));
      } catch (NumberFormatException e) {
        throw error(start, "integer " + abbreviate(number) + " does not fit 64 bits");
      }
    }
    double value = Double.parseDouble(number);
    if (Double.isInfinite(value)) {
      throw error(start, "number " + abbreviate(number) + " is beyond the range of a double");
    }
    return new Json.Real(value);
  }

  private void digits() {
    int start = at;
    while (peek() >= '0' && peek() <= '9') {
      at++;
    }
    if (at == start) {
      throw unexpected("a digit");
    }
  }

  private String string() {
    int start = at++;
    var result = new StringBuilder();
    while (true) {
      if (at >= text.length()) {
        throw error(start, "string without an end");
      }
      char c = text.charAt(at);
      if (c < 0x20) {
        throw unexpected("a character of a string");
      }
      at++;
      if (c == '"') {
        break;
      }
      result.append(c == '\\' ? escape() : c);
    }
    int lone = JsonWriter.unpairedSurrogate(result);
    if (lone >= 0) {
      throw error(start, "string with half of a surrogate pair, \\u" + HexFormat.of().toHexDigits(result.charAt(lone)));
    }
    return result.toString();
  }

  private char escape() {
    char c = peek();
    char meaning = switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicode();
      default -> throw unexpected("one of \" \\ / b f n r t u after \\");
    };
    at++;
    return meaning;
  }

  /** Leaves {@code at} on the last of the four digits. */
  private char unicode() {
    int code = 0;
    for (int i = 0; i < 4; i++) {
      at++;
      if (!HexFormat.isHexDigit(peek())) {
        throw unexpected("four hexadecimal digits after \\u");
      }
      code = code << 4 | HexFormat.fromHexDigit(peek());
    }
    return (char) code;
  }

  private void skipSpace() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  /** The next character; at the end NUL, which no rule accepts. */
  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private boolean accept(char c) {
    if (peek() != c) {
      return false;
    }
    at++;
    return true;
  }

  private void expect(char c) {
    if (!accept(c)) {
      throw unexpected("'" + c + "'");
    }
  }

  private DataFormatException unexpected(String expected) {
    String found = at >= text.length() ? "the end"
        : peek() < 0x20 || peek() > 0x7e ? "\\u" + HexFormat.of().toHexDigits(peek())
        : "'" + peek() + "'";
    return error(at, "expected " + expected + ", found " + found);
  }

  private DataFormatException error(int offset, String problem) {
    return new DataFormatException(source, "JSON at offset " + offset + ": " + problem, "");
  }

  private static String abbreviate(String number) {
    return number.length() <= 40 ? number : number.substring(0, 40) + "...";
  }
}
