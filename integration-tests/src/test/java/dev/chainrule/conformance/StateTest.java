package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.StaleTensorException;
import dev.chainrule.conformance.TestedDevices.TestedDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.BatchNorm;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Variables keep what Steps assign to them, all of it at the end of a run; expected values are plain Java's. */
class StateTest {

  private static final String DEVICES = "dev.chainrule.conformance.TestedDevices#stream";

  private static Variable vector(String name, double... values) {
    return Variable.of(name, HostArray.ofDoubles(TensorType.of(DType.F32, values.length), values), true);
  }

  private static double[] content(Variable variable) {
    return variable.value().toDoubleArray();
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.2") @Tag("S15.3")
  void aRunSeesItsOwnAssignmentsInProgramOrder(TestedDevice device) {
    device.run(() -> {
      Variable v = vector("v", 1, 2);
      Step step = Step.training(_ -> {
        Tensor before = v.value();
        v.assign(before.mul(2));
        Tensor between = v.value();
        v.assign(between.add(3));
        return List.of(before, between, v.value());
      });
      List<Tensor> seen = step.run();
      assertArrayEquals(new double[] {1, 2}, seen.get(0).toDoubleArray());
      assertArrayEquals(new double[] {2, 4}, seen.get(1).toDoubleArray());
      assertArrayEquals(new double[] {5, 7}, seen.get(2).toDoubleArray());
      assertArrayEquals(new double[] {5, 7}, content(v));
      step.run();
      assertArrayEquals(new double[] {13, 17}, content(v));
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.4")
  void twoVariablesExchangeTheirValues(TestedDevice device) {
    device.run(() -> {
      Variable a = vector("a", 1, 2, 3);
      Variable b = vector("b", 10, 20, 30);
      Step exchange = Step.training(_ -> {
        Tensor old = a.value();
        a.assign(b.value());
        b.assign(old);
        return List.of();
      });
      exchange.run();
      assertArrayEquals(new double[] {10, 20, 30}, content(a));
      assertArrayEquals(new double[] {1, 2, 3}, content(b));
      exchange.run();
      assertArrayEquals(new double[] {1, 2, 3}, content(a));
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.4")
  void aVariableTakesItsOwnValueMoved(TestedDevice device) {
    device.run(() -> {
      HostArray start = Samples.plain(DType.F32, 1, 50, 50);
      Variable v = Variable.of("v", start, true);
      Step step = Step.training(_ -> {
        v.assign(v.value().transpose().flip(0));
        return List.of();
      });
      for (int i = 0; i < 4; i++) {
        step.run();
      }
      // A quarter turn, four times.
      assertEquals(start, v.value().toHostArray());
      step.run();
      float[] from = start.toFloatArray();
      float[] turned = v.value().toFloatArray();
      for (int r = 0; r < 50; r++) {
        for (int c = 0; c < 50; c++) {
          assertEquals(from[c * 50 + 49 - r], turned[r * 50 + c]);
        }
      }
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  void aCounterCountsRuns(TestedDevice device) {
    device.run(() -> {
      Variable counter = Variable.of("counter", HostArray.ofLongs(TensorType.scalar(DType.I64), (1L << 40) - 50), false);
      Step step = Step.training(_ -> {
        counter.assign(counter.value().add(1));
        return List.of(counter.value());
      });
      for (int i = 1; i <= 100; i++) {
        assertEquals((1L << 40) - 50 + i, step.run().getFirst().toLongArray()[0]);
      }
      assertEquals(1, step.plans());
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S13.10")
  void aHundredStepsOfMomentumEqualThePlainLoopBitForBit(TestedDevice device) {
    device.run(() -> {
      int n = 1003;
      float[] p = Samples.between(DType.F32, -1, 1, 2, n).toFloatArray();
      float[] m = new float[n];
      float[] target = Samples.between(DType.F32, -1, 1, 3, n).toFloatArray();
      Variable parameter = Variable.of("p", HostArray.ofFloats(TensorType.of(DType.F32, n), p), true);
      Variable momentum = Variable.of("m", HostArray.ofFloats(TensorType.of(DType.F32, n), m), false);
      Step step = Step.training(in -> {
        Tensor gradient = parameter.value().sub(in.getFirst());
        momentum.assign(momentum.value().mul(0.9).add(gradient));
        parameter.assign(parameter.value().sub(momentum.value().mul(0.1)));
        return List.of();
      });
      for (int run = 0; run < 100; run++) {
        step.run(Tensor.of(target));
        for (int i = 0; i < n; i++) {
          float gradient = p[i] - target[i];
          float scaled = m[i] * 0.9f;
          m[i] = scaled + gradient;
          float change = m[i] * 0.1f;
          p[i] = p[i] - change;
        }
      }
      assertArrayEquals(p, parameter.value().toFloatArray());
      assertArrayEquals(m, momentum.value().toFloatArray());
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.14")
  void resultsOfARunAreNotTouchedByLaterOnes(TestedDevice device) {
    device.run(() -> {
      for (int n : new int[] {3, 5_000}) {
        Variable v = Variable.of("v", HostArray.ofDoubles(TensorType.of(DType.F32, n), new double[n]), true);
        Step step = Step.training(_ -> {
          Tensor before = v.value();
          v.assign(before.add(1));
          return List.of(before, v.value());
        });
        List<Tensor> first = step.run();
        List<Tensor> second = step.run();
        List<Tensor> third = step.run(new Tensor[0]);
        for (int i = 0; i < n; i += 499) {
          assertEquals(0, first.get(0).toFloatArray()[i]);
          assertEquals(1, first.get(1).toFloatArray()[i]);
          assertEquals(1, second.get(0).toFloatArray()[i]);
          assertEquals(3, third.get(1).toFloatArray()[i]);
        }
      }
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  void oneStepFeedsAnother(TestedDevice device) {
    device.run(() -> {
      Step twice = Step.evaluation(in -> List.of(in.getFirst().mul(2)));
      Tensor x = Tensor.of(Samples.plain(DType.F32, 4, 3_000));
      Tensor doubled = twice.run(x).getFirst();
      Tensor again = twice.run(doubled).getFirst();
      assertArrayEquals(x.mul(4).toFloatArray(), again.toFloatArray());
      assertArrayEquals(x.mul(2).toFloatArray(), doubled.toFloatArray());
      assertEquals(1, twice.plans());
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  void stepsShareVariables(TestedDevice device) {
    device.run(() -> {
      Variable v = vector("v", 1);
      Step add = Step.training(_ -> {
        v.assign(v.value().add(1));
        return List.of();
      });
      Step multiply = Step.training(_ -> {
        v.assign(v.value().mul(10));
        return List.of();
      });
      Step look = Step.evaluation(_ -> List.of(v.value()));
      for (int i = 0; i < 3; i++) {
        add.run();
        multiply.run();
      }
      assertEquals(2110, look.run().getFirst().item());
      assertEquals(2110, v.value().item());
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S6.4") @Tag("S15.1") @Tag("S15.6") @Tag("S15.7")
  void aTensorOfAnOverwrittenVersionIsRefusedUnlessItWasEvaluated(TestedDevice device) {
    device.run(() -> {
      Variable v = vector("v", 1, 2);
      Tensor pending = v.value().add(1);
      Tensor evaluated = v.value().add(1).eval();
      Tensor copied = v.value().copy().eval();
      Step.training(_ -> {
        v.assign(v.value().mul(5));
        return List.of();
      }).run();
      StaleTensorException stale = assertThrows(StaleTensorException.class, pending::toHostArray);
      assertTrue(stale.getMessage().startsWith("[v] a tensor refers to version 1 of the variable, which is now at 2"), stale.getMessage());
      assertArrayEquals(new double[] {2, 3}, evaluated.toDoubleArray());
      assertArrayEquals(new double[] {1, 2}, copied.toDoubleArray());
      assertArrayEquals(new double[] {5, 10}, content(v));
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.5")
  void outsideAStepAnAssignmentCountsAtOnce(TestedDevice device) {
    device.run(() -> {
      Variable v = vector("v", 1, 2);
      v.assign(v.value().mul(3).add(v.value()));
      assertArrayEquals(new double[] {4, 8}, content(v));
      Step step = Step.training(_ -> {
        v.assign(v.value().add(1));
        return List.of();
      });
      step.run();
      v.assign(v.value().neg());
      step.run();
      assertArrayEquals(new double[] {-4, -8}, content(v));
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  void everyShapeOfInputHasAPlanAndTheStateGoesOn(TestedDevice device) {
    device.run(() -> {
      Variable total = vector("total", 0);
      Step step = Step.training(in -> {
        total.assign(total.value().add(in.getFirst().sum()));
        return List.of(total.value());
      });
      double expected = 0;
      for (int round = 0; round < 3; round++) {
        for (int n = 1; n <= 5; n++) {
          expected += n;
          assertEquals(expected, step.run(Tensor.ones(TensorType.of(DType.F32, n)).eval()).getFirst().item());
        }
      }
      assertEquals(5, step.plans());
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.3")
  void variablesOfEveryTypeKeepEveryBit(TestedDevice device) {
    device.run(() -> {
      for (DType dtype : DType.values()) {
        for (long n : new long[] {0, 1, 33, Samples.LARGE}) {
          HostArray start = Samples.anyBits(dtype, 6, n);
          Variable from = Variable.of("from", start, false);
          Variable to = Variable.of("to", Samples.anyBits(dtype, 7, n), false);
          Step step = Step.training(_ -> {
            to.assign(from.value().flip(0));
            from.assign(to.value().flip(0));
            return List.of();
          });
          step.run();
          step.run();
          assertEquals(start, from.toHostArray(), dtype + " of " + n);
          assertEquals(start, to.value().flip(0).toHostArray(), dtype + " of " + n);
        }
      }
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.3")
  void aFunctionThatFailsAssignsNothing(TestedDevice device) {
    device.run(() -> {
      Variable v = vector("v", 1, 2);
      Step step = Step.training(_ -> {
        v.assign(v.value().mul(2));
        throw new IllegalStateException("after the assignment");
      });
      assertThrows(IllegalStateException.class, step::run);
      assertArrayEquals(new double[] {1, 2}, content(v));
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.5")
  void severalVariablesAreAssignedAsOne(TestedDevice device) {
    device.run(() -> {
      Variable a = vector("a", 1);
      Variable b = vector("b", 2);
      Step sum = Step.training(_ -> {
        a.assign(a.value().add(b.value()));
        return List.of();
      });
      sum.run();
      HostArray wrong = HostArray.ofDoubles(TensorType.of(DType.F32, 2), 8, 9);
      HostArray ten = HostArray.ofDoubles(TensorType.of(DType.F32, 1), 10);
      Map<Variable, HostArray> both = new LinkedHashMap<>();
      both.put(a, ten);
      both.put(b, wrong);
      assertThrows(InvalidArgumentException.class, () -> Variable.assignAll(both));
      assertArrayEquals(new double[] {3}, content(a), "all or none");
      both.put(b, ten);
      Variable.assignAll(both);
      sum.run();
      assertArrayEquals(new double[] {20}, content(a));
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.11")
  void aVariableWithoutAValueIsFilledFromTheSeedOfTheStepThatFirstUsesIt(TestedDevice device) {
    device.run(() -> {
      TensorType type = TensorType.of(DType.F32, 1);
      Variable read = Variable.declared("read", type, true, seed -> HostArray.ofDoubles(type, seed));
      Variable assigned = Variable.declared("assigned", type, true, seed -> HostArray.ofDoubles(type, seed));
      assertThrows(InvalidArgumentException.class, () -> read.value().item());
      Step.training(_ -> {
        assigned.assign(read.value().add(1));
        return List.of();
      }).withSeed(41).run();
      assertArrayEquals(new double[] {41}, content(read));
      assertArrayEquals(new double[] {42}, content(assigned));
    });
  }

  // --- Steps of several threads ------------------------------------------------------------------------------------------------------

  /** Adds one to the variable in another thread, and waits for that. */
  private static void incrementElsewhere(TestedDevice device, Variable v) {
    Step step = Step.training(_ -> {
      v.assign(v.value().add(1));
      return List.of();
    });
    try {
      Thread.ofPlatform().start(() -> device.run(step::run)).join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.8")
  void ofTwoStepsThatWriteOneVariableTheSecondIsRefused(TestedDevice device) {
    device.run(() -> {
      Variable v = vector("v", 1);
      int[] calls = new int[1];
      Step step = Step.training(_ -> {
        v.assign(v.value().mul(10));
        if (calls[0]++ == 0) {
          incrementElsewhere(device, v);
        }
        return List.of();
      });
      assertThrows(StaleTensorException.class, step::run);
      assertArrayEquals(new double[] {2}, content(v));
      step.run();
      assertArrayEquals(new double[] {20}, content(v));
      assertEquals(2, calls[0]);
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.9")
  void aStepThatOnlyReadsLooksAgainWhenItIsOvertaken(TestedDevice device) {
    device.run(() -> {
      Variable v = vector("v", 1);
      int[] calls = new int[1];
      Step once = Step.evaluation(_ -> {
        Tensor before = v.value();
        if (calls[0]++ == 0) {
          incrementElsewhere(device, v);
        }
        return List.of(before, v.value());
      });
      List<Tensor> seen = once.run();
      assertEquals(2, seen.get(0).item());
      assertEquals(2, seen.get(1).item());
      assertEquals(2, calls[0]);
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.9")
  void aStepThatIsOvertakenAHundredTimesGivesUp(TestedDevice device) {
    device.run(() -> {
      Variable v = vector("v", 0);
      Step always = Step.evaluation(_ -> {
        Tensor before = v.value();
        incrementElsewhere(device, v);
        return List.of(before);
      });
      assertThrows(StaleTensorException.class, always::run);
      assertArrayEquals(new double[] {100}, content(v));
    });
  }

  /** Channels (1, 3), mean 2 and unbiased variance 2, and (0, 10): 5 and 50. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S15.16")
  void batchNormMovesItsRunningStatisticsInTrainingAlone(TestedDevice device) {
    device.run(() -> {
      var layer = new BatchNorm(2, 1e-5, 0.5);
      layer.initialise(0);
      Tensor x = Tensor.of(new float[] {1, 0, 3, 10}, 2, 2);
      Step train = Step.training(in -> List.of(layer.apply(in.getFirst())));
      Step evaluate = Step.evaluation(in -> List.of(layer.apply(in.getFirst())));
      assertEquals(3 / Math.sqrt(1 + 1e-5), evaluate.run(x).getFirst().toDoubleArray()[2], 1e-6);
      assertEquals(1 / Math.sqrt(1 + 1e-5), train.run(x).getFirst().toDoubleArray()[2], 1e-6);
      train.run(x);
      for (int again = 0; again < 2; again++) {
        double[] y = evaluate.run(x).getFirst().toDoubleArray();
        assertArrayEquals(new double[] {1.5, 3.75}, content(layer.runningMean()), 1e-6);
        assertArrayEquals(new double[] {1.75, 37.75}, content(layer.runningVariance()), 1e-5);
        assertEquals((10 - 3.75) / Math.sqrt(37.75 + 1e-5), y[3], 1e-6);
      }
    });
  }
}
