package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.NonFiniteException;
import dev.chainrule.autograd.Checkpoint;
import dev.chainrule.conformance.TestedDevices.TestedDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Losses;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.AdamW;
import dev.chainrule.optim.GradientClipping;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.optim.RmsProp;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.tensor.Composites;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the semantics forbid makes a run fail by name, changes no variable, and harms no later run. */
class FaultsTest {

  private static final String DEVICES = "dev.chainrule.conformance.TestedDevices#stream";

  /** A device may be behind: at the latest who reads a result is told of a fault. */
  private static void read(List<Tensor> results) {
    results.forEach(Tensor::toHostArray);
  }

  /**
   * Runs a step that updates two variables beside computing {@code function}: with good data, with bad data, with good data again.
   *
   * @param op the operation that the message names
   */
  private static void assertFaults(
      Class<? extends ChainruleException> kind, String op, String names, UnaryOperator<Tensor> function, Tensor good, Tensor bad) {
    Variable first = Variable.of("first", HostArray.ofDoubles(TensorType.of(DType.F32, 3), 1, 2, 3), true);
    Variable second = Variable.of("second", HostArray.ofLongs(TensorType.scalar(DType.I64), 0), false);
    Step step = Step.training(in -> {
      first.assign(first.value().mul(2));
      Tensor result = function.apply(in.getFirst());
      second.assign(second.value().add(1));
      return List.of(result);
    });
    HostArray result = step.run(good).getFirst().toHostArray();
    for (int attempt = 0; attempt < 2; attempt++) {
      ChainruleException fault = assertThrows(kind, () -> read(step.run(bad)));
      assertTrue(fault.getMessage().startsWith("[" + op + "]"), fault.getMessage());
      assertTrue(fault.getMessage().contains(names), fault.getMessage());
      assertTrue(fault.getMessage().contains("FaultsTest.java"), fault.getMessage());
      assertArrayEquals(new double[] {2, 4, 6}, first.value().toDoubleArray());
      assertEquals(1, second.value().item());
    }
    assertEquals(result, step.run(good).getFirst().toHostArray());
    assertArrayEquals(new double[] {4, 8, 12}, first.value().toDoubleArray());
    assertEquals(2, second.value().item());
    assertEquals(1, step.plans());
  }

  private static Tensor longs(DType dtype, long... values) {
    return Tensor.of(HostArray.ofLongs(TensorType.of(dtype, values.length), values));
  }

  private static Tensor table() {
    return Tensor.of(Samples.plain(DType.F32, 1, 5, 4));
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S9.3") @Tag("S14.1") @Tag("S14.2") @Tag("S14.3")
  void aLookUpOutsideItsAxis(TestedDevice device) {
    for (DType dtype : List.of(DType.I32, DType.I64)) {
      for (long wrong : new long[] {-1, 5, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
        device.run(() -> assertFaults(IndexRangeException.class, "gather", Long.toString(wrong), i -> table().take(0, i),
            longs(dtype, 0, 4, 2), longs(dtype, 0, wrong, 2)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  void aLookUpInALoop(TestedDevice device) {
    device.run(() -> assertFaults(IndexRangeException.class, "gather", "7", i -> Loop.scan(3, List.of(), List.of(i), (_, _, slices) ->
        new Loop.Results(List.of(), List.of(table().take(0, slices.getFirst())))).outputs().getFirst(),
        longs(DType.I32, 0, 4, 2), longs(DType.I32, 0, 4, 7)));
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  void aLossThatALoopMadeInfinite(TestedDevice device) {
    UnaryOperator<Tensor> loss = x -> {
      Tensor value = Loop.scan(4, List.of(x), List.of(), (_, carries, _) ->
          new Loop.Results(List.of(carries.getFirst().sub(1).log().add(2)), List.of())).carries().getFirst().sum();
      Trace.surrounding().orElseThrow().mustBeFinite(value, "loss");
      return value;
    };
    device.run(() -> assertFaults(NonFiniteException.class, "loss", "first at log f32[1]", loss,
        Tensor.of(new float[] {4}), Tensor.of(new float[] {1.5f})));
  }

  /** Its lower half alone would be a valid index. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S9.3")
  void aLookUpBeyondThirtyTwoBits(TestedDevice device) {
    device.run(() -> assertFaults(IndexRangeException.class, "gather", Long.toString((1L << 32) + 1), i -> table().take(0, i),
        longs(DType.I64, 0, 4, 2), longs(DType.I64, 0, 1, (1L << 32) + 1)));
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.1") @Tag("S14.2")
  void anAdditionOutsideItsAxis(TestedDevice device) {
    for (long wrong : new long[] {-1, 5}) {
      device.run(() -> assertFaults(IndexRangeException.class, "scatterAdd", Long.toString(wrong),
          i -> table().scatterAdd(0, i, Tensor.ones(TensorType.of(DType.F32, 3, 4))),
          longs(DType.I32, 0, 4, 0), longs(DType.I32, 0, wrong, 0)));
    }
  }

  /** Each of these would be a right place in another line: index 4 of the first row of four is the second row's first element. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S9.6") @Tag("S9.9")
  void anIndexOfItsOwnOutsideItsAxis(TestedDevice device) {
    for (DType dtype : List.of(DType.I32, DType.I64)) {
      for (long wrong : new long[] {4, -1, 19}) {
        Tensor good = longs(dtype, 0, 3, 2, 1, 3).reshape(5, 1);
        Tensor bad = longs(dtype, 0, 3, wrong, 1, 3).reshape(5, 1);
        device.run(() -> assertFaults(IndexRangeException.class, "gather", "index " + wrong + " (element 2", i -> table().takeAlong(1, i),
            good, bad));
        device.run(() -> assertFaults(IndexRangeException.class, "gather", "index " + wrong + " (element 2",
            i -> table().scatterAlongAdd(1, i, Tensor.ones(TensorType.of(DType.F32, 5, 1))), good, bad));
      }
      for (long wrong : new long[] {5, -1}) {
        device.run(() -> assertFaults(IndexRangeException.class, "gather", "index " + wrong + " (element 3",
            i -> table().indexSelect(0, i), longs(dtype, 0, 4, 2, 1), longs(dtype, 0, 4, 2, wrong)));
        device.run(() -> assertFaults(IndexRangeException.class, "gather", "index " + wrong + " (element 0",
            i -> table().takeAlong(0, i), longs(dtype, 4).reshape(1, 1), longs(dtype, wrong).reshape(1, 1)));
      }
    }
    device.run(() -> assertFaults(IndexRangeException.class, "gather", Long.toString((1L << 32) + 1), i -> table().takeAlong(0, i),
        longs(DType.I64, 1).reshape(1, 1), longs(DType.I64, (1L << 32) + 1).reshape(1, 1)));
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S12.6")
  void aLabelThatIsNoClass(TestedDevice device) {
    for (long wrong : new long[] {-1, 4}) {
      device.run(() -> assertFaults(IndexRangeException.class, "gather", Long.toString(wrong),
          labels -> Composites.softmaxCrossEntropy(table(), labels), longs(DType.I32, 0, 3, 2, 1, 0), longs(DType.I32, 0, 3, wrong, 1, 0)));
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S5.17") @Tag("S5.18") @Tag("S14.1") @Tag("S14.2")
  void anIntegerDividedByZero(TestedDevice device) {
    for (DType dtype : Samples.INTEGER) {
      device.run(() -> assertFaults(InvalidArgumentException.class, "iDiv", "divided by 0",
          divisor -> longs(dtype, 7, 8, 9).floorDiv(divisor), longs(dtype, 1, 2, 3), longs(dtype, 1, 2, 0)));
      device.run(() -> assertFaults(InvalidArgumentException.class, "mod", "divided by 0",
          divisor -> longs(dtype, 7, 8, 9).mod(divisor), longs(dtype, 1, 2, 3), longs(dtype, 0, 2, 3)));
    }
  }

  /** A choice computes both of its branches. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S5.24")
  void anIntegerDividedByZeroWhereTheQuotientIsNotTaken(TestedDevice device) {
    device.run(() -> assertFaults(InvalidArgumentException.class, "iDiv", "divided by 0",
        divisor -> divisor.equal(0).where(divisor, longs(DType.I32, 7, 8, 9).floorDiv(divisor)),
        longs(DType.I32, 1, 2, 3), longs(DType.I32, 1, 2, 0)));
  }

  /** Whatever a device reads in place of the row that is not there, the division by it comes later. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.4")
  void theFirstOfTwoFaultsIsReported(TestedDevice device) {
    device.run(() -> {
      Tensor x = longs(DType.I32, 7, 8, 9);
      Tensor divisors = longs(DType.I32, 0, 1, 2, 3);
      assertFaults(IndexRangeException.class, "gather", "99", i -> x.floorDiv(divisors.take(0, i)),
          longs(DType.I32, 1, 2, 3), longs(DType.I32, 1, 99, 3));
      assertFaults(InvalidArgumentException.class, "iDiv", "9 divided by 0",
          d -> x.take(0, x.floorDiv(d).mul(0).add(d.equal(0).cast(DType.I32).mul(99))),
          longs(DType.I32, 1, 2, 3), longs(DType.I32, 1, 2, 0));
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S9.4") @Tag("S14.5")
  void aBadIndexIsNamedWithItsElementItsAxisAndWhereItWasUsed(TestedDevice device) {
    device.run(() -> {
      Step step = Step.training(in -> {
        Trace trace = Trace.surrounding().orElseThrow();
        return List.of(trace.at("encoder/embedding", () -> table().take(1, in.getFirst())));
      });
      var fault = assertThrows(IndexRangeException.class, () -> read(step.run(longs(DType.I64, 0, 3, -2))));
      for (String part : List.of("index -2", "element 2", "axis 1 of f32[5,4]", "encoder/embedding", "FaultsTest.java:")) {
        assertTrue(fault.getMessage().contains(part), part + " is not in " + fault.getMessage());
      }
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.1") @Tag("S14.2") @Tag("S14.3")
  void aLossThatIsNotFinite(TestedDevice device) {
    UnaryOperator<Tensor> loss = x -> {
      Tensor value = x.log().sum();
      Trace.surrounding().orElseThrow().mustBeFinite(value, "loss");
      return value;
    };
    for (double wrong : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      // For a value that came in, no operation is to blame but the loss says where it was found.
      device.run(() -> assertFaults(NonFiniteException.class, "loss", "loss is not finite", loss,
          Tensor.of(new float[] {1, 2, 3}), Tensor.of(new float[] {1, (float) wrong, 3})));
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.1")
  void everyFloatingTypeIsCheckedAtEveryPlace(TestedDevice device) {
    for (DType dtype : Samples.FLOATING) {
      HostArray good = Samples.plain(dtype, 5, 3, 67);
      for (int place : new int[] {0, 100, 200}) {
        for (double wrong : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
          double[] values = good.toDoubleArray();
          values[place] = wrong;
          device.run(() -> assertFaults(NonFiniteException.class, "x", "x is not finite", x -> {
            Trace.surrounding().orElseThrow().mustBeFinite(x.transpose(), "x");
            return x;
          }, Tensor.of(good), Tensor.of(HostArray.ofDoubles(good.type(), values))));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.8")
  void whatIsNotFiniteAndNotCheckedIsAValueLikeAnyOther(TestedDevice device) {
    device.run(() -> {
      Variable v = Variable.of("v", HostArray.ofDoubles(TensorType.of(DType.F32, 2), 0, -1), true);
      Step step = Step.training(_ -> {
        v.assign(v.value().log());
        return List.of(v.value());
      });
      double[] logarithms = {Double.NEGATIVE_INFINITY, Double.NaN};
      assertArrayEquals(logarithms, step.run().getFirst().toDoubleArray());
      assertArrayEquals(logarithms, v.value().toDoubleArray());
    });
  }

  /** The gradient's norm or its square, and the learning rate: each is checked beside the loss. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.8")
  void optimizersCheckWhatTheyCompute(TestedDevice device) {
    Schedule rate = Schedule.constant(1e30);
    // The loss w x is finite; its gradient x, or what is made of it, is too large.
    assertOptimizerFaults(device, 1e20, "gradient norm", p -> new Sgd(p, rate).withClipping(GradientClipping.byGlobalNorm(1)));
    assertOptimizerFaults(device, 1e20, "square of the gradient of w", p -> new Sgd(p, rate));
    assertOptimizerFaults(device, 1e20, "square of the gradient of w", p -> new Adam(p, rate));
    assertOptimizerFaults(device, 1e20, "square of the gradient of w", p -> new AdamW(p, rate));
    assertOptimizerFaults(device, 1e20, "square of the gradient of w", p -> new RmsProp(p, rate));
    assertOptimizerFaults(device, 1, "learning rate", p -> new Sgd(p, taken -> taken.mul(0).log()));
  }

  private static void assertOptimizerFaults(
      TestedDevice device, double slope, String names, Function<List<Variable>, Optimizer> optimizer) {
    device.run(() -> {
      Variable w = Variable.of("w", HostArray.ofDoubles(TensorType.of(DType.F32, 1), 1e-3), true);
      Optimizer tested = optimizer.apply(List.of(w));
      Step step = Step.training(in -> {
        Tensor loss = w.value().mul(in.getFirst()).sum();
        tested.minimise(loss);
        return List.of(loss);
      });
      var fault = assertThrows(NonFiniteException.class, () -> read(step.run(Tensor.scalar(slope))));
      assertTrue(fault.getMessage().startsWith("[" + names + "]"), fault.getMessage());
      assertEquals(1e-3f, w.value().item(), "the parameter keeps its value");
      tested.state().forEach((name, variable) -> assertTrue(Double.isFinite(variable.value().sum().item()), name));
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.6")
  void aNonFiniteLossNamesTheFirstOperationThatProducedIt(TestedDevice device) {
    device.run(() -> {
      Step step = Step.training(in -> {
        Tensor value = Losses.mse(in.getFirst().sqrt().exp(), Tensor.zeros(in.getFirst().type()));
        Trace.surrounding().orElseThrow().mustBeFinite(value, "loss");
        return List.of(value);
      });
      assertEquals(Math.exp(2), step.run(Tensor.of(new float[] {1})).getFirst().item(), 1e-5);
      NonFiniteException fault = assertThrows(NonFiniteException.class, () -> read(step.run(Tensor.of(new float[] {-1}))));
      assertTrue(fault.getMessage().contains("first at sqrt f32[1]"), fault.getMessage());
      assertTrue(fault.getMessage().contains("step 2"), fault.getMessage());
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.2")
  void outsideAStepTheSameThingsFail(TestedDevice device) {
    assertFailsOutside(device, IndexRangeException.class, "[gather]", () -> table().take(0, longs(DType.I32, 0, 5)));
    assertFailsOutside(device, IndexRangeException.class, "[gather]", () -> table().take(1, longs(DType.I64, 0, -7)));
    assertFailsOutside(device, IndexRangeException.class, "[scatterAdd]",
        () -> table().scatterAdd(1, longs(DType.I32, 4), Tensor.ones(TensorType.of(DType.F32, 5, 1))));
    assertFailsOutside(device, IndexRangeException.class, "[gather]",
        () -> Composites.softmaxCrossEntropy(table(), longs(DType.I32, 0, 1, 2, 3, 4)));
    assertFailsOutside(device, InvalidArgumentException.class, "[iDiv]", () -> longs(DType.I64, 1, 2).floorDiv(longs(DType.I64, 1, 0)));
    device.run(() -> assertEquals(table().select(0, 4).toHostArray(), table().take(0, longs(DType.I32, 4)).squeeze(0).toHostArray()));
  }

  private static void assertFailsOutside(
      TestedDevice device, Class<? extends ChainruleException> kind, String op, Supplier<Tensor> tensor) {
    device.run(() -> {
      ChainruleException fault = assertThrows(kind, () -> tensor.get().eval());
      assertTrue(fault.getMessage().startsWith(op), fault.getMessage());
    });
  }

  /** Only what was asked for is computed: an operation that would fault does no harm where nobody reads it. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.7")
  void whatNobodyReadsCannotFault(TestedDevice device) {
    device.run(() -> {
      Step step = Step.evaluation(in -> {
        in.getFirst().take(0, longs(DType.I32, 99)).log();
        return List.of(in.getFirst().sum());
      });
      assertEquals(6, step.run(Tensor.of(new float[] {1, 2, 3})).getFirst().item());
    });
  }

  /** What it looks at may be wrong for ever: here an index leads past the end of the list, where element 0 is read instead. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S14.10")
  void aLoopOfUnknownLengthEndsAtAFault(TestedDevice device) {
    device.run(() -> assertFaults(IndexRangeException.class, "gather", "99", next -> Loop.whileTrue(
        List.of(Tensor.full(TensorType.scalar(DType.I64), 0)), c -> c.getFirst().greaterEqual(0), c -> List.of(next.take(0, c.getFirst())))
        .getFirst(), longs(DType.I64, 1, 2, -1), longs(DType.I64, 1, 99, 4)));
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  void whatACheckpointMadeInfinite(TestedDevice device) {
    UnaryOperator<Tensor> loss = x -> {
      Tensor value = Checkpoint.of(y -> y.sub(1).log(), x).sum();
      Trace.surrounding().orElseThrow().mustBeFinite(value, "loss");
      return value;
    };
    device.run(() -> assertFaults(NonFiniteException.class, "loss", "first at log f32[1]", loss,
        Tensor.of(new float[] {4}), Tensor.of(new float[] {1})));
  }
}
