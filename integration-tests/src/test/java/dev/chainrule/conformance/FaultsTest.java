package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.NonFiniteException;
import dev.chainrule.conformance.TestedDevices.TestedDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Losses;
import dev.chainrule.tensor.Composites;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the semantics forbid makes a run fail by name, changes no variable, and harms no later run. */
class FaultsTest {

  private static final String DEVICES = "dev.chainrule.conformance.TestedDevices#stream";

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
      ChainruleException fault = assertThrows(kind, () -> step.run(bad));
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
  void aLookUpOutsideItsAxis(TestedDevice device) {
    for (DType dtype : List.of(DType.I32, DType.I64)) {
      for (long wrong : new long[] {-1, 5, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
        device.run(() -> assertFaults(IndexRangeException.class, "gather", Long.toString(wrong), i -> table().take(0, i),
            longs(dtype, 0, 4, 2), longs(dtype, 0, wrong, 2)));
      }
    }
  }

  /** Its lower half alone would be a valid index. */
  @ParameterizedTest
  @MethodSource(DEVICES)
  void aLookUpBeyondThirtyTwoBits(TestedDevice device) {
    device.run(() -> assertFaults(IndexRangeException.class, "gather", Long.toString((1L << 32) + 1), i -> table().take(0, i),
        longs(DType.I64, 0, 4, 2), longs(DType.I64, 0, 1, (1L << 32) + 1)));
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
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
  void aLabelThatIsNoClass(TestedDevice device) {
    for (long wrong : new long[] {-1, 4}) {
      device.run(() -> assertFaults(IndexRangeException.class, "gather", Long.toString(wrong),
          labels -> Composites.softmaxCrossEntropy(table(), labels), longs(DType.I32, 0, 3, 2, 1, 0), longs(DType.I32, 0, 3, wrong, 1, 0)));
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  void anIntegerDividedByZero(TestedDevice device) {
    for (DType dtype : Samples.INTEGER) {
      device.run(() -> assertFaults(InvalidArgumentException.class, "iDiv", "divided by 0",
          divisor -> longs(dtype, 7, 8, 9).floorDiv(divisor), longs(dtype, 1, 2, 3), longs(dtype, 1, 2, 0)));
      device.run(() -> assertFaults(InvalidArgumentException.class, "mod", "divided by 0",
          divisor -> longs(dtype, 7, 8, 9).mod(divisor), longs(dtype, 1, 2, 3), longs(dtype, 0, 2, 3)));
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
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
  void aNonFiniteLossNamesTheFirstOperationThatProducedIt(TestedDevice device) {
    device.run(() -> {
      Step step = Step.training(in -> {
        Tensor value = Losses.mse(in.getFirst().sqrt().exp(), Tensor.zeros(in.getFirst().type()));
        Trace.surrounding().orElseThrow().mustBeFinite(value, "loss");
        return List.of(value);
      });
      assertEquals(Math.exp(2), step.run(Tensor.of(new float[] {1})).getFirst().item(), 1e-5);
      NonFiniteException fault = assertThrows(NonFiniteException.class, () -> step.run(Tensor.of(new float[] {-1})));
      assertTrue(fault.getMessage().contains("first at sqrt f32[1]"), fault.getMessage());
      assertTrue(fault.getMessage().contains("step 2"), fault.getMessage());
    });
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
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
  void whatNobodyReadsCannotFault(TestedDevice device) {
    device.run(() -> {
      Step step = Step.evaluation(in -> {
        in.getFirst().take(0, longs(DType.I32, 99)).log();
        return List.of(in.getFirst().sum());
      });
      assertEquals(6, step.run(Tensor.of(new float[] {1, 2, 3})).getFirst().item());
    });
  }
}
