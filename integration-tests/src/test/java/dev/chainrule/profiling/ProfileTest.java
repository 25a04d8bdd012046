package dev.chainrule.profiling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.backend.cpu.CpuDevice;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import dev.chainrule.io.Json;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.plan.PlanReport;
import dev.chainrule.schedule.Work;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Profile;
import dev.chainrule.train.Step;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens is in the profile, once each, and the viewers' format is kept. */
class ProfileTest {

  private static final int RUNS = 3;

  @TempDir
  private Path folder;

  private static Tensor ones(long... shape) {
    return Tensor.full(TensorType.of(DType.F32, shape), 1);
  }

  private static Step training() {
    var model = new Sequential(new Linear(12, 2000), new Relu(), new Linear(2000, 3));
    var sgd = new Sgd(model.parameters(), Schedule.constant(0.1));
    return Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
      sgd.minimise(loss);
      return List.of(loss);
    });
  }

  /** Runs a training on a device of its own while a profile is written. */
  private PlanReport profiled(Path file) {
    try (var device = new CpuDevice(2)) {
      return Devices.with(device, () -> {
        Tensor x = Tensor.of(new float[5 * 12], 5, 12);
        Tensor labels = Tensor.of(new int[5]);
        Step step = training();
        try (Profile _ = Profile.to(file)) {
          for (int i = 0; i < RUNS; i++) {
            step.run(x, labels);
          }
        }
        return step.plan(x, labels);
      });
    }
  }

  /** In the order in which they began; a recording is not sorted. */
  private static List<Json.Obj> events(Path trace) {
    return ((Json.Arr) Json.read(trace)).elements().stream().map(Json.Obj.class::cast)
        .sorted(Comparator.comparingDouble(e -> e.get("ts").flatMap(Json::asDouble).orElse(0.0))).toList();
  }

  private static String text(Json.Obj event, String member) {
    return ((Json.Str) event.get(member).orElseThrow()).value();
  }

  private static long number(Json.Obj event, String member) {
    return ((Json.Int) ((Json.Obj) event.get("args").orElseThrow()).get(member).orElseThrow()).value();
  }

  private static String argument(Json.Obj event, String member) {
    return text((Json.Obj) event.get("args").orElseThrow(), member);
  }

  private static List<Json.Obj> in(List<Json.Obj> events, String category) {
    return events.stream().filter(e -> e.get("cat").isPresent() && text(e, "cat").equals(category)).toList();
  }

  private static <T> Map<T, Long> counted(List<T> items) {
    return items.stream().collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
  }

  @Test
  void everyKernelOfEveryRunIsThereWithItsModuleAndBytes() {
    Path file = folder.resolve("trace.json");
    PlanReport report = profiled(file);
    List<String> expected = new ArrayList<>();
    for (Work work : report.kernels()) {
      expected.addAll(Collections.nCopies(RUNS,
          work.label() + "|" + String.join(", ", work.paths()) + "|" + work.bytesRead() + "|" + work.bytesWritten()));
    }
    List<String> found = in(events(file), "kernels").stream().map(e -> text(e, "name") + "|" + argument(e, "path") + "|"
        + number(e, "bytesRead") + "|" + number(e, "bytesWritten")).toList();
    assertEquals(counted(expected), counted(found));
    assertTrue(report.kernels().stream().anyMatch(w -> w.label().startsWith("dot") && !w.paths().isEmpty()));
  }

  @Test
  void tracingPlanningRunsCopiesAndMemoryAreThere() {
    Path file = folder.resolve("trace.json");
    PlanReport report = profiled(file);
    List<Json.Obj> events = events(file);
    assertEquals(Map.of("training", (long) RUNS), counted(in(events, "tracing").stream().map(e -> argument(e, "mode")).toList()));
    assertTrue(in(events, "tracing").stream().allMatch(e -> number(e, "nodes") > 10));
    assertEquals(List.of("the first plan"),
        in(events, "planning").stream().filter(e -> text(e, "ph").equals("i")).map(e -> argument(e, "difference")).toList());
    Json.Obj plan = in(events, "planning").stream().filter(e -> text(e, "ph").equals("X")).findFirst().orElseThrow();
    assertEquals(report.kernels().size(), number(plan, "instructions"));
    assertEquals(report.arenaBytes(), number(plan, "arenaBytes"));
    assertEquals(RUNS, in(events, "runs").size());
    // Parameters and the count of steps once, the images and labels at each run; the loss back at each.
    Map<String, Long> copies = counted(in(events, "copies").stream().map(e -> text(e, "name")).toList());
    assertEquals(Map.of("to device", 5L + 2 * RUNS, "to host", (long) RUNS), copies);
    Set<Long> ofInputs = Set.of(5L * 12 * Float.BYTES, 5L * Integer.BYTES);
    assertEquals(2 * RUNS, in(events, "copies").stream().filter(e -> ofInputs.contains(number(e, "bytes"))).count());
    long most = in(events, "memory").stream().mapToLong(e -> number(e, "live bytes")).max().orElseThrow();
    assertEquals(report.peakBytes(), most);
  }

  @Test
  void theFormatIsWhatViewersRead() {
    Path file = folder.resolve("trace.json");
    profiled(file);
    List<Json.Obj> events = events(file);
    Set<String> groups = new TreeSet<>();
    for (Json.Obj event : events) {
      String phase = text(event, "ph");
      assertTrue(Set.of("X", "i", "C", "M").contains(phase), phase);
      assertTrue(event.get("pid").orElseThrow() instanceof Json.Int && event.get("tid").orElseThrow() instanceof Json.Int);
      if (phase.equals("M")) {
        if (text(event, "name").equals("process_name")) {
          groups.add(argument(event, "name"));
        }
        continue;
      }
      assertTrue(event.get("ts").orElseThrow().asDouble().orElseThrow() >= 0);
      assertEquals(phase.equals("X"), event.get("dur").isPresent());
    }
    assertEquals(Set.of("copies", "kernels", "memory", "planning", "runs", "tracing"), groups);
  }

  /** Kernels lie within runs, and one ends before the next begins. */
  @Test
  void kernelsFollowOneAnotherWithinRuns() {
    Path file = folder.resolve("trace.json");
    profiled(file);
    record Span(double begin, double end) {
      static Span of(Json.Obj event) {
        double begin = event.get("ts").orElseThrow().asDouble().orElseThrow();
        return new Span(begin, begin + event.get("dur").orElseThrow().asDouble().orElseThrow());
      }
    }
    List<Json.Obj> events = events(file);
    List<Span> runs = in(events, "runs").stream().map(Span::of).toList();
    List<Span> kernels = in(events, "kernels").stream().map(Span::of).sorted((a, b) -> Double.compare(a.begin, b.begin)).toList();
    double rounding = 0.002;
    for (int i = 0; i < kernels.size(); i++) {
      Span kernel = kernels.get(i);
      assertTrue(runs.stream().anyMatch(run -> run.begin <= kernel.begin + rounding && kernel.end <= run.end + rounding));
      assertTrue(i == 0 || kernels.get(i - 1).end <= kernel.begin + rounding);
    }
  }

  @Test
  void timesAreInMicroseconds() {
    Path file = folder.resolve("trace.json");
    Step step = Step.evaluation(in -> {
      LockSupport.parkUntil(System.currentTimeMillis() + 20);
      return List.of(in.getFirst().add(1));
    });
    long start = System.nanoTime();
    try (Profile _ = Profile.to(file)) {
      step.run(ones(7));
    }
    double micros = (System.nanoTime() - start) / 1e3;
    Json.Obj trace = in(events(file), "tracing").getFirst();
    double duration = trace.get("dur").orElseThrow().asDouble().orElseThrow();
    assertTrue(duration > 5_000 && duration < micros, duration + " of " + micros);
    assertTrue(trace.get("ts").orElseThrow().asDouble().orElseThrow() < micros);
  }

  @Test
  void aLoopIsOneKernel() {
    Path file = folder.resolve("trace.json");
    Step step = Step.evaluation(in -> Loop.scan(50, in, List.of(),
        (_, c, _) -> new Loop.Results(List.of(c.getFirst().mul(0.5).add(1)), List.of())).carries());
    try (Profile _ = Profile.to(file)) {
      step.run(ones(7));
    }
    assertEquals(1, in(events(file), "kernels").stream().filter(e -> text(e, "name").startsWith("loop")).count());
    assertTrue(in(events(file), "kernels").size() < 10);
  }

  @Test
  void aSecondShapeIsAMissWithItsFirstDifference() {
    Path file = folder.resolve("trace.json");
    Step step = Step.evaluation(in -> List.of(in.getFirst().sum()));
    try (Profile _ = Profile.to(file)) {
      step.run(Tensor.of(new float[6], 2, 3));
      step.run(Tensor.of(new float[3], 1, 3));
    }
    assertEquals(List.of("the first plan", "input 0 was f32[2,3], now f32[1,3]"), in(events(file), "planning").stream()
        .filter(e -> text(e, "name").equals("plan miss")).map(e -> argument(e, "difference")).toList());
  }

  @Test
  void aNameInJfrKeepsTheFlightRecording() throws IOException {
    Path file = folder.resolve("training.jfr");
    PlanReport report = profiled(file);
    List<RecordedEvent> kernels = RecordingFile.readAllEvents(file).stream()
        .filter(e -> e.getEventType().getName().equals("chainrule.Kernel")).toList();
    assertEquals(RUNS * report.kernels().size(), kernels.size());
    assertEquals(List.of("Chainrule"), kernels.getFirst().getEventType().getCategoryNames());
  }

  @Test
  void nothingIsWrittenIntoAFolderThatIsNotThere() {
    assertThrows(InvalidArgumentException.class, () -> Profile.to(folder.resolve("missing/trace.json")));
  }

  private static float loss(List<Tensor> results) {
    return results.getFirst().toFloatArray()[0];
  }

  @Test
  @Tag("S16.16")
  void whatIsComputedIsTheSameWithAndWithout() {
    Tensor x = Tensor.of(new float[5 * 12], 5, 12);
    Tensor labels = Tensor.of(new int[] {0, 1, 2, 0, 1});
    List<float[]> losses = new ArrayList<>();
    for (boolean recorded : new boolean[] {false, true}) {
      Step step = training();
      Runnable runs = () -> losses.add(new float[] {loss(step.run(x, labels)), loss(step.run(x, labels))});
      if (recorded) {
        try (Profile profile = Profile.to(folder.resolve("trace.json"))) {
          runs.run();
          profile.close();
          assertFalse(events(folder.resolve("trace.json")).isEmpty());
        }
      } else {
        runs.run();
      }
    }
    assertArrayEquals(losses.get(0), losses.get(1));
  }
}
