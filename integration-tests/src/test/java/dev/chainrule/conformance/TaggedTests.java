package dev.chainrule.conformance;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * Finds the tests of all modules that say by JUnit tags which rules of the semantics they show: {@code @Tag("S14.3")} on a method, or on
 * a class for all its tests. It reads sources, for no module sees the compiled tests of another. The tests of a rule are run with
 * {@code -Dgroups=S14.3}.
 */
final class TaggedTests extends TreeScanner<Void, TaggedTests.Place> {

  private static final Set<String> TESTS = Set.of("Test", "ParameterizedTest", "TestFactory");

  private static final Pattern RULE = Pattern.compile("\"(S\\d+\\.\\d+)\"");

  /** The source of arguments of a test that runs on every device that there is. */
  private static final String DEVICES = "DEVICES";

  private final List<Tagged> found = new ArrayList<>();

  /**
   * A test that shows a rule.
   *
   * @param onDevices whether it runs on each device that there is
   */
  record Tagged(String module, String test, String rule, boolean onDevices) {}

  /** What surrounds a method. */
  record Place(String module, String name, Set<String> rules) {}

  private TaggedTests() {}

  static List<Tagged> in(Path root) throws IOException {
    var tests = new TaggedTests();
    try (Stream<Path> modules = Files.list(root)) {
      for (Path module : modules.filter(m -> Files.isDirectory(m.resolve("src/test/java"))).sorted().toList()) {
        tests.scan(module);
      }
    }
    return List.copyOf(tests.found);
  }

  private void scan(Path module) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (Stream<Path> sources = Files.walk(module.resolve("src/test/java"));
        StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<Path> java = sources.filter(f -> f.toString().endsWith(".java")).sorted().toList();
      var task = (JavacTask) compiler.getTask(null, files, null, List.of(), null, files.getJavaFileObjectsFromPaths(java));
      for (CompilationUnitTree unit : task.parse()) {
        scan(unit, new Place(module.getFileName().toString(), "", Set.of()));
      }
    }
  }

  @Override
  public @Nullable Void visitClass(ClassTree type, Place surrounding) {
    Set<String> rules = new LinkedHashSet<>(surrounding.rules);
    rules.addAll(tags(type.getModifiers().getAnnotations()));
    return super.visitClass(type, new Place(surrounding.module, type.getSimpleName().toString(), rules));
  }

  @Override
  public @Nullable Void visitMethod(MethodTree method, Place surrounding) {
    List<? extends AnnotationTree> annotations = method.getModifiers().getAnnotations();
    List<String> tags = tags(annotations);
    if (annotations.stream().noneMatch(a -> TESTS.contains(name(a)))) {
      if (!tags.isEmpty()) {
        throw new IllegalStateException(surrounding.name + "." + method.getName() + " has tags and is no test");
      }
      return null;
    }
    Set<String> rules = new LinkedHashSet<>(surrounding.rules);
    rules.addAll(tags);
    boolean onDevices = annotations.stream().anyMatch(a -> a.toString().contains(DEVICES));
    rules.forEach(rule -> found.add(new Tagged(surrounding.module, surrounding.name + "." + method.getName(), rule, onDevices)));
    return null;
  }

  private static List<String> tags(List<? extends AnnotationTree> annotations) {
    return annotations.stream().filter(a -> name(a).equals("Tag"))
        .flatMap(a -> RULE.matcher(a.toString()).results().map(found -> found.group(1))).toList();
  }

  private static String name(AnnotationTree annotation) {
    return annotation.getAnnotationType().toString();
  }
}
