package dev.chainrule.conformance;

import static dev.chainrule.conformance.AttentionRun.assertNear;
import static dev.chainrule.conformance.AttentionRun.computed;
import static dev.chainrule.conformance.AttentionRun.expected;
import static dev.chainrule.conformance.AttentionRun.inputs;
import static dev.chainrule.conformance.AttentionRun.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.Source;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attention and its gradients in tiles, compiled as C++, of more queries and keys than a tile has, against the reference in f64; the
 * kernel is a composite's, so this is against its body.
 */
class TiledAttentionTest {

  /** Roundings of sums of 70 keys or queries, 40 components, exponentials and quotients, relative to the largest element. */
  private static final double BOUND = 2e-5;

  @BeforeAll
  static void requireCompiler() {
    CppCompiler.require();
  }

  static Stream<Arguments> attentions() {
    HostArray mask = Samples.between(DType.F32, -1, 1, 150, 1, 70, 81);
    return Stream.of(Arguments.of("full", Attention.FULL, List.of(), 40, 24),
        Arguments.of("causal", Attention.CAUSAL.withScale(-0.5), List.of(), 5, 70),
        Arguments.of("masked", Attention.FULL, List.of(mask), 17, 16),
        Arguments.of("masked, causal", Attention.CAUSAL, List.of(mask), 33, 100));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("attentions")
  void resultAndGradientsAreNearTheReference(String name, Attention attention, List<HostArray> mask, int d, int e) {
    List<HostArray> inputs = inputs(DType.F32, 70, 81, d, e, mask);
    List<HostArray> expected = expected(attention, inputs);
    List<HostArray> actual = computed(new CompiledDevice(), attention, DType.F32, inputs);
    assertNear(expected, actual, 0, BOUND, name);
  }

  /** What has the weight 0 counts where it is not finite, also in tiles that are left out: as in the body. */
  @Test
  void valuesThatAreNotFiniteReachTheQueriesBeforeThem() {
    List<HostArray> inputs = inputs(DType.F32, 70, 81, 4, 3, List.of());
    inputs.set(2, with(inputs.get(2), 80 * 3 + 1, Double.POSITIVE_INFINITY)); // of the first head's last key, component 1
    inputs.set(1, with(inputs.get(1), 80 * 4 + 3, Double.NEGATIVE_INFINITY));
    inputs.set(0, with(inputs.get(0), 3 * 8 + 2, Double.NaN)); // query 3 of the first head, component 2
    List<HostArray> expected = expected(Attention.CAUSAL, inputs);
    List<HostArray> actual = computed(new CompiledDevice(), Attention.CAUSAL, DType.F32, inputs);
    assertTrue(Double.isNaN(actual.getFirst().toDoubleArray()[1]));
    for (int i = 0; i < expected.size(); i++) {
      double[] wanted = expected.get(i).toDoubleArray();
      double[] got = actual.get(i).toDoubleArray();
      for (int j = 0; j < wanted.length; j++) {
        assertEquals(Double.isNaN(wanted[j]), Double.isNaN(got[j]), "result " + i + ", element " + j + ": " + wanted[j] + ", " + got[j]);
      }
    }
  }

  /** A query that may attend to nothing, and one whose scores are all minus infinity. */
  @Test
  void rowsOfNothingAreZeroAndRowsOfMinusInfinityAreNaN() {
    HostArray q = HostArray.ofDoubles(TensorType.of(DType.F32, 2, 1), 1, 1);
    HostArray k = HostArray.ofDoubles(TensorType.of(DType.F32, 3, 1), Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY, 5);
    HostArray v = HostArray.ofDoubles(TensorType.of(DType.F32, 3, 1), 1, 2, 3);
    HostArray mask = HostArray.ofLongs(TensorType.of(DType.BOOL, 2, 3), 0, 0, 0, 1, 1, 0);
    double[] result = Devices.with(new CompiledDevice(), () -> Attention.FULL.withMask(Tensor.of(mask))
        .apply(Tensor.of(q), Tensor.of(k), Tensor.of(v)).toHostArray().toDoubleArray());
    assertEquals(0, result[0]);
    assertTrue(Double.isNaN(result[1]));
  }

  /** Without it the tests above would show that products and softmax are right. */
  @Test
  void theKernelsInTilesAreUsed() {
    var attention = new Case(Op.Composite.class, "attention", inputs(DType.F32, 70, 81, 8, 8, List.of()), in -> {
      Tensor result = Attention.CAUSAL.apply(in.get(0).permute(1, 0, 2), in.get(1), in.get(2));
      return Gradients.of(result.mul(in.get(3)).sum(), in.subList(0, 3));
    }, Case.Oracle.IN_F64, Bound.EXACT);
    List<String> kernels = Rehearsal.of(List.of(attention)).stream().map(Source::name).toList();
    assertTrue(kernels.stream().anyMatch(name -> name.startsWith("attention_queries_")), kernels.toString());
    assertTrue(kernels.stream().anyMatch(name -> name.startsWith("attention_keys_")), kernels.toString());
    assertTrue(kernels.stream().noneMatch(name -> name.startsWith("dot_")), kernels.toString());
  }
}
