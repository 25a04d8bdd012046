package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.tensor.Composites;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.Iterator;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Logger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps from end to end on the reference device. */
class StepRunTest {

  private final ReferenceDevice device = ReferenceDevice.create();

  private List<Tensor> run(Step step, Tensor... inputs) {
    return Devices.with(device, () -> step.run(inputs));
  }

  private double[] read(Variable v) {
    return Devices.with(device, () -> v.value().toDoubleArray());
  }

  private static Variable variable(String name, double... values) {
    return Variable.of(name, HostArray.ofDoubles(TensorType.of(DType.F64, values.length), values), true);
  }

  private static Trace trace() {
    return Trace.surrounding().orElseThrow();
  }

  @Test
  void trainingMovesDownTheGradient() {
    Variable w = variable("w", 1, -2);
    Step step = Step.training(in -> {
      Tensor loss = w.value().mul(in.get(0)).sum().sub(1).square();
      Tensor g = Gradients.of(loss, List.of(w.value())).getFirst();
      w.assign(w.value().sub(g.mul(0.1)));
      return List.of(loss);
    });
    double a = 1;
    double b = -2;
    for (int i = 0; i < 5; i++) {
      double x = 1 + 0.1 * i;
      double error = a * x + b * 0.5 - 1;
      Tensor loss = run(step, Tensor.of(new double[] {x, 0.5})).getFirst();
      assertEquals(error * error, loss.item(), 1e-12);
      a -= 0.1 * (2 * error) * x;
      b -= 0.1 * (2 * error) * 0.5;
      assertArrayEquals(new double[] {a, b}, read(w), 1e-12);
    }
    assertEquals(1, step.plans());
    assertEquals(5, step.runs());
  }

  @Test
  @Tag("S16.1")
  void forwardBackwardAndUpdateAreOneExecutableRunOnce() {
    Variable w = Variable.of("w", HostArray.ofDoubles(TensorType.of(DType.F64, 3, 4), new double[12]), true);
    Variable b = variable("b", 0, 0, 0, 0);
    Step step = Step.training(in -> {
      Tensor logits = in.get(0).matmul(w.value()).add(b.value());
      Tensor loss = Composites.softmaxCrossEntropy(logits, in.get(1)).mean();
      trace().mustBeFinite(loss, "loss");
      List<Tensor> g = Gradients.of(loss, List.of(w.value(), b.value()));
      w.assign(w.value().sub(g.get(0).mul(0.5)));
      b.assign(b.value().sub(g.get(1).mul(0.5)));
      return List.of(loss);
    });
    Tensor x = Tensor.of(new double[] {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 2, 3);
    Tensor labels = Tensor.of(new int[] {0, 3});
    assertEquals(Math.log(4), run(step, x, labels).getFirst().item(), 1e-12);
    assertEquals(1, device.runs());
    assertEquals(1, device.linked().size());
    int downloads = device.downloads();
    double second = run(step, x, labels).getFirst().item();
    assertTrue(second < Math.log(4), "it learns: " + second);
    assertEquals(2, device.runs(), "one run for each step");
    assertEquals(1, device.linked().size(), "and no new plan");
    assertEquals(downloads + 1, device.downloads(), "the loss alone comes back, after the run: the device refuses calls during one");
    List<Instruction> instructions = device.lastLinked().instructions();
    int commits = (int) instructions.stream().filter(Instruction::isCommit).count();
    assertTrue(commits > 0);
    assertTrue(instructions.subList(instructions.size() - commits, instructions.size()).stream().allMatch(Instruction::isCommit),
        "commits come last");
  }

  @Test
  void devicesThatWantDenseOperandsGetThem() {
    var dense = ReferenceDevice.dense();
    Step step = Step.evaluation(in -> List.of(
        in.get(0).transpose().matmul(in.get(0)).sum(0), in.get(0).flip(1).sum(1), in.get(0).unsqueeze(1).broadcastTo(Shape.of(2, 2, 3)).max(1)));
    List<Tensor> out = Devices.with(dense, () -> step.run(Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3)));
    assertArrayEquals(new double[] {17 + 22 + 27, 22 + 29 + 36, 27 + 36 + 45}, out.get(0).toDoubleArray());
    assertArrayEquals(new double[] {6, 15}, out.get(1).toDoubleArray());
    assertArrayEquals(new double[] {1, 2, 3, 4, 5, 6}, out.get(2).toDoubleArray());
    dense.lastLinked().instructions().forEach(i -> {
      if (i instanceof Instruction.Call call) {
        call.inputs().forEach(in -> assertTrue(in.layout().isContiguous(), call.toString()));
      }
    });
  }

  @Test
  void outputsMayBeInputsLiteralsNumbersAndViews() {
    Variable v = Variable.of("v", HostArray.ofDoubles(TensorType.of(DType.F64, 2, 2), 1, 2, 3, 4), true);
    Step step = Step.evaluation(in -> List.of(
        in.get(0), v.value().transpose(), Tensor.constant(HostArray.ofDoubles(TensorType.of(DType.F64, 1), 7)), Tensor.scalar(DType.I64, 5),
        in.get(0).flip(0).slice(0, 0, 1), Tensor.arange(DType.I32, 3), v.value().sum().broadcastTo(Shape.of(2))));
    List<Tensor> out = run(step, Tensor.of(new double[] {8, 9}));
    assertArrayEquals(new double[] {8, 9}, out.get(0).toDoubleArray());
    assertArrayEquals(new double[] {1, 3, 2, 4}, out.get(1).toDoubleArray());
    assertArrayEquals(new double[] {7}, out.get(2).toDoubleArray());
    assertEquals(5, out.get(3).item());
    assertArrayEquals(new double[] {9}, out.get(4).toDoubleArray());
    assertArrayEquals(new long[] {0, 1, 2}, out.get(5).toLongArray());
    assertArrayEquals(new double[] {10, 10}, out.get(6).toDoubleArray());
  }

  @Test
  void oneTensorMayBeReturnedTwiceAndReadOn() {
    Step step = Step.evaluation(in -> {
      Tensor y = in.get(0).exp();
      return List.of(y, y.add(1), y);
    });
    List<Tensor> out = run(step, Tensor.of(new double[] {0, 1}));
    assertArrayEquals(new double[] {1, Math.E}, out.get(0).toDoubleArray(), 1e-15);
    assertArrayEquals(new double[] {2, Math.E + 1}, out.get(1).toDoubleArray(), 1e-15);
    assertArrayEquals(out.get(0).toDoubleArray(), out.get(2).toDoubleArray());
  }

  @Test
  void outputsOnBothSidesOf4KilobytesSurviveTheNextRun() {
    Step step = Step.evaluation(in -> List.of(in.get(0).mul(2), in.get(0).sum(), in.get(0).slice(0, 0, 512).add(1)));
    double[] data = new double[513];
    data[512] = 1;
    List<Tensor> first = run(step, Tensor.of(data));
    data[512] = 3;
    List<Tensor> second = run(step, Tensor.of(data));
    assertTrue(first.get(0).node().value().orElseThrow() instanceof DeviceValue);
    assertTrue(first.get(2).node().value().orElseThrow() instanceof HostArray, "4096 bytes come back at once");
    assertEquals(2, first.get(0).toDoubleArray()[512]);
    assertEquals(1, first.get(1).item());
    assertEquals(6, second.get(0).toDoubleArray()[512]);
    assertEquals(3, second.get(1).item());
    Step next = Step.evaluation(in -> List.of(in.get(0).sum()));
    assertEquals(2, run(next, first.get(0)).getFirst().item(), "a result on the device is an input like any other");
  }

  @Test
  @Tag("S1.4")
  void emptyTensorsRun() {
    Step step = Step.evaluation(in -> List.of(in.get(0).exp(), in.get(0).sum(), in.get(0).matmul(Tensor.zeros(TensorType.of(DType.F64, 3, 2)))));
    List<Tensor> out = run(step, Tensor.of(new double[0], 0, 3));
    assertEquals(0, out.get(0).toDoubleArray().length);
    assertEquals(0, out.get(1).item());
    assertEquals(Shape.of(0, 2), out.get(2).shape());
  }

  @Test
  @Tag("S3.5") @Tag("S16.2")
  void numbersAreParametersAndMakeNoNewPlan() {
    AtomicInteger rate = new AtomicInteger();
    Step step = Step.evaluation(in -> List.of(in.get(0).mul(rate.get() + 0.5).add(3L)));
    for (int i = 0; i < 4; i++) {
      rate.set(i);
      assertEquals(2 * (i + 0.5) + 3, run(step, Tensor.of(new double[] {2}, 1)).getFirst().item());
    }
    assertEquals(1, step.plans());
  }

  @Test
  void numbersOfEveryTypeArrive() {
    Step step = Step.evaluation(_ -> List.of(
        Tensor.scalar(DType.F32, 1.1), Tensor.scalar(DType.F64, 1.1), Tensor.scalar(DType.F16, 0.5), Tensor.scalar(DType.BF16, 3),
        Tensor.scalar(DType.I32, -7), Tensor.scalar(DType.I64, Long.MIN_VALUE), Tensor.scalar(DType.U8, 255), Tensor.scalar(DType.BOOL, 1)));
    List<Tensor> out = run(step);
    assertEquals(1.1f, out.get(0).item());
    assertEquals(1.1, out.get(1).item());
    assertEquals(0.5, out.get(2).item());
    assertEquals(3, out.get(3).item());
    assertEquals(-7, out.get(4).item());
    assertEquals(Long.MIN_VALUE, out.get(5).toLongArray()[0]);
    assertEquals(255, out.get(6).item());
    assertEquals(1, out.get(7).item());
  }

  @Test
  @Tag("S18.5")
  void randomBitsChangeFromRunToRunAndComeBackWithTheRunNumber() {
    Supplier<Step> make = () -> Step.training(_ -> List.of(trace().random().uniform(Shape.of(8))));
    Step step = make.get().withSeed(3);
    List<float[]> draws = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      draws.add(run(step).getFirst().toFloatArray());
    }
    assertNotEquals(draws.get(0)[0], draws.get(1)[0]);
    assertEquals(1, step.plans());
    Step resumed = make.get().withSeed(3);
    resumed.resumeAt(2);
    assertArrayEquals(draws.get(2), run(resumed).getFirst().toFloatArray());
    assertNotEquals(draws.get(0)[0], run(make.get().withSeed(4)).getFirst().toFloatArray()[0]);
  }

  @Test
  @Tag("S19.1")
  void modeIsTheSteps() {
    List<Mode> seen = new ArrayList<>();
    Step.Function f = in -> {
      seen.add(Mode.current());
      return in;
    };
    run(Step.training(f), Tensor.scalar(1));
    run(Step.evaluation(f), Tensor.scalar(1));
    assertEquals(List.of(Mode.TRAINING, Mode.EVALUATION), seen);
    assertEquals(Mode.EVALUATION, Mode.current());
  }

  @Test
  @Tag("S16.9")
  void aStepInsideAStepIsAnError() {
    Step inner = Step.evaluation(in -> in);
    Step outer = Step.training(in -> inner.run(in.get(0)));
    var e = assertThrows(InvalidArgumentException.class, () -> run(outer, Tensor.scalar(1)));
    assertTrue(e.getMessage().startsWith("[step] a Step was run inside another one"), e.getMessage());
  }

  @Test
  @Tag("S16.9")
  void evalInsideAStepIsAnError() {
    assertThrows(InvalidArgumentException.class, () -> run(Step.training(in -> List.of(in.get(0).exp().eval())), Tensor.scalar(1)));
  }

  @Test
  @Tag("S16.8")
  void aHostReadIsCountedAndCommitsNothing() {
    Variable a = variable("a", 1, 2);
    List<Double> seen = new ArrayList<>();
    Step step = Step.training(in -> {
      a.assign(a.value().add(in.get(0)));
      seen.add(a.value().sum().item());
      if (seen.size() == 2) {
        throw new IllegalStateException("the function fails after it has read");
      }
      return List.of(a.value());
    });
    run(step, Tensor.scalar(DType.F64, 10));
    assertEquals(23, seen.getFirst());
    assertEquals(1, step.hostReads());
    assertEquals(2, device.runs(), "the part that was read, and the step");
    assertThrows(IllegalStateException.class, () -> run(step, Tensor.scalar(DType.F64, 10)));
    assertEquals(43, seen.get(1));
    assertArrayEquals(new double[] {11, 12}, read(a), "the second step has not committed");
  }

  @Test
  @Tag("S14.9")
  void aFaultIsExplainedByTheDataOfTheRunAlthoughTheFunctionReadsOtherDataWhenCalledAgain() {
    Iterator<Integer> indices = List.of(99, 0).iterator();
    Step step = Step.evaluation(in -> List.of(in.get(0).take(0, Tensor.of(new int[] {indices.next()}))));
    var e = assertThrows(IndexRangeException.class, () -> run(step, Tensor.of(ones(3))));
    assertTrue(e.getMessage().contains("99"), e.getMessage());
    assertTrue(e.getMessage().contains("StepRunTest.java:"), "with the line, for the structure is the same: " + e.getMessage());
  }

  @Test
  @Tag("S14.9")
  void aFunctionThatFailsWhenCalledAgainDoesNotHideTheFault() {
    Iterator<Integer> indices = List.of(99).iterator();
    Step step = Step.evaluation(in -> List.of(in.get(0).take(0, Tensor.of(new int[] {indices.next()}))));
    var e = assertThrows(IndexRangeException.class, () -> run(step, Tensor.of(ones(3))));
    assertTrue(e.getMessage().contains("99"), e.getMessage());
  }

  @Test
  void readersRunBesideAWriter() throws InterruptedException {
    Variable a = variable("a", 0, 0);
    Step writer = Step.training(in -> {
      a.assign(a.value().add(1));
      return List.of();
    });
    Step reader = Step.evaluation(in -> List.of(a.value()));
    var failures = new ConcurrentLinkedQueue<Throwable>();
    Thread reading = Thread.ofPlatform().start(() -> {
      try {
        for (int i = 0; i < 300; i++) {
          double[] both = run(reader).getFirst().toDoubleArray();
          assertEquals(both[0], both[1]);
        }
      } catch (RuntimeException | AssertionError e) {
        failures.add(e);
      }
    });
    for (int i = 0; i < 300; i++) {
      run(writer);
    }
    reading.join();
    assertEquals(List.of(), List.copyOf(failures));
    assertArrayEquals(new double[] {300, 300}, read(a));
  }

  @Test
  void readingAnInputIsNoExtraRun() {
    Step step = Step.evaluation(in -> List.of(in.get(0).mul(in.get(1).item())));
    assertEquals(6, run(step, Tensor.scalar(DType.F64, 2), Tensor.scalar(DType.F64, 3)).getFirst().item());
    assertEquals(0, step.hostReads());
    assertEquals(1, device.runs());
  }

  @Test
  void aLaterShapeIsAFurtherPlanAndTheFirstIsKept() {
    Step step = Step.evaluation(in -> List.of(in.get(0).sum()));
    for (int n : new int[] {3, 5, 3, 5, 3}) {
      assertEquals(n, run(step, Tensor.of(ones(n))).getFirst().item());
    }
    assertEquals(2, step.plans());
  }

  private static double[] ones(int n) {
    double[] ones = new double[n];
    Arrays.fill(ones, 1);
    return ones;
  }

  @Test
  void pendingInputsArePartOfTheStep() {
    Tensor pending = Tensor.of(new double[] {1, 2}).mul(3);
    Step step = Step.evaluation(in -> List.of(in.get(0).sum()));
    assertEquals(9, run(step, pending).getFirst().item());
    assertTrue(pending.node().value().isEmpty());
    Devices.with(device, pending::eval);
    assertEquals(9, run(step, pending).getFirst().item());
    assertEquals(2, step.plans(), "an evaluated tensor is an input");
  }

  @Test
  @Tag("S3.5")
  void anExponentIsAParameterToo() {
    AtomicInteger exponent = new AtomicInteger(1);
    Step step = Step.evaluation(in -> List.of(in.get(0).pow(exponent.get()), in.get(0).pow(exponent.get() + 0.5)));
    for (int i = 1; i < 4; i++) {
      exponent.set(i);
      List<Tensor> powers = run(step, Tensor.of(new double[] {4}));
      assertEquals(Math.pow(4, i), powers.get(0).item());
      assertEquals(Math.pow(4, i + 0.5), powers.get(1).item());
    }
    assertEquals(1, step.plans());
  }

  @Test
  @Tag("S16.8")
  void theFirstHostReadIsLoggedWithItsLineAndNoOther() {
    List<String> messages = new ArrayList<>();
    Logger logger = Logger.getLogger(Step.class.getName());
    logger.setUseParentHandlers(false);
    logger.setFilter(message -> messages.add(MessageFormat.format(message.getMessage(), message.getParameters())));
    try {
      Step step = Step.evaluation(in -> List.of(in.get(0).mul(in.get(0).exp().item())));
      for (int i = 0; i < 3; i++) {
        run(step, Tensor.scalar(DType.F64, i));
      }
      assertEquals(3, step.hostReads());
      assertEquals(1, messages.size(), messages.toString());
      assertTrue(messages.getFirst().contains("f64[] at StepRunTest.") && messages.getFirst().contains("StepRunTest.java:"),
          messages.getFirst());
    } finally {
      logger.setFilter(null);
      logger.setUseParentHandlers(true);
    }
  }
}
