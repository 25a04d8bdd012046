package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each operation that generated loops have, on all special values and pairs of them, against the block interpreter's loop. */
class VectorOperationsTest {

  private static final CpuDevice INTERPRETED = new CpuDevice(1, Generation.OFF);
  private static final CpuDevice GENERATED = new CpuDevice(1, Generation.EAGER);
  private static final int N = 60_000;

  private static final List<Op.Unary> UNARY = List.of(new Op.Neg(), new Op.Abs(), new Op.Sign(), new Op.Floor(), new Op.Ceil(),
      new Op.Round(), new Op.Exp(), new Op.Expm1(), new Op.Log(), new Op.Log1p(), new Op.Sqrt(), new Op.Rsqrt(), new Op.Sin(),
      new Op.Cos(), new Op.Tan(), new Op.Tanh(), new Op.Erf(), new Op.Not());
  private static final List<Op.Binary> BINARY = List.of(new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Div(), new Op.Pow(),
      new Op.Max(), new Op.Min(), new Op.IDiv(), new Op.Mod(), new Op.And(), new Op.Or(), new Op.Xor(), new Op.ShiftLeft(),
      new Op.ShiftRight(), new Op.ShiftRightLogical());

  @AfterAll
  static void close() {
    INTERPRETED.close();
    GENERATED.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16", "I32", "U8", "BOOL"})
  void operationsHaveTheInterpretersBits(DType dtype) {
    for (Op.Unary op : UNARY) {
      if (VectorOperations.of(op, dtype, dtype).isPresent() && isDefined(op, dtype)) {
        agree(op, dtype, 1);
      }
    }
    for (Op.Binary op : BINARY) {
      if (VectorOperations.of(op, dtype, dtype).isPresent() && isDefined(op, dtype)) {
        agree(op, dtype, 2);
      }
    }
    List.of(new Op.Equal(), new Op.Less(), new Op.LessEqual()).forEach(op -> agree(op, dtype, 2));
    for (DType to : DType.values()) {
      if (VectorOperations.of(new Op.Cast(to), dtype, to).isPresent()) {
        agree(new Op.Cast(to), dtype, 1);
      }
    }
    for (DType to : List.of(DType.I32, DType.F32)) {
      if (VectorOperations.of(new Op.Bitcast(to), dtype, to).isPresent()) {
        agree(new Op.Bitcast(to), dtype, 1);
      }
    }
  }

  /** Booleans have logic only. */
  private static boolean isDefined(Op op, DType dtype) {
    return dtype != DType.BOOL || op instanceof Op.And || op instanceof Op.Or || op instanceof Op.Xor || op instanceof Op.Not;
  }

  /** Two samples whose special values come in other turns, so that many pairs of them meet. */
  private static void agree(Op.Pointwise op, DType dtype, int operands) {
    var kernel = new WrittenKernel(Shape.of(N), Axes.NONE);
    int[] in = new int[operands];
    for (int i = 0; i < operands; i++) {
      in[i] = kernel.load(i == 0 ? Samples.array(dtype, 1, N) : shuffled(dtype), Layout.dense(kernel.domain));
    }
    kernel.result(kernel.apply(op, in));
    check(kernel);
  }

  /** Where selects by loaded booleans, by comparisons of its own and of the other kind, and booleans select booleans. */
  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16", "I32", "U8", "BOOL"})
  void choicesHaveTheInterpretersBits(DType dtype) {
    var kernel = new WrittenKernel(Shape.of(N), Axes.NONE);
    Layout dense = Layout.dense(kernel.domain);
    int x = kernel.load(Samples.array(dtype, 1, N), dense);
    int y = kernel.load(shuffled(dtype), dense);
    int loaded = kernel.load(Samples.plainArray(DType.BOOL, 3, N), dense);
    int floats = kernel.apply(new Op.Less(), kernel.load(Samples.array(DType.F32, 4, N), dense), kernel.load(shuffled(DType.F32), dense));
    int ints = kernel.apply(new Op.Less(), kernel.load(Samples.array(DType.I32, 4, N), dense), kernel.load(shuffled(DType.I32), dense));
    int both = kernel.apply(new Op.And(), floats, kernel.apply(new Op.Not(), ints));
    for (int condition : new int[] {loaded, floats, ints, both}) {
      kernel.result(kernel.apply(new Op.Where(), condition, x, y));
      kernel.result(kernel.apply(new Op.Cast(DType.F32), condition));
      kernel.result(kernel.apply(new Op.Where(), condition, ints, floats));
    }
    check(kernel);
  }

  private static HostArray shuffled(DType dtype) {
    return Samples.array(dtype, 12_347, N);
  }

  private static void check(WrittenKernel kernel) {
    long written = GENERATED.classes().written();
    KernelRun.Outcome expected = kernel.fused().on(INTERPRETED);
    KernelRun.Outcome actual = kernel.fused().on(GENERATED);
    assertTrue(GENERATED.classes().written() > written, () -> "no class was generated for " + kernel);
    assertEquals(expected.fault(), actual.fault());
    for (int i = 0; i < expected.outputs().size(); i++) {
      GeneratedKernelTest.requireSame(kernel.toString(), expected.outputs().get(i), actual.outputs().get(i));
    }
  }
}
