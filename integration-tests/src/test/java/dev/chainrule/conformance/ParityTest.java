package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.data.Batch;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.io.Json;
import dev.chainrule.nn.BatchNorm;
import dev.chainrule.nn.Conv2d;
import dev.chainrule.nn.Dropout;
import dev.chainrule.nn.Flatten;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.MaxPool2d;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.nn.Tanh;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.train.parity.Parity;
import dev.chainrule.train.parity.ParityReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every device trains as the CPU does; a device that does one thing wrongly is found out, and for the right reason. */
class ParityTest {

  private static final int CLASSES = 3;

  @ParameterizedTest
  @MethodSource("dev.chainrule.conformance.TestedDevices#stream")
  void aPerceptronTrainsAlikeOnEveryDevice(TestedDevices.TestedDevice tested) {
    ParityReport report = perceptron().withSteps(100, 50).withFreeRate(0.2).between(cpu(), tested.device());
    assertHolds(report);
    // Steps 0 and 96 see one batch.
    assertTrue(report.losses().get(96) < 0.9 * report.losses().get(0), "nothing was learnt: " + report.losses());
  }

  @ParameterizedTest
  @MethodSource("dev.chainrule.conformance.TestedDevices#stream")
  void aConvolutionalNetworkTrainsAlikeOnEveryDevice(TestedDevices.TestedDevice tested) {
    Supplier<Module> model = () -> new Sequential(
        new Conv2d(1, 4, 3), new Relu(), new MaxPool2d(2), new Flatten(), new Linear(4 * 3 * 3, CLASSES));
    assertHolds(parity(model, 1, 8, 8).withSteps(20, 10).between(cpu(), tested.device()));
  }

  @Test
  void theInterpreterTrainsAsTheCpuDoes() {
    ParityReport report = small().between(cpu(), plain((_, x) -> x));
    assertHolds(report);
    // Steps 0, 2 and 4: a loss and four gradients, then four parameters with two moments each and the counter; five losses; four runs.
    assertEquals("{free run=5, gradients=15, random bits=8, update=39}", numbers(report));
    assertEquals(5, report.losses().size());
  }

  @Test
  void runningStatisticsAreComparedWhereTheyMove() {
    Supplier<Module> model = () -> new Sequential(
        new Flatten(), new BatchNorm(12), new Linear(12, 16), new Tanh(), new Linear(16, CLASSES));
    ParityReport report = parity(model, 12).withSteps(5, 2).between(cpu(), plain((_, x) -> x));
    assertHolds(report);
    // Steps 0, 2 and 4: a loss, six gradients, two statistics; then eight variables, twelve moments and the counter; five losses; four runs.
    assertEquals("{free run=5, gradients=27, random bits=8, update=63}", numbers(report));
  }

  @Test
  void aProductInReducedPrecisionIsCaught() {
    assertCaught("[gradients]", Op.Dot.class,
        v -> Float.intBitsToFloat((Float.floatToRawIntBits((float) v) + 0x1000) & ~0x1fff));
  }

  @Test
  void aWrongUpdateIsCaughtWhereItHappens() {
    assertCaught("[update]", Op.Sqrt.class, v -> v * 1.01);
  }

  @Test
  void otherRandomBitsAreCaught() {
    ParityReport report = small().between(cpu(), plain((op, x) -> op instanceof Op.PhiloxBits ? map(x, v -> v + 1) : x));
    assertTrue(failing(report).contains("random bits"), report.toString());
  }

  @Test
  void aNanIsCaught() {
    ParityReport report = small().between(cpu(), plain((op, x) -> op instanceof Op.Sqrt ? map(x, _ -> Double.NaN) : x));
    assertEquals("[update]", failing(report), report.toString());
  }

  @Test
  void theReportNamesWhatIsWrongAndIsJson() {
    ParityReport report = small().between(cpu(), plain((op, x) -> op instanceof Op.Sqrt ? map(x, v -> v * 1.01) : x));
    assertTrue(report.toString().contains("plain:0 against cpu:0"), report.toString());
    assertTrue(report.toString().contains("OUT OF BOUNDS: update of "), report.toString());
    assertTrue(report.toString().contains("parity does not hold"), report.toString());
    assertTrue(Json.of(report.toMap()).toString().contains("findings"));
  }

  private static void assertHolds(ParityReport report) {
    assertTrue(report.holds(), report.toString());
  }

  /** @param checks the kinds of comparison that fail: where the update of Adam is wrong, gradients and a free run with SGD are right */
  private static void assertCaught(String checks, Class<? extends Op> wrong, DoubleUnaryOperator change) {
    ParityReport report = small().between(cpu(), plain((op, x) -> wrong.isInstance(op) ? map(x, change) : x));
    assertFalse(report.holds(), report.toString());
    assertEquals(checks, failing(report), report.toString());
  }

  private static String failing(ParityReport report) {
    return report.violations().stream().map(ParityReport.Finding::check).distinct().sorted().toList().toString();
  }

  private static String numbers(ParityReport report) {
    return report.findings().stream()
        .collect(Collectors.groupingBy(ParityReport.Finding::check, TreeMap::new, Collectors.counting())).toString();
  }

  private static Device cpu() {
    return Devices.open("cpu");
  }

  private static Device plain(PlainDevice.Sabotage sabotage) {
    return new PlainDevice(sabotage);
  }

  private static Parity perceptron() {
    return parity(() -> new Sequential(new Flatten(), new Linear(12, 16), new Tanh(), new Dropout(0.2), new Linear(16, CLASSES)), 12);
  }

  private static Parity small() {
    return perceptron().withSteps(5, 2);
  }

  private static Parity parity(Supplier<Module> model, long... sample) {
    return Parity.of(() -> initialised(model.get()), Losses::crossEntropy, p -> new Adam(p, Schedule.constant(1e-2)), batches(sample));
  }

  private static Module initialised(Module model) {
    model.initialise(7);
    return model;
  }

  private static List<Batch> batches(long... sample) {
    var random = new Random(11);
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      long[] shape = new long[sample.length + 1];
      shape[0] = 8;
      System.arraycopy(sample, 0, shape, 1, sample.length);
      TensorType type = TensorType.of(DType.F32, shape);
      HostArray x = HostArray.ofDoubles(type, random.doubles(type.elements(), -1, 1).map(v -> (float) v).toArray());
      HostArray y = HostArray.ofLongs(TensorType.of(DType.I32, 8), random.longs(8, 0, CLASSES).toArray());
      batches.add(new Batch(List.of(x, y), 8));
    }
    return batches;
  }

  private static HostArray map(HostArray x, DoubleUnaryOperator change) {
    return HostArray.ofDoubles(x.type(), Arrays.stream(x.toDoubleArray()).map(change).toArray());
  }
}
