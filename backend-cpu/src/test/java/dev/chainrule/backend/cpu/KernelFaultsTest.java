package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.device.Fault;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of the checks of kernels and groups is named. */
class KernelFaultsTest {

  private static final Shape DOMAIN = Shape.of(300, 700);

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64", "F16", "BF16"})
  @Tag("S14.4")
  void theFirstCheckThatFailsIsNamedWhereverItDoes(DType dtype) {
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      for (CpuDevice device : Agreement.DEVICES) {
        assertEquals(Fault.NONE, run(device, checking(dtype, bad), checking(dtype, bad)));
        assertEquals(new Fault(0, 1), run(device, checking(dtype, bad, 1, 209_999)));
        assertEquals(new Fault(0, 1), run(device, checking(dtype, bad, 1, 209_999, 2, 3)));
        assertEquals(new Fault(0, 0), run(device, checking(dtype, bad, 2, 0, 1, 5_000, 0, 100_000)));
        assertEquals(new Fault(0, 5), run(device, checking(dtype, bad), checking(dtype, bad, 2, 100_000)));
        assertEquals(new Fault(0, 2), run(device, checking(dtype, bad, 2, 209_999), checking(dtype, bad, 0, 0)));
      }
    }
  }

  /** The last elements do not fill a vector: what earlier runs left in its other lanes is none of theirs. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 15, 16, 17, 33, 1025})
  void eachElementIsCheckedAndNothingElse(int n) {
    double[] bad = new double[15];
    Arrays.fill(bad, Double.NaN);
    try (var device = new CpuDevice(1, Generation.EAGER)) {
      for (int place : new int[] {n - 1, n / 2, 0}) {
        assertEquals(new Fault(0, 0), run(device, checking(bad)));
        double[] numbers = new double[n];
        assertEquals(Fault.NONE, run(device, checking(numbers)));
        numbers[place] = Double.NaN;
        assertEquals(new Fault(0, 0), run(device, checking(numbers)));
      }
    }
  }

  private static WrittenKernel checking(double[] numbers) {
    var kernel = new WrittenKernel(Shape.of(numbers.length), Axes.NONE);
    HostArray array = HostArray.ofDoubles(TensorType.of(DType.F32, numbers.length), numbers);
    kernel.check(kernel.apply(new Op.Neg(), kernel.load(array, Layout.dense(kernel.domain))));
    return kernel;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void foldsAreCheckedOnce(int axis) {
    for (Shape domain : List.of(Shape.of(20, 30), Shape.of(2, 300_000), Shape.of(300_000, 2), Shape.of(700, 1500))) {
      double[] values = new double[Math.toIntExact(domain.elements())];
      Arrays.fill(values, 1);
      for (boolean broken : new boolean[] {false, true}) {
        values[values.length - 1] = broken ? Double.NaN : 1;
        var kernel = new WrittenKernel(domain, Axes.of(axis));
        int x = kernel.load(HostArray.ofDoubles(TensorType.of(DType.F32, values.length), values), Layout.dense(domain));
        int counts = kernel.fold(Op.Fold.SUM, kernel.apply(new Op.Cast(DType.F32), kernel.apply(new Op.Equal(), x, x)));
        kernel.check(counts);
        kernel.check(kernel.fold(Op.Fold.SUM, x));
        kernel.foldedResult(counts);
        for (CpuDevice device : Agreement.DEVICES) {
          assertEquals(broken ? new Fault(0, 1) : Fault.NONE, run(device, kernel));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"I32", "I64", "U8"})
  void aZeroDivisorFaultsInAnyPhase(DType dtype) {
    for (boolean zero : new boolean[] {false, true}) {
      long[] divisors = new long[Math.toIntExact(DOMAIN.elements())];
      Arrays.fill(divisors, 3);
      divisors[123_456] = zero ? 0 : 3;
      var kernel = new WrittenKernel(DOMAIN, Axes.of(1));
      int y = kernel.load(HostArray.ofLongs(TensorType.of(dtype, divisors.length), divisors), Layout.dense(DOMAIN));
      kernel.result(kernel.apply(new Op.IDiv(), kernel.fold(Op.Fold.MAX, y), y));
      for (CpuDevice device : Agreement.DEVICES) {
        assertEquals(zero, run(device, kernel).occurred());
      }
    }
  }

  /** Three checks, of an operand and of what is computed from others; {@code bad} stands at pairs of check and position. */
  private static WrittenKernel checking(DType dtype, double bad, int... places) {
    var kernel = new WrittenKernel(DOMAIN, Axes.NONE);
    List<Integer> values = new ArrayList<>();
    for (int check = 0; check < 3; check++) {
      double[] numbers = new double[Math.toIntExact(DOMAIN.elements())];
      for (int i = 0; i < places.length; i += 2) {
        numbers[places[i + 1]] = places[i] == check ? bad : numbers[places[i + 1]];
      }
      values.add(kernel.load(HostArray.ofDoubles(TensorType.of(dtype, numbers.length), numbers), Layout.dense(DOMAIN)));
    }
    kernel.check(values.get(0));
    kernel.check(kernel.apply(new Op.Neg(), values.get(1)));
    kernel.check(kernel.apply(new Op.Add(), values.get(2), values.get(2)));
    return kernel;
  }

  private static Fault run(CpuDevice device, WrittenKernel... kernels) {
    List<Instruction.Compute> computes = new ArrayList<>();
    int inputs = 0;
    int outputs = 0;
    for (WrittenKernel kernel : kernels) {
      computes.add(kernel.compute(inputs, outputs));
      inputs += kernel.inputs().size();
      outputs += kernel.outputs().size();
    }
    Instruction all = computes.size() == 1 ? computes.getFirst() : new Instruction.Group(computes);
    return new KernelRun(List.of(all), Stream.of(kernels).flatMap(k -> k.inputs().stream()).toList(),
        Stream.of(kernels).flatMap(k -> k.outputs().stream()).toList()).on(device).fault();
  }
}
