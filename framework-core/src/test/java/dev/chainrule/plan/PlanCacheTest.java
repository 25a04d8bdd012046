package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PlanCacheTest {

  private final ReferenceDevice device = ReferenceDevice.create();
  private final Logger logger = Logger.getLogger(PlanCache.class.getName());
  private final List<String> messages = new ArrayList<>();
  private final Handler listener = new Handler() {
    @Override
    public void publish(LogRecord event) {
      messages.add(event.getLevel() + " " + MessageFormat.format(event.getMessage().replace("'", "''"), event.getParameters()));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  };

  @BeforeEach
  void listen() {
    logger.setLevel(Level.FINE);
    logger.setUseParentHandlers(false);
    logger.addHandler(listener);
  }

  @AfterEach
  void stopListening() {
    logger.removeHandler(listener);
    logger.setUseParentHandlers(true);
    logger.setLevel(null);
  }

  private double run(Step step, int n) {
    return Devices.with(device, () -> step.run(Tensor.of(new float[n])).getFirst().item());
  }

  @Test
  @Tag("S16.13")
  void aMissSaysWhatIsNew() {
    Step step = Step.evaluation(in -> List.of(in.get(0).sum()));
    run(step, 64);
    assertEquals(List.of(), messages, "the first plan needs no explanation");
    run(step, 37);
    run(step, 64);
    assertEquals(List.of("FINE new plan: input 0 was f32[64], now f32[37]"), messages);
  }

  private static Arguments miss(String line, Function<Tensor, Tensor> before, Function<Tensor, Tensor> now) {
    return Arguments.of(line, before, now);
  }

  static Stream<Arguments> misses() {
    return Stream.of(
        miss("operation 1 was Reduce[fold=SUM, axes=[0]], now Reduce[fold=SUM, axes=[1]]", x -> x.sum(0).sum(), x -> x.sum(1).sum()),
        miss("operation 1 was Exp[], now Tanh[]", Tensor::exp, Tensor::tanh),
        miss("2 operations before, 3 now: new is operation 2, Tanh[]", Tensor::exp, x -> x.exp().tanh()),
        miss("operation 2, Sub[], read the results of [0, 1], now of [1, 0]",
            x -> { Tensor y = x.exp(); return x.sub(y); }, x -> { Tensor y = x.exp(); return y.sub(x); }),
        miss("operation 2, loop[carries=1, length=2, sliced=0], has another body: "
                + "operation 4, loop[carries=1, length=2, sliced=0], has another body: operation 3 was Exp[], now Tanh[]",
            x -> repeated(x, y -> repeated(y, Tensor::exp)), x -> repeated(x, y -> repeated(y, Tensor::tanh))));
  }

  private static Tensor repeated(Tensor x, UnaryOperator<Tensor> turn) {
    return Loop.scan(2, List.of(x), List.of(), (_, carries, _) ->
        new Loop.Results(List.of(turn.apply(carries.getFirst())), List.of())).carries().getFirst();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("misses")
  void aMissNamesWhatHasChanged(String line, Function<Tensor, Tensor> before, Function<Tensor, Tensor> now) {
    var changed = new AtomicBoolean();
    Step step = Step.evaluation(in -> List.of((changed.get() ? now : before).apply(in.get(0))));
    Devices.with(device, () -> step.run(Tensor.of(new float[4], 2, 2)));
    changed.set(true);
    Devices.with(device, () -> step.run(Tensor.of(new float[4], 2, 2)));
    assertEquals(List.of("FINE new plan: " + line), messages);
  }

  @Test
  void aMissNamesTheTypesOfInputs() {
    Step step = Step.evaluation(in -> List.of(in.get(0), in.get(1).sum()));
    Devices.with(device, () -> step.run(Tensor.of(new float[2]), Tensor.of(new float[2])));
    Devices.with(device, () -> step.run(Tensor.of(new float[2]), Tensor.of(new double[2])));
    Devices.with(device, () -> step.run(Tensor.of(new float[3], 3, 1), Tensor.of(new double[2])));
    assertEquals(List.of("FINE new plan: input 1 was f32[2], now f64[2]", "FINE new plan: input 0 was f32[2], now f32[3,1]"), messages);
  }

  @Test
  @Tag("S19.3")
  void threadsWithDifferentShapesGetTheirOwnAnswers() throws Exception {
    Step step = Step.evaluation(in -> List.of(in.get(0).mul(2).sum()));
    int threads = 8;
    var start = new CyclicBarrier(threads);
    try (var pool = Executors.newFixedThreadPool(threads)) {
      List<Future<List<Double>>> futures = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int thread = t;
        futures.add(pool.submit(() -> {
          start.await();
          List<Double> sums = new ArrayList<>();
          for (int round = 0; round < 20; round++) {
            float[] values = new float[1 + (thread + round) % 10];
            Arrays.fill(values, thread + 1);
            sums.add(Devices.with(device, () -> step.run(Tensor.of(values)).getFirst().item()));
          }
          return sums;
        }));
      }
      for (int t = 0; t < threads; t++) {
        for (int round = 0; round < 20; round++) {
          assertEquals(2.0 * (t + 1) * (1 + (t + round) % 10), futures.get(t).get().get(round));
        }
      }
    }
    assertEquals(10, step.plans(), "one for each length");
  }

  @Test
  void aMissIsComparedWithTheNearestPlan() {
    Step step = Step.evaluation(in -> List.of(in.get(0).dim(0) > 100 ? in.get(0).exp().sum() : in.get(0).sum()));
    run(step, 64);
    run(step, 128);
    messages.clear();
    run(step, 37);
    assertEquals(List.of("FINE new plan: input 0 was f32[64], now f32[37]"), messages);
  }

  @Test
  @Tag("S16.13")
  void plansAreBoundedAndTheLeastUsedGoes() {
    Step step = Step.evaluation(in -> List.of(in.get(0).sum()));
    for (int n = 1; n <= 64; n++) {
      run(step, n);
    }
    assertEquals(0, device.closed());
    run(step, 1);
    for (int n = 65; n <= 70; n++) {
      run(step, n);
    }
    assertEquals(6, device.closed());
    assertEquals(70, step.plans());
    run(step, 1);
    assertEquals(70, step.plans(), "used since, so kept");
    run(step, 2);
    assertEquals(71, step.plans());
    long warnings = messages.stream().filter(m -> m.startsWith("WARNING")).count();
    assertEquals(1, warnings);
    assertTrue(messages.stream().anyMatch(m ->
        m.equals("WARNING more than 16 plans for one Step (input 0 was f32[16], now f32[17]): pad, bucket or drop odd batches")), messages.toString());
  }

  @Test
  @Tag("S16.13")
  void aFailedBuildIsNotKept() {
    Step step = Step.evaluation(in -> List.of(in.get(0).sum()));
    var failure = new IllegalStateException("the compiler is ill");
    device.breakLinks(failure);
    assertSame(failure, assertThrows(IllegalStateException.class, () -> run(step, 3)));
    assertSame(failure, assertThrows(IllegalStateException.class, () -> run(step, 3)));
    assertEquals(0, step.plans());
    device.breakLinks(null);
    assertEquals(0, run(step, 3));
    assertEquals(1, step.plans());
  }

  @Test
  void eachDeviceHasItsOwnPlans() {
    Step step = Step.evaluation(in -> List.of(in.get(0).sum()));
    run(step, 3);
    var other = ReferenceDevice.create();
    Devices.with(other, () -> step.run(Tensor.of(new float[3])));
    assertEquals(1, other.linked().size());
    assertEquals(2, step.plans());
  }
}
