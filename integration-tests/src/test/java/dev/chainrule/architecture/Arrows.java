package dev.chainrule.architecture;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which part of the project may know which other: the arrows of the design, as a table. A part is a package of framework-core or a
 * module, named by its package below the root; the root package itself, which holds the exceptions, is {@code ""}.
 *
 * @param allowed for each part those it may depend on, beside itself
 */
record Arrows(Map<String, Set<String>> allowed) {

  private static final List<String> CORE =
      List.of("train", "nn", "optim", "data", "io", "report", "autograd", "tensor", "plan", "device", "schedule", "graph", "");

  /** The design's table. */
  static Arrows ofTheDesign() {
    Map<String, Set<String>> allowed = new LinkedHashMap<>();
    allowed.put("", Set.of());
    allowed.put("graph", Set.of(""));
    allowed.put("schedule", Set.of("graph", ""));
    allowed.put("device", Set.of("schedule", "graph", ""));
    allowed.put("plan", Set.of("device", "schedule", "graph", ""));
    allowed.put("tensor", Set.of("plan", "device", "schedule", "graph", ""));
    allowed.put("autograd", Set.of("tensor", "plan", "device", "schedule", "graph", ""));
    allowed.put("nn", Set.of("autograd", "tensor", "plan", "device", "schedule", "graph", ""));
    allowed.put("optim", Set.of("autograd", "tensor", "plan", "device", "schedule", "graph", ""));
    allowed.put("data", Set.of("autograd", "tensor", "graph", ""));
    allowed.put("io", Set.of("autograd", "tensor", "graph", ""));
    allowed.put("report", Set.of("io", "graph", ""));
    allowed.put("train", Set.of("nn", "optim", "data", "io", "report", "autograd", "tensor", "plan", "device", "schedule", "graph", ""));
    Set<String> core = Set.copyOf(CORE);
    Set<String> coreWithoutReport = CORE.stream().filter(p -> !p.equals("report")).collect(Collectors.toUnmodifiableSet());
    allowed.put("kernels", coreWithoutReport);
    allowed.put("backend.cpu", coreWithoutReport);
    allowed.put("backend.opencl", and(coreWithoutReport, "kernels"));
    allowed.put("backend.cuda", and(coreWithoutReport, "kernels"));
    allowed.put("datasets", coreWithoutReport);
    allowed.put("interop.nd4j", coreWithoutReport);
    allowed.put("benchmarks", and(coreWithoutReport, "kernels", "backend.cpu", "backend.opencl", "backend.cuda", "datasets"));
    allowed.put("cli", and(core, "kernels", "backend.cpu", "backend.opencl", "backend.cuda", "datasets", "benchmarks"));
    return new Arrows(Map.copyOf(allowed));
  }

  private static Set<String> and(Set<String> parts, String... more) {
    Set<String> all = new TreeSet<>(parts);
    all.addAll(List.of(more));
    return Set.copyOf(all);
  }

  /** The parts that make up framework-core. */
  static List<String> core() {
    return CORE;
  }

  /** All parts, in a fixed order. */
  List<String> parts() {
    return allowed.keySet().stream().sorted().toList();
  }

  boolean allows(String from, String to) {
    return from.equals(to) || allowed.getOrDefault(from, Set.of()).contains(to);
  }

  /** The part that a package below {@code root} belongs to: the one with the longest name that fits. */
  Optional<String> part(String root, String packageName) {
    if (packageName.equals(root)) {
      return Optional.of("");
    }
    return allowed.keySet().stream()
        .filter(part -> !part.isEmpty() && (packageName + ".").startsWith(root + "." + part + "."))
        .reduce((a, b) -> a.length() >= b.length() ? a : b);
  }

  /** Every class below {@code root} lies in a part of the table, and depends on none that the table denies its part. */
  ArchRule rule(String root) {
    return ArchRuleDefinition.classes().that().resideInAPackage(root + "..").should(new ArchCondition<>("follow the arrows of the design") {
      @Override
      public void check(JavaClass from, ConditionEvents events) {
        Optional<String> part = part(root, from.getPackageName());
        if (part.isEmpty()) {
          events.add(SimpleConditionEvent.violated(from, from.getName() + " lies in a package that the design does not name"));
          return;
        }
        for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
          String target = dependency.getTargetClass().getBaseComponentType().getPackageName();
          if ((target + ".").startsWith(root + ".") && !allows(part.get(), part(root, target).orElse(target))) {
            events.add(SimpleConditionEvent.violated(from, dependency.getDescription()));
          }
        }
      }
    });
  }
}
