package dev.chainrule.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Gradients of a tensor that is used in slices. */
class PartsTest {

  private final Tensor x = Tensor.of(IntStream.range(1, 25).asDoubleStream().toArray(), 2, 3, 4);

  private static long count(Tensor gradient, Class<? extends Op> op) {
    return Graphs.topological(List.of(gradient.node())).stream().filter(node -> op.isInstance(node.op())).count();
  }

  private static double[] read(Tensor t) {
    return Interpreter.evaluate(List.of(t.node()), Engine::read).getFirst().toDoubleArray();
  }

  private Tensor gradient(Tensor loss) {
    return Gradients.of(loss, List.of(x)).getFirst();
  }

  @Test
  void partsOfASplitTensorAreOneConcatenation() {
    Tensor loss = x.select(1, 2).mul(5).sum().add(x.select(1, 0).mul(3).sum()).add(x.select(1, 1).mul(4).sum());
    Tensor gradient = gradient(loss);
    assertEquals(0, count(gradient, Op.Pad.class));
    assertEquals(1, count(gradient, Op.Concat.class));
    assertArrayEquals(new double[] {3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5}, read(gradient));
  }

  @Test
  void aPartWithoutNeighboursHasZerosAroundIt() {
    Tensor gradient = gradient(x.slice(2, 1, 2).mul(7).sum().add(x.slice(2, 2, 3).mul(2).sum()));
    assertEquals(1, count(gradient, Op.Pad.class));
    assertArrayEquals(new double[] {0, 7, 2, 0, 0, 7, 2, 0}, read(gradient.slice(1, 0, 1)));
  }

  @Test
  void partsThatOverlapOrCrossAreAdded() {
    Tensor overlap = gradient(x.slice(2, 0, 3).sum().add(x.slice(2, 2, 4).mul(10).sum()));
    assertArrayEquals(new double[] {1, 1, 11, 10}, read(overlap.slice(0, 0, 1).slice(1, 0, 1)));
    Tensor crossing = gradient(x.slice(0, 0, 1).sum().add(x.slice(2, 0, 1).mul(10).sum()).add(x.slice(0, 1, 2).mul(100).sum()));
    assertArrayEquals(new double[] {11, 1, 1, 1}, read(crossing.slice(0, 0, 1).slice(1, 1, 2)));
    assertArrayEquals(new double[] {110, 100, 100, 100}, read(crossing.slice(0, 1, 2).slice(1, 1, 2)));
  }

  @Test
  void whatDoesNotComeFromSlicesIsAdded() {
    Tensor gradient = gradient(x.square().sum().add(x.slice(1, 0, 1).sum()).add(x.slice(1, 1, 3).mul(2).sum()));
    assertArrayEquals(new double[] {3, 5, 7, 9, 12, 14, 16, 18}, read(gradient.slice(0, 0, 1).slice(1, 0, 2)));
  }

  @Test
  void gradientsOfGradientsGoThrough() {
    Function<List<Tensor>, Tensor> function = in -> {
      List<Tensor> parts = in.getFirst().split(1, 3);
      return parts.get(0).mul(parts.get(2)).sin().add(parts.get(1).exp()).sum();
    };
    List<HostArray> point = List.of(HostArray.ofDoubles(TensorType.of(DType.F64, 4, 3), IntStream.range(0, 12).mapToDouble(i -> 0.3 * i - 1).toArray()));
    assertTrue(GradientCheck.of(function, point).passed());
    assertTrue(GradientCheck.ofGradient(function, point).passed());
  }

  @Test
  void negativeZerosStay() {
    Tensor gradient = gradient(x.select(0, 0).mul(-0.0).sum().add(x.select(0, 1).sum()));
    assertEquals(Double.NEGATIVE_INFINITY, 1 / read(gradient)[0]);
  }
}
