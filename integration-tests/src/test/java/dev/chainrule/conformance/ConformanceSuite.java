package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.chainrule.device.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Some of the cases on every device that is tested. The suite is two classes, which two processes share where kernels are compiled on one thread. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ConformanceSuite {

  private final List<Case> cases;
  private final TestedDevices tested = TestedDevices.here();
  private final Map<Device, Conformance> suites = new LinkedHashMap<>();

  ConformanceSuite(List<Case> cases) {
    this.cases = cases;
  }

  @TestFactory
  @Tag("S16.5") @Tag("S19.6")
  Stream<DynamicNode> devicesComputeAsTheReferenceDoes() {
    Map<String, List<Case>> byOperation = cases.stream()
        .collect(Collectors.groupingBy(c -> c.of().getSimpleName(), LinkedHashMap::new, Collectors.toList()));
    return tested.devices().stream().map(device -> {
      var suite = suites.computeIfAbsent(device, Conformance::new);
      return dynamicContainer(device.info().id(), byOperation.entrySet().stream().map(group ->
          dynamicContainer(group.getKey(), group.getValue().stream().map(c -> dynamicTest(c.name(), () -> suite.check(c))))));
    });
  }

  @AfterAll
  void printCounts() throws IOException {
    for (Map.Entry<Device, Conformance> suite : suites.entrySet()) {
      System.out.println(suite.getValue().summary());
      Path file = Path.of("target", "%s-%s.txt".formatted(getClass().getSimpleName(), suite.getKey().info().id().replace(':', '-')));
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, suite.getValue().worstErrors());
    }
    tested.skipped().forEach(reason -> System.out.println("conformance skipped " + reason));
  }

  @Test
  void thereIsADeviceOrAReason() {
    assertTrue(!tested.devices().isEmpty() || !tested.skipped().isEmpty(), tested.toString());
  }
}
