package dev.chainrule.documentation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.tensor.Tensor;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the page for users of other libraries calls by name is there: classes, their members, and methods of tensors. */
class MigratingTest {

  private static final List<String> PACKAGES = List.of("tensor", "nn", "optim", "train", "data", "io", "autograd", "graph", "device");
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");
  private static final Pattern MEMBER = Pattern.compile("\\b([A-Z][A-Za-z]+)(?:\\.|::)([A-Za-z_0-9]+)");
  private static final Pattern CLASS = Pattern.compile("\\b([A-Z][a-z][A-Za-z]+)\\b");
  private static final Pattern OF_TENSORS = Pattern.compile("\\bx\\.([a-z][A-Za-z]+)\\(");

  /** The right column of every table: Chainrule's. */
  private static List<String> ours() throws IOException {
    List<String> codes = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("..", "docs", "migrating.md"))) {
      if (line.startsWith("| ") && line.endsWith(" |")) {
        CODE.matcher(line.substring(line.lastIndexOf(" | "))).results().forEach(r -> codes.add(r.group(1)));
      }
    }
    return codes;
  }

  private static Optional<Class<?>> find(String name) {
    for (String candidate : PACKAGES) {
      try {
        return Optional.of(Class.forName("dev.chainrule." + candidate + "." + name));
      } catch (ClassNotFoundException e) {
        // Then in another package.
      }
    }
    return Optional.empty();
  }

  private static boolean has(Class<?> type, String member) {
    return Stream.of(type.getMethods()).map(Method::getName).anyMatch(member::equals)
        || Stream.of(type.getFields()).map(Field::getName).anyMatch(member::equals);
  }

  @Test
  void everyNameIsThere() throws IOException {
    List<String> absent = new ArrayList<>();
    int checked = 0;
    for (String code : ours()) {
      for (Matcher m = CLASS.matcher(code); m.find(); checked++) {
        if (!m.group(1).equals("List") && find(m.group(1)).isEmpty()) {
          absent.add(m.group(1));
        }
      }
      for (Matcher m = MEMBER.matcher(code); m.find(); checked++) {
        if (find(m.group(1)).isPresent() && !has(find(m.group(1)).get(), m.group(2))) {
          absent.add(m.group());
        }
      }
      for (Matcher m = OF_TENSORS.matcher(code); m.find(); checked++) {
        if (!has(Tensor.class, m.group(1))) {
          absent.add("Tensor." + m.group(1));
        }
      }
    }
    assertEquals(List.of(), absent);
    assertTrue(checked > 60, "found " + checked + " names");
  }
}
