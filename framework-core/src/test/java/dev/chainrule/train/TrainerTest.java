package dev.chainrule.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.data.Column;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Dataset;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Dropout;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.GradientAccumulation;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class TrainerTest {

  private static final int EXAMPLES = 10;

  /** y = 2 x0 - x1. */
  private static Dataset line() {
    float[] x = new float[2 * EXAMPLES];
    float[] y = new float[EXAMPLES];
    for (int i = 0; i < EXAMPLES; i++) {
      x[2 * i] = (i % 5) - 2;
      x[2 * i + 1] = (i % 3) - 1;
      y[i] = 2 * x[2 * i] - x[2 * i + 1];
    }
    return Dataset.of(
        Column.of(HostArray.ofFloats(TensorType.of(DType.F32, EXAMPLES, 2), x)),
        Column.of(HostArray.ofFloats(TensorType.of(DType.F32, EXAMPLES, 1), y)));
  }

  private static Trainer trainer(double rate, double dropout) {
    var model = new Sequential(new Dropout(dropout), new Linear(2, 1));
    model.initialise(3);
    return Trainer.of(model, Losses::mse, new Sgd(model.parameters(), Schedule.constant(rate)));
  }

  private static <T> T onDevice(Supplier<T> body) {
    return Devices.with(ReferenceDevice.create(), body);
  }

  /** Ten examples as batches of 4, 4 and 2: together one batch of ten. */
  @Test
  void accumulatedBatchesTrainAsOne() {
    onDevice(() -> {
      List<float[]> weights = new ArrayList<>();
      for (boolean accumulated : new boolean[] {false, true}) {
        var model = new Linear(2, 1);
        model.initialise(3);
        var sgd = new Sgd(model.parameters(), Schedule.constant(0.1));
        Trainer trainer = accumulated
            ? Trainer.of(model, Losses::mse, new GradientAccumulation(sgd, 3))
            : Trainer.of(model, Losses::mse, sgd);
        History history = trainer.fit(DataLoader.of(line(), accumulated ? 4 : 10), 5);
        assertEquals(accumulated ? 15 : 5, history.losses().size());
        weights.add(model.parameters().getFirst().toHostArray().toFloatArray());
      }
      assertArrayEquals(weights.get(0), weights.get(1), 1e-6f);
      return null;
    });
  }

  @Test
  void itLearnsALine() {
    Map<String, Double> result = onDevice(() -> {
      Trainer trainer = trainer(0.1, 0);
      History history = trainer.fit(DataLoader.of(line(), 5).withShuffle(true), 60);
      assertEquals(120, history.losses().size());
      assertEquals(600, history.samples());
      return trainer.evaluate(DataLoader.of(line(), 4), new Metric("mse", Losses::mse));
    });
    assertTrue(result.get("mse") < 1e-4, result.toString());
  }

  @Test
  void fittingAgainGoesOnWithFreshOrdersAndFreshMasks() {
    onDevice(() -> {
      Trainer still = trainer(0, 0.5);
      DataLoader loader = DataLoader.of(line(), 2).withShuffle(true);
      assertNotEquals(still.fit(loader, 1).losses(), still.fit(loader, 1).losses());
      assertEquals(2, still.epochsDone());
      return still;
    });
  }

  @Test
  void twoFitsEqualOne() {
    onDevice(() -> {
      DataLoader loader = DataLoader.of(line(), 3).withShuffle(true).withSeed(5);
      List<Double> whole = trainer(0.05, 0.5).fit(loader, 4).losses();
      Trainer parts = trainer(0.05, 0.5);
      List<Double> joined = new ArrayList<>(parts.fit(loader, 1).losses());
      joined.addAll(parts.fit(loader, 3).losses());
      assertEquals(whole, joined);
      return parts;
    });
  }

  @Test
  void evaluationCountsEachExampleOnceWhateverTheBatches() {
    onDevice(() -> {
      Trainer trainer = trainer(0, 0);
      double whole = trainer.evaluate(DataLoader.of(line(), EXAMPLES), new Metric("mse", Losses::mse)).get("mse");
      double uneven = trainer.evaluate(DataLoader.of(line(), 3), new Metric("mse", Losses::mse)).get("mse");
      assertEquals(whole, uneven, 1e-6);
      return trainer;
    });
  }

  @Test
  void trainingEndsAtTheLimitOfSteps() {
    History history = onDevice(() -> trainer(0.1, 0).fit(DataLoader.of(line(), 4), 5, 4));
    assertEquals(4, history.losses().size());
    assertEquals(4 + 4 + 2 + 4, history.samples());
    assertThrows(InvalidArgumentException.class, () -> trainer(0.1, 0).fit(DataLoader.of(line(), 4), -1));
  }

  @Test
  void callbacksHearOfEveryStepAndEpoch() {
    List<String> heard = new ArrayList<>();
    var callback = new Callback() {
      @Override
      public void stepEnded(StepEnd step) {
        heard.add(step.epoch() + "/" + step.epochs() + " " + step.batch() + "/" + step.batches() + " " + step.steps() + " " + step.samples());
      }

      @Override
      public void epochEnded(EpochEnd epoch) {
        heard.add("end of " + epoch.epoch());
      }
    };
    onDevice(() -> trainer(0.1, 0).withCallbacks(callback).fit(DataLoader.of(line(), 6), 2));
    assertEquals(List.of("0/2 0/2 1 6", "0/2 1/2 2 4", "end of 0", "1/2 0/2 3 6", "1/2 1/2 4 4", "end of 1"), heard);
  }

  @Test
  void aLogGetsALinePerEpochAndATerminalOneThatIsRedrawn() {
    String log = drawn(false);
    assertEquals(2, log.lines().count(), log);
    assertTrue(log.startsWith("epoch 1/2  loss "), log);
    assertEquals(-1, log.indexOf('\r'));

    String terminal = drawn(true);
    assertTrue(terminal.startsWith("\repoch 1/2 ["), terminal);
    assertEquals(2, terminal.chars().filter(c -> c == '\n').count());
  }

  private static String drawn(boolean terminal) {
    var bytes = new ByteArrayOutputStream();
    var bar = new ProgressBar(new PrintStream(bytes, true, StandardCharsets.UTF_8), terminal);
    onDevice(() -> trainer(0.1, 0).withCallbacks(bar).fit(DataLoader.of(line(), 5), 2));
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
