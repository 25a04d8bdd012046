package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The suite passes a device that is right, and fails one that is wrong in a single operation, by as little as the bounds allow. */
class SuiteCatchesWrongDevicesTest {

  /** The slow device copies element by element; large inputs are left to the others. */
  private static final List<Case> SMALL = Cases.all().stream()
      .filter(c -> Cases.nodes(c).stream().allMatch(n -> n.type().elements() < 6_000)).toList();

  @Test
  void aDeviceThatIsRightPasses() {
    var suite = new Conformance(new PlainDevice((_, result) -> result));
    SMALL.forEach(c -> assertDoesNotThrow(() -> suite.check(c), c::toString));
    assertTrue(SMALL.size() > 4_000, "only " + SMALL.size() + " cases");
  }

  @Test
  void aSumThatIsOneUlpOffIsCaught() {
    assertCaught(Op.Add.class, DType.F32, (op, x) -> op instanceof Op.Add ? nextUp(x, 1) : x);
  }

  @Test
  void anExponentialThatIsSixUlpsOffIsCaughtAndOneThatIsThreeOffIsNot() {
    assertCaught(Op.Exp.class, DType.F32, (op, x) -> op instanceof Op.Exp ? nextUp(x, 6) : x);
    assertPasses(Op.Exp.class, DType.F32, (op, x) -> op instanceof Op.Exp ? nextUp(x, 3) : x);
  }

  @Test
  @Tag("S13.9")
  void aNegativeZeroForAZeroIsCaught() {
    assertCaught(Op.Max.class, DType.F32, (op, x) -> op instanceof Op.Max ? map(x, v -> v == 0 ? -0.0 : v) : x);
  }

  @Test
  void denormalNumbersFlushedToZeroAreCaught() {
    assertCaught(Op.Mul.class, DType.F32, (op, x) -> op instanceof Op.Mul ? map(x, v -> Math.abs(v) < Float.MIN_NORMAL ? 0 * v : v) : x);
  }

  @Test
  @Tag("S13.9")
  void aNanThatAMaximumLosesIsCaught() {
    assertCaught(Op.Reduce.class, DType.F32, (op, x) -> op instanceof Op.Reduce ? map(x, v -> Double.isNaN(v) ? 0 : v) : x);
  }

  @Test
  void anIntegerOffByOneIsCaught() {
    assertCaught(Op.ArgReduce.class, DType.F32, (op, x) -> op instanceof Op.ArgReduce ? map(x, v -> v + 1) : x);
    assertCaught(Op.PhiloxBits.class, DType.I64, (op, x) -> op instanceof Op.PhiloxBits ? map(x, v -> v + 1) : x);
  }

  @Test
  void aProductThatDropsATermIsCaught() {
    assertCaught(Op.Dot.class, DType.F64, (op, x) -> op instanceof Op.Dot ? map(x, v -> v * (1 - 1e-9)) : x);
  }

  /** Ten bits of fraction, as tensor cores keep of an f32. */
  @Test
  @Tag("S13.11")
  void aProductInReducedPrecisionIsCaught() {
    assertCaught(Op.Dot.class, DType.F32, (op, x) -> op instanceof Op.Dot
        ? map(x, v -> Float.intBitsToFloat((Float.floatToRawIntBits((float) v) + 0x1000) & ~0x1fff)) : x);
  }

  /** Where the largest number is right an infinity is one step too far, and where a little less is right it is two. */
  @Test
  @Tag("S13.9")
  void anInfinityCountsAsTheNumberAfterTheLargest() {
    HostArray largest = HostArray.ofDoubles(TensorType.of(DType.F32, 1), Float.MAX_VALUE);
    HostArray less = HostArray.ofDoubles(TensorType.of(DType.F32, 1), Math.nextDown(Float.MAX_VALUE));
    HostArray infinite = HostArray.ofDoubles(TensorType.of(DType.F32, 1), Double.POSITIVE_INFINITY);
    assertEquals(List.of(), Comparison.of(infinite, largest, new double[0], Bound.ulps(1)).complaints());
    assertEquals(1, Comparison.of(infinite, less, new double[0], Bound.ulps(1)).complaints().size());
    assertEquals(1, Comparison.of(infinite, largest, new double[0], Bound.EXACT).complaints().size());
    assertEquals(1, Comparison.of(largest, infinite, new double[0], Bound.ulps(1)).complaints().size());
    HostArray wide = HostArray.ofDoubles(TensorType.of(DType.F64, 1), Double.MAX_VALUE);
    HostArray infiniteInF64 = HostArray.ofDoubles(TensorType.of(DType.F64, 1), Double.POSITIVE_INFINITY);
    assertEquals(1, Comparison.of(infiniteInF64, wide, new double[0], Bound.ulps(5)).complaints().size());
  }

  @Test
  void aResultThatDependsOnTheRunIsCaught() {
    int[] runs = new int[1];
    assertCaught(Op.Tanh.class, DType.F32, (op, x) -> op instanceof Op.Tanh ? nextUp(x, runs[0]++ % 2) : x);
  }

  private static List<Case> cases(Class<? extends Op> op, DType dtype) {
    return SMALL.stream()
        .filter(c -> c.of() == op && Cases.nodes(c).stream().anyMatch(n -> n.op().getClass() == op && reads(n, dtype))).toList();
  }

  private static boolean reads(Node node, DType dtype) {
    return node.inputs().stream().anyMatch(i -> i.type().dtype() == dtype);
  }

  private static void assertCaught(Class<? extends Op> op, DType dtype, PlainDevice.Sabotage sabotage) {
    var suite = new Conformance(new PlainDevice(sabotage));
    assertThrows(AssertionError.class, () -> cases(op, dtype).forEach(suite::check));
  }

  private static void assertPasses(Class<? extends Op> op, DType dtype, PlainDevice.Sabotage sabotage) {
    var suite = new Conformance(new PlainDevice(sabotage));
    cases(op, dtype).forEach(suite::check);
  }

  private static HostArray nextUp(HostArray x, int ulps) {
    return map(x, v -> {
      float result = (float) v;
      for (int i = 0; i < ulps; i++) {
        result = Math.nextUp(result);
      }
      return x.type().dtype() == DType.F32 ? result : v;
    });
  }

  private static HostArray map(HostArray x, DoubleUnaryOperator change) {
    return HostArray.ofDoubles(x.type(), Arrays.stream(x.toDoubleArray()).map(change).toArray());
  }
}
