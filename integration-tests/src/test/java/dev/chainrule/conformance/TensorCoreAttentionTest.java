package dev.chainrule.conformance;

import static dev.chainrule.conformance.AttentionRun.assertNear;
import static dev.chainrule.conformance.AttentionRun.computed;
import static dev.chainrule.conformance.AttentionRun.expected;
import static dev.chainrule.conformance.AttentionRun.inputs;
import static dev.chainrule.conformance.AttentionRun.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.Source;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attention of bf16 and its gradients by the kernels for tensor cores, compiled as C++, where the threads of a group do the warps' products,
 * against the reference in f64.
 */
class TensorCoreAttentionTest {

  /** As of f32 in tiles: sums of weights that were rounded to bf16 would be off by a hundred times that. */
  private static final double BOUND = 2e-5;

  /** An ulp of bf16, relative. */
  private static final double LAST_PLACE = 0x1p-7;

  @BeforeAll
  static void requireCompiler() {
    CppCompiler.require();
  }

  static Stream<Arguments> attentions() {
    HostArray mask = Samples.between(DType.BF16, -1, 1, 150, 1, 140, 150);
    return Stream.of(Arguments.of("full", Attention.FULL, 140, 150, 64, 64, List.of()),
        Arguments.of("causal", Attention.CAUSAL, 140, 150, 64, 64, List.of()),
        Arguments.of("causal, more queries than keys", Attention.CAUSAL, 150, 33, 16, 40, List.of()),
        Arguments.of("causal, wide", Attention.CAUSAL.withScale(-0.25), 70, 81, 128, 120, List.of()),
        Arguments.of("odd components", Attention.FULL, 33, 90, 17, 83, List.of()),
        Arguments.of("masked", Attention.FULL, 140, 150, 24, 16, List.of(mask)),
        Arguments.of("masked, causal", Attention.CAUSAL, 140, 150, 32, 48, List.of(mask)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("attentions")
  void resultAndGradientsAreNearTheReference(String name, Attention attention, int queries, int keys, int d, int e, List<HostArray> mask) {
    List<HostArray> inputs = inputs(DType.BF16, queries, keys, d, e, mask);
    List<HostArray> expected = expected(attention, inputs);
    List<HostArray> actual = computed(CompiledDevice.withTensorCores(), attention, DType.BF16, inputs);
    assertNear(expected, actual, LAST_PLACE / 2, BOUND, name);
  }

  /**
   * Two values that nearly cancel: the weights e^-d and 1, of which the first has bits in its last third. With all of them the result is
   * tanh(d/2), without the last eight it is off by a twentieth.
   */
  @Test
  void weightsKeepAllOfTheirBits() {
    double[] keys = new double[32 * 16];
    Arrays.fill(keys, -256);
    Arrays.fill(keys, 0, 32, 0);
    keys[16] = 0x1p-11;
    keys[17] = 0x1p-19;
    double[] values = new double[32 * 16];
    Arrays.fill(values, 0, 16, -1);
    Arrays.fill(values, 16, 32, 1);
    TensorType type = TensorType.of(DType.BF16, 32, 16);
    HostArray queries = HostArray.ofDoubles(type, DoubleStream.generate(() -> 1).limit(32 * 16).toArray());
    double[] result = Devices.with(CompiledDevice.withTensorCores(), () -> Attention.FULL.withScale(1)
        .apply(Tensor.of(queries), Tensor.of(HostArray.ofDoubles(type, keys)), Tensor.of(HostArray.ofDoubles(type, values)))
        .toHostArray().toDoubleArray());
    double exact = Math.tanh((0x1p-11 + 0x1p-19) / 2);
    for (double x : result) {
      assertEquals(exact, x, LAST_PLACE * exact);
    }
  }

  /** As in the body: where a weight is not 0 an infinity stays one, and with the weight 0 it is NaN, also in tiles that are left out. */
  @Test
  void whatIsNotFiniteReachesWhatItReachesInTheReference() {
    List<HostArray> inputs = inputs(DType.BF16, 170, 150, 16, 20, List.of());
    inputs.set(0, with(inputs.get(0), 3 * 32 + 2, Double.NaN)); // query 3 of the first head
    inputs.set(1, with(inputs.get(1), 149 * 16 + 3, Double.NEGATIVE_INFINITY)); // the first head's last key
    inputs.set(2, with(inputs.get(2), 149 * 20 + 1, Double.POSITIVE_INFINITY));
    inputs.set(2, with(inputs.get(2), (150 + 5) * 20 + 7, Double.NEGATIVE_INFINITY)); // key 5 of the second head
    inputs.set(3, with(inputs.get(3), (170 + 160) * 20 + 4, Double.POSITIVE_INFINITY)); // query 160 there
    for (Attention attention : List.of(Attention.CAUSAL, Attention.FULL)) {
      List<HostArray> expected = expected(attention, inputs);
      List<HostArray> actual = computed(CompiledDevice.withTensorCores(), attention, DType.BF16, inputs);
      Set<Double> seen = Stream.of(expected.getFirst().toDoubleArray()).flatMap(x -> Arrays.stream(x).boxed())
          .filter(x -> !Double.isFinite(x)).collect(Collectors.toSet());
      assertEquals(Set.of(Double.NaN, Double.NEGATIVE_INFINITY), seen);
      for (int i = 0; i < expected.size(); i++) {
        double[] wanted = expected.get(i).toDoubleArray();
        double[] got = actual.get(i).toDoubleArray();
        for (int j = 0; j < wanted.length; j++) {
          assertEquals(Double.isFinite(wanted[j]) ? 0 : wanted[j], Double.isFinite(got[j]) ? 0 : got[j],
              attention + ", result " + i + ", element " + j);
        }
      }
    }
  }

  /** A query that may attend to nothing, and one whose scores are all minus infinity. */
  @Test
  void rowsOfNothingAreZeroAndRowsOfMinusInfinityAreNaN() {
    long[] allowed = new long[32 * 32];
    Arrays.fill(allowed, 1);
    Arrays.fill(allowed, 7 * 32, 8 * 32, 0);
    Arrays.fill(allowed, 11 * 32 + 1, 12 * 32, 0);
    HostArray mask = HostArray.ofLongs(TensorType.of(DType.BOOL, 32, 32), allowed);
    HostArray ones = HostArray.ofDoubles(TensorType.of(DType.BF16, 32, 16), DoubleStream.generate(() -> 1).limit(512).toArray());
    HostArray keys = with(ones, 0, Double.NEGATIVE_INFINITY);
    double[] result = Devices.with(CompiledDevice.withTensorCores(), () -> Attention.FULL.withMask(Tensor.of(mask))
        .apply(Tensor.of(ones), Tensor.of(keys), Tensor.of(ones)).toHostArray().toDoubleArray());
    assertEquals(0, result[7 * 16]);
    assertTrue(Double.isNaN(result[11 * 16 + 15]));
    assertEquals(1, result[8 * 16]);
  }

  /** Rows that begin anywhere are read one by one, others 16 bytes at a time. */
  @Test
  @Tag("S19.20")
  void howOperandsLieInMemoryChangesNoBit() {
    List<HostArray> inputs = inputs(DType.BF16, 40, 70, 32, 32, List.of());
    Device device = CompiledDevice.withTensorCores();
    assertEquals(computed(device, Attention.CAUSAL, DType.BF16, inputs), computed(device, Attention.CAUSAL, DType.BF16, inputs, x -> {
      Tensor wide = x.pad(x.rank() - 1, 1, 2, 0);
      Tensor.eval(wide);
      return wide.slice(x.rank() - 1, 1, 1 + x.dim(-1));
    }));
  }

  /** Without it the tests above would show that the kernels in tiles are right. */
  @Test
  void theKernelsForTensorCoresAreUsedWhereTheySuit() {
    assertEquals(Set.of("attention_mma", "attention_mma_queries", "attention_mma_keys"), kernels(DType.BF16, 32, 16));
    assertEquals(Set.of(), kernels(DType.F32, 32, 16));
    assertEquals(Set.of(), kernels(DType.F16, 32, 16));
    assertEquals(Set.of(), kernels(DType.BF16, 31, 16));
    assertEquals(Set.of(), kernels(DType.BF16, 32, 15));
  }

  /** Those for tensor cores. */
  private static Set<String> kernels(DType dtype, int rows, int components) {
    List<HostArray> inputs = inputs(DType.BF16, rows, rows, components, components, List.of());
    return Rehearsal.during(() -> computed(Devices.current(), Attention.CAUSAL, dtype, inputs))
        .stream().filter(Source::tensorCores).map(kernel -> kernel.name().substring(0, kernel.name().lastIndexOf('_')))
        .collect(Collectors.toSet());
  }
}
