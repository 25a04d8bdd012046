package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Evaluator;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every scalar operation on every element type it is defined for, with special values, against the reference. */
class PointwiseTest {

  /** Exact in every type: the reference computes in double, and these are rounded once or not at all here too. */
  private static final List<Op.Unary> EXACT = List.of(
      new Op.Neg(), new Op.Abs(), new Op.Sign(), new Op.Floor(), new Op.Ceil(), new Op.Round(), new Op.Sqrt());

  private static final List<Op.Unary> ROUNDED = List.of(
      new Op.Exp(), new Op.Expm1(), new Op.Log(), new Op.Log1p(), new Op.Rsqrt(), new Op.Sin(), new Op.Cos(), new Op.Tan(),
      new Op.Tanh(), new Op.Erf());

  private static final List<Op.Binary> REAL = List.of(
      new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Div(), new Op.Max(), new Op.Min(), new Op.Mod());

  private static final List<Op.Binary> INTEGRAL = List.of(
      new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Max(), new Op.Min(), new Op.And(), new Op.Or(), new Op.Xor(),
      new Op.ShiftLeft(), new Op.ShiftRight(), new Op.ShiftRightLogical());

  private static final List<Op.Comparison> COMPARISONS = List.of(new Op.Equal(), new Op.Less(), new Op.LessEqual());

  /** Long enough for several blocks and parts, and odd. */
  private static final long LONG = 70_001;

  @ParameterizedTest
  @EnumSource
  void unaryOperationsAgree(DType dtype) {
    Node x = Samples.node(dtype, 1, 3001);
    if (dtype.isFloating()) {
      EXACT.forEach(op -> Agreement.exact(Ops.node(op, x)));
      // Up to 1.6 in float, and the reference is rounded; less than 2 for Java's doubles, and for the division of a root.
      int ulps = dtype == DType.F64 ? 4 : dtype == DType.F32 ? 2 : 1;
      ROUNDED.forEach(op -> Agreement.within(Ops.node(op, x), ulps, 0));
    } else {
      Stream.of(new Op.Neg(), new Op.Abs(), new Op.Sign(), new Op.Not())
          .filter(op -> dtype != DType.BOOL || op instanceof Op.Not)
          .forEach(op -> Agreement.exact(Ops.node(op, x)));
    }
  }

  @Test
  @Tag("S19.7")
  void functionsOfDoublesAreThoseOfMath() {
    Map<Op.Unary, DoubleUnaryOperator> functions = Map.of(new Op.Exp(), Math::exp, new Op.Expm1(), Math::expm1, new Op.Log(), Math::log,
        new Op.Log1p(), Math::log1p, new Op.Sin(), Math::sin, new Op.Cos(), Math::cos, new Op.Tan(), Math::tan, new Op.Tanh(), Math::tanh);
    double[] x = new SplittableRandom(8).doubles(3001, -20, 20).toArray();
    Tensor t = Tensor.of(x);
    functions.forEach((op, function) -> {
      double[] expected = Arrays.stream(x).map(function).toArray();
      assertArrayEquals(expected, Devices.with(Agreement.DEVICES.getFirst(), () -> Tensor.of(Ops.node(op, t.node())).toDoubleArray()),
          op::toString);
    });
  }

  @Test
  void oddPowersOfNegativeZeroAndInfinityKeepTheSign() {
    double[] exponents = {3, 2, 2.5, 0x1p51 + 1, 0x1p51 + 2, 0x1p51 + 2.5, 0x1p51 + 3.5, 0x1p52 - 1, 0x1p52 - 2, 0x1p52 + 1, 0x1p53 + 2};
    for (double base : new double[] {-0.0, Double.NEGATIVE_INFINITY}) {
      double[] expected = Arrays.stream(exponents).map(y -> y % 2 == 1 ? base : -base).toArray();
      Tensor x = Tensor.of(Arrays.stream(exponents).map(_ -> base).toArray());
      assertArrayEquals(expected, Devices.with(Agreement.DEVICES.getFirst(), () -> x.pow(Tensor.of(exponents)).toDoubleArray()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void binaryOperationsAgree(DType dtype) {
    Node x = Samples.node(dtype, 2, 9001);
    Node y = Samples.node(dtype, 3, 9001);
    if (dtype.isFloating()) {
      REAL.forEach(op -> Agreement.exact(Ops.node(op, x, y)));
      Agreement.within(Ops.node(new Op.Pow(), x, y), dtype == DType.F64 ? 2 : 1, 0);
    } else if (dtype == DType.BOOL) {
      Stream.of(new Op.And(), new Op.Or(), new Op.Xor(), new Op.Max(), new Op.Min()).forEach(op -> Agreement.exact(Ops.node(op, x, y)));
    } else {
      INTEGRAL.forEach(op -> Agreement.exact(Ops.node(op, x, y)));
      Node one = Ops.node(new Op.Cast(dtype), Ops.input(HostArray.ofLongs(TensorType.of(DType.I32, 1), 1)));
      Node zero = Ops.node(new Op.Sub(), one, one);
      Node isZero = Ops.node(new Op.Equal(), y, expand(zero, 9001));
      Node divisor = Ops.node(new Op.Where(), isZero, expand(one, 9001), y);
      Agreement.exact(Ops.node(new Op.IDiv(), x, divisor));
      Agreement.exact(Ops.node(new Op.Mod(), x, divisor));
    }
  }

  private static Node expand(Node x, long... dims) {
    return Ops.node(new Op.Expand(TensorType.of(DType.F32, dims).shape()), x);
  }

  @ParameterizedTest
  @EnumSource
  void comparisonsAndChoicesAgree(DType dtype) {
    Node x = Samples.node(dtype, 4, 5003);
    Node y = Samples.node(dtype, 5, 5003);
    for (Op.Comparison op : COMPARISONS) {
      Agreement.exact(Ops.node(op, x, y));
      Agreement.exact(Ops.node(op, x, x));
      Agreement.exact(Ops.node(new Op.Where(), Ops.node(op, x, y), x, y));
    }
  }

  @ParameterizedTest
  @EnumSource
  void castsFromEveryTypeAgree(DType to) {
    for (DType from : DType.values()) {
      Agreement.exact(Ops.node(new Op.Cast(to), Samples.node(from, 6, 3007)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void bitcastsKeepBits(DType to) {
    for (DType from : DType.values()) {
      if (from.bytes() == to.bytes() && from != DType.BOOL && to != DType.BOOL) {
        // No NaN among the results: converting one between float widths may quieten it.
        Node bits = Samples.plain(from, 7, 301);
        Agreement.exact(Ops.node(new Op.Bitcast(to), bits));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void lengthsAroundBlocksAgree(DType dtype) {
    for (long n : new long[] {0, 1, 2, 7, 1023, 1024, 1025, 2048, LONG}) {
      Node x = Samples.node(dtype, 8, n);
      Agreement.exact(Ops.node(new Op.Max(), x, Ops.node(new Op.Copy(), x)));
      Agreement.exact(Ops.node(new Op.Copy(), x));
    }
  }

  @Test
  void scalarsAgree() {
    Node x = Ops.scalar(DType.F32, 3.5);
    Agreement.exact(Ops.node(new Op.Add(), x, Ops.scalar(DType.F32, 0.25)));
    Agreement.exact(Ops.node(new Op.Mul(), Ops.scalar(DType.I64, 1L << 40), Ops.scalar(DType.I64, 3)));
    Agreement.exact(Ops.node(new Op.And(), Ops.scalar(DType.BOOL, 1), Ops.scalar(DType.BOOL, 0)));
  }

  @ParameterizedTest
  @EnumSource
  void indicesAgree(DType dtype) {
    if (dtype == DType.BOOL) {
      return;
    }
    for (int axis = 0; axis < 3; axis++) {
      Agreement.exact(Ops.node(new Op.Iota(TensorType.of(dtype, 5, 300, 7), axis)));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16", "F64"})
  @Tag("S5.25")
  void fusedChainsRoundAfterEachOperation(DType dtype) {
    Node x = Samples.plain(dtype, 9, 40, 1000);
    Node y = Samples.plain(dtype, 10, 40, 1000);
    Node chain = Ops.node(new Op.Mul(), x, y);
    for (int i = 0; i < 6; i++) {
      chain = Ops.node(new Op.Add(), Ops.node(new Op.Mul(), chain, y), x);
    }
    Agreement.exact(chain);
  }

  @Test
  void aPartThatAppearsTwiceIsStillRight() {
    Node x = Samples.plain(DType.F32, 11, 3000);
    Node square = Ops.node(new Op.Mul(), x, x);
    Node same = Ops.node(new Op.Mul(), x, x);
    Agreement.exact(Ops.node(new Op.Sub(), Ops.node(new Op.Add(), square, x), same));
  }

  @ParameterizedTest
  @EnumSource(names = {"I32", "I64", "U8"})
  void aZeroDivisorFaults(DType dtype) {
    long[] divisors = new long[50_000];
    java.util.Arrays.fill(divisors, 3);
    divisors[40_123] = 0;
    Node x = Samples.plain(dtype, 12, divisors.length);
    Node y = Ops.input(HostArray.ofLongs(TensorType.of(dtype, divisors.length), divisors));
    for (Op.Binary op : List.<Op.Binary>of(new Op.IDiv(), new Op.Mod())) {
      for (CpuDevice device : Agreement.DEVICES) {
        assertThrows(InvalidArgumentException.class,
            () -> Devices.with(device, () -> Evaluator.compute(List.of(Ops.node(op, x, y)))));
      }
    }
  }
}
