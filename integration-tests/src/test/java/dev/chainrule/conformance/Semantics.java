package dev.chainrule.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The rules of {@code docs/semantics.md}: rows that begin with a number, {@code | S5.3 | sign | ...}. A row with an empty first cell goes
 * on with the one above.
 *
 * @param rules from number to text, in the document's order
 */
record Semantics(Map<String, String> rules) {

  private static final Pattern RULE = Pattern.compile("\\| (S\\d+\\.\\d+) \\| (.*) \\|");
  private static final Pattern CONTINUATION = Pattern.compile("\\| \\| (.*) \\|");

  static Semantics read(Path root) throws IOException {
    Map<String, String> rules = new LinkedHashMap<>();
    String last = "";
    for (String line : Files.readAllLines(root.resolve("docs/semantics.md"))) {
      Matcher rule = RULE.matcher(line);
      Matcher continuation = CONTINUATION.matcher(line);
      if (rule.matches()) {
        last = rule.group(1);
        if (rules.put(last, rule.group(2)) != null) {
          throw new IllegalStateException("docs/semantics.md has two rules " + last);
        }
      } else if (continuation.matches()) {
        rules.merge(last, continuation.group(1), (above, more) -> above + " " + more);
      } else {
        last = "";
      }
    }
    return new Semantics(rules);
  }
}
