package dev.chainrule.io;

import dev.chainrule.DataFormatException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The one kind of Python literal that stands in a .npy header: a dictionary of a string or list, a truth value and a tuple of sizes. */
final class NpyLiteral {

  private static final Set<String> KEYS = Set.of("descr", "fortran_order", "shape");

  private final String source;
  private final String text;
  private int at;

  private NpyLiteral(String source, String text) {
    this.source = source;
    this.text = text;
  }

  /** What the three keys say. */
  record Fields(String descr, boolean fortranOrder, long[] shape) {}

  static Fields parse(String source, String text) {
    return new NpyLiteral(source, text).fields();
  }

  private Fields fields() {
    Map<String, Object> values = new LinkedHashMap<>();
    expect('{');
    while (!accept('}')) {
      int start = at;
      String key = string();
      expect(':');
      Object value = switch (key) {
        case "descr" -> descr();
        case "fortran_order" -> truth();
        case "shape" -> sizes();
        default -> throw error(start, "unknown key '" + key + "'; expected descr, fortran_order and shape");
      };
      if (values.put(key, value) != null) {
        throw error(start, "duplicate key '" + key + "'");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skipSpace();
    if (at < text.length()) {
      throw unexpected("spaces and a line break only");
    }
    if (values.get("descr") instanceof String descr && values.get("fortran_order") instanceof Boolean fortran
        && values.get("shape") instanceof long[] shape) {
      return new Fields(descr, fortran, shape);
    }
    throw new DataFormatException(source, "the header has the keys " + values.keySet() + ", expected " + KEYS.stream().sorted().toList(), "");
  }

  private String descr() {
    skipSpace();
    if (peek() == '[') {
      throw error(at, "a structured element type, which is a table rather than a tensor");
    }
    return string();
  }

  private boolean truth() {
    skipSpace();
    if (text.startsWith("True", at)) {
      at += "True".length();
      return true;
    }
    if (text.startsWith("False", at)) {
      at += "False".length();
      return false;
    }
    throw unexpected("True or False");
  }

  /** {@code ()}, {@code (3,)}, {@code (3, 4)}: a single size needs its comma, since {@code (3)} is a number in Python. */
  private long[] sizes() {
    List<Long> sizes = new ArrayList<>();
    expect('(');
    boolean comma = true;
    while (!accept(')')) {
      if (!comma) {
        throw unexpected("',' or ')'");
      }
      sizes.add(size());
      comma = accept(',');
    }
    if (sizes.size() == 1 && !comma) {
      throw error(at, "shape is a number in brackets, expected a tuple such as (" + sizes.getFirst() + ",)");
    }
    return sizes.stream().mapToLong(Long::longValue).toArray();
  }

  private long size() {
    skipSpace();
    int start = at;
    while (peek() >= '0' && peek() <= '9') {
      at++;
    }
    if (at == start) {
      throw unexpected("a size of 0 or more");
    }
    String digits = text.substring(start, at);
    if (peek() == 'L') { // as Python 2 wrote it
      at++;
    }
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw error(start, "size " + abbreviate(digits) + " does not fit 64 bits");
    }
  }

  private String string() {
    skipSpace();
    char quote = peek();
    if (quote != '\'' && quote != '"') {
      throw unexpected("a string");
    }
    int end = text.indexOf(quote, at + 1);
    if (end < 0) {
      throw error(at, "string without an end");
    }
    String string = text.substring(at + 1, end);
    if (string.indexOf('\\') >= 0) {
      throw error(at, "string with a backslash");
    }
    at = end + 1;
    return string;
  }

  private void skipSpace() {
    while (peek() == ' ' || peek() == '\n') {
      at++;
    }
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private boolean accept(char wanted) {
    skipSpace();
    if (peek() != wanted || at >= text.length()) {
      return false;
    }
    at++;
    return true;
  }

  private void expect(char wanted) {
    if (!accept(wanted)) {
      throw unexpected("'" + wanted + "'");
    }
  }

  private DataFormatException unexpected(String expected) {
    skipSpace();
    String found = at < text.length() ? "'" + abbreviate(text.substring(at).strip()) + "'" : "the end";
    return error(at, "expected " + expected + ", found " + found);
  }

  private static String abbreviate(String text) {
    return text.length() <= 24 ? text : text.substring(0, 24) + "...";
  }

  private DataFormatException error(int offset, String problem) {
    return new DataFormatException(source, "header at offset " + offset + ": " + problem, "");
  }
}
