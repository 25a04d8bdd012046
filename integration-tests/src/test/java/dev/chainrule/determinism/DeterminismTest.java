package dev.chainrule.determinism;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.device.Backend;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One seed, one result: two runs, a run that was interrupted, and runs on other numbers of threads end in the same bits. */
class DeterminismTest {

  private static final int STEPS = 50;
  private static final long SEED = 7;

  /** Those that the conformance suite is told to run on; the CPU where there is no other. */
  private static Stream<String> devices() {
    List<String> named = List.of(System.getProperty("chainrule.conformance.backends", "").split(",", -1));
    List<String> found = Devices.backends().stream().filter(backend -> named.equals(List.of("")) || named.contains(backend.name()))
        .flatMap(backend -> backend.discover().stream()).map(info -> info.id()).toList();
    return found.isEmpty() ? Stream.of("cpu") : found.stream();
  }

  /** The losses and all that training has changed. */
  private record Outcome(List<Double> losses, DropoutTraining.Checkpoint end) {
    static Outcome of(long seed) {
      var training = new DropoutTraining(seed);
      return new Outcome(training.run(STEPS), training.checkpoint());
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  @Tag("S19.4")
  void twoRunsAreEqual(String device) {
    Devices.with(Devices.open(device), () -> {
      Outcome first = Outcome.of(SEED);
      assertEquals(first, Outcome.of(SEED));
      assertTrue(first.losses.stream().allMatch(Double::isFinite), first.losses.toString());
      assertEquals(STEPS, first.losses.stream().distinct().count(), first.losses.toString());
      return null;
    });
  }

  /** Else the others would prove nothing. */
  @ParameterizedTest
  @MethodSource("devices")
  void anotherSeedOfTheStepIsAnotherRun(String device) {
    Devices.with(Devices.open(device), () -> {
      assertNotEquals(new DropoutTraining(SEED).run(3), new DropoutTraining(SEED + 1).run(3));
      return null;
    });
  }

  @ParameterizedTest
  @MethodSource("devices")
  @Tag("S19.5")
  void aResumedRunEqualsTheUninterruptedOne(String device) {
    Devices.with(Devices.open(device), () -> {
      Outcome whole = Outcome.of(SEED);
      var before = new DropoutTraining(SEED);
      assertEquals(whole.losses.subList(0, 20), before.run(20));
      var after = new DropoutTraining(SEED, before.checkpoint());
      assertEquals(whole.losses.subList(20, STEPS), after.run(STEPS - 20));
      assertEquals(whole.end, after.checkpoint());
      return null;
    });
  }

  /** The same batches with the random bits of other runs. */
  @ParameterizedTest
  @MethodSource("devices")
  void theNumberOfTheRunMatters(String device) {
    Devices.with(Devices.open(device), () -> {
      var before = new DropoutTraining(SEED);
      before.run(5);
      DropoutTraining.Checkpoint there = before.checkpoint();
      var wrong = new DropoutTraining(SEED, new DropoutTraining.Checkpoint(there.model(), there.optimizer(), there.batch(), 4));
      assertNotEquals(before.run(3), wrong.run(3));
      return null;
    });
  }

  @Test
  @Tag("S18.7") @Tag("S19.4")
  void theNumberOfThreadsChangesNothing() {
    Outcome one = onThreads(1);
    for (int threads : new int[] {2, 3}) {
      assertEquals(one, onThreads(threads), threads + " threads");
    }
  }

  /** Where oneDNN is not there, both compute in Java. */
  @Test
  @Tag("S19.14")
  void whatComputesMatrixProductsChangesNothing() {
    assertEquals(onCpu("chainrule.cpu.native", "on"), onCpu("chainrule.cpu.native", "off"));
  }

  private static Outcome onThreads(int threads) {
    return onCpu("chainrule.cpu.threads", Integer.toString(threads));
  }

  /** On a device that is opened while the property has this value. */
  private static Outcome onCpu(String property, String value) {
    Backend cpu = Devices.backends().stream().filter(b -> b.name().equals("cpu")).findFirst().orElseThrow();
    String before = System.getProperty(property);
    System.setProperty(property, value);
    cpu.diagnose(); // waits for what the device would otherwise begin without
    try (Device device = cpu.open(0)) {
      if (property.endsWith("threads")) {
        assertTrue(device.info().description().startsWith(value + " thread"), device.info().description());
      }
      return Devices.with(device, () -> Outcome.of(SEED));
    } finally {
      if (before == null) {
        System.clearProperty(property);
      } else {
        System.setProperty(property, before);
      }
    }
  }
}
