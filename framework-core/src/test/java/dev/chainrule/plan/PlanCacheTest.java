package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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
  void aMissSaysWhatIsNew() {
    Step step = Step.evaluation(in -> List.of(in.get(0).sum()));
    run(step, 64);
    assertEquals(List.of(), messages, "the first plan needs no explanation");
    run(step, 37);
    run(step, 64);
    assertEquals(List.of("FINE new plan: input 0 was f32[64], now f32[37]"), messages);
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
