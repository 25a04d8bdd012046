package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.conformance.TestedDevices.TestedDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Device memory comes back without anybody closing anything. The long runs are in {@code dev.chainrule.endurance}. */
class MemoryTest {

  private static final String DEVICES = "dev.chainrule.conformance.TestedDevices#stream";

  /** Results of 20 KB stay on the device: ten thousand of them would be 200 MB. */
  private static final int ELEMENTS = 5_000;

  @ParameterizedTest
  @MethodSource(DEVICES)
  void tenThousandEvaluationsKeepNothing(TestedDevice device) {
    device.run(() -> {
      Tensor x = Tensor.of(Samples.plain(DType.F32, 1, ELEMENTS));
      assertFlat(device, () -> x.mul(2).add(x).eval());
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  void tenThousandStepsKeepNothing(TestedDevice device) {
    device.run(() -> {
      Tensor x = Tensor.of(Samples.plain(DType.F32, 2, ELEMENTS));
      Variable v = Variable.of("v", HostArray.ofDoubles(TensorType.of(DType.F32, ELEMENTS), new double[ELEMENTS]), true);
      Step step = Step.training(in -> {
        v.assign(v.value().mul(0.5).add(in.getFirst()));
        return List.of(v.value());
      });
      assertFlat(device, () -> step.run(x));
      assertEquals(1, step.plans());
    });
  }

  private static void assertFlat(TestedDevice device, Runnable once) {
    Engine engine = Engine.of(device.device());
    once.run();
    long before = settled(engine);
    for (int i = 0; i < 10_000; i++) {
      once.run();
    }
    long after = settled(engine);
    assertTrue(after <= before + 4L * ELEMENTS * Float.BYTES, "live bytes went from " + before + " to " + after);
  }

  /** Bytes in use once the collector has found what nobody holds; it reports that on a thread of its own. */
  private static long settled(Engine engine) {
    long live = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      System.gc();
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      long now = engine.liveBytes();
      if (now == live) {
        break;
      }
      live = now;
    }
    return live;
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  void whatIsHeldIsCountedAndComesBackWhenLetGo(TestedDevice device) {
    device.run(() -> {
      Engine engine = Engine.of(device.device());
      Tensor x = Tensor.of(Samples.plain(DType.F32, 3, ELEMENTS)).add(0).eval();
      long before = settled(engine);
      List<Tensor> held = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        held.add(x.add(i).eval());
      }
      long with = settled(engine);
      assertTrue(with >= before + 100L * ELEMENTS * Float.BYTES, before + " bytes, then " + with);
      assertEquals(x.toFloatArray()[7] + 99, held.getLast().toFloatArray()[7], 1e-4);
      held.clear();
      long without = settled(engine);
      assertTrue(without <= before, before + " bytes, then " + without);
      assertTrue(engine.peakBytes() >= with);
    });
  }
}
