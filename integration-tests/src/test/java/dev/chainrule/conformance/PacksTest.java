package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Elements that are loaded by 16 bytes, with a rest, or that may not be: the bits of the CPU, which goes by no packs of a kernel's. */
class PacksTest {

  @BeforeAll
  static void requireCompiler() {
    CppCompiler.require();
  }

  private static Tensor numbers(DType dtype, long count) {
    double[] values = new double[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37L % 101 - 50) * (dtype.isFloating() ? 0.375 : 1);
    }
    return dtype.isFloating() ? Tensor.of(HostArray.ofDoubles(TensorType.of(dtype, count), values))
        : Tensor.of(HostArray.ofLongs(TensorType.of(dtype, count), Arrays.stream(values).mapToLong(v -> Math.abs((long) v)).toArray()));
  }

  private static List<HostArray> run(Device device, UnaryOperator<List<Tensor>> body, List<Tensor> inputs) {
    return Devices.with(device, () -> Step.evaluation(body::apply).run(inputs.toArray(Tensor[]::new)).stream().map(Tensor::toHostArray).toList());
  }

  private static void alike(UnaryOperator<List<Tensor>> body, Tensor... inputs) {
    List<HostArray> expected = run(Devices.open("cpu"), body, List.of(inputs));
    List<HostArray> actual = run(new CompiledDevice(), body, List.of(inputs));
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i), actual.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1024, 1025, 4099, 70_003})
  void allTypesAreTheSameByPacks(long count) {
    for (DType dtype : List.of(DType.F32, DType.F64, DType.F16, DType.BF16, DType.I32, DType.I64, DType.U8)) {
      alike(in -> List.of(in.get(0).mul(in.get(1)).add(in.get(0)), in.get(0).less(in.get(1))), numbers(dtype, count), numbers(dtype, count));
    }
  }

  /** Beginnings that are and are not where a pack may be, in one tensor and its neighbours; every other element; the reverse. */
  @Test
  void partsAreRightWhereverTheyBegin() {
    long count = 3000;
    for (int start = 0; start < 9; start++) {
      int from = start;
      alike(in -> List.of(in.get(0).slice(0, from, from + 2048).mul(in.get(1).slice(0, 8, 2056)), in.get(0).slice(0, from, from + 2048),
          Tensor.concat(0, in.get(0).slice(0, 0, from + 1L), in.get(1))), numbers(DType.F32, count), numbers(DType.F32, count));
    }
  }

  /** Rows of 1,027 floats: those but the first begin where no pack may. */
  @Test
  void slicesOfLoopsAreNotPacked() {
    alike(in -> Loop.scan(3, List.of(in.get(0)), List.of(in.get(1).reshape(3, 1027)), (_, carries, slices) -> {
      Tensor next = carries.getFirst().mul(0.5).add(slices.getFirst());
      return new Loop.Results(List.of(next), List.of(next));
    }).outputs(), numbers(DType.F32, 1027), numbers(DType.F32, 3081));
  }
}
