package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is computed once although the graph asks for it twice, and what is not. */
class MergingTest {

  private final Tensor x = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2);

  private static List<Node> merged(Tensor... roots) {
    return Merging.of(Stream.of(roots).map(Tensor::node).toList());
  }

  private void assertOne(UnaryOperator<Tensor> function) {
    List<Node> both = merged(function.apply(x), function.apply(x));
    assertSame(both.get(0), both.get(1));
  }

  private void assertTwo(UnaryOperator<Tensor> function) {
    List<Node> both = merged(function.apply(x), function.apply(x));
    assertNotSame(both.get(0), both.get(1));
  }

  @Test
  void equalOperationsOnEqualInputsAreOne() {
    assertOne(t -> t.exp().add(t.transpose()).matmul(t));
    assertOne(t -> t.sum(0).add(Tensor.ones(t.type()).sum(0)));
    assertOne(t -> t.softmax(1));
    RandomStream stream = RandomStream.of(1);
    assertOne(t -> stream.bits(t.shape()));
  }

  @Test
  void attributesTypesAndOrderOfInputsTellApart() {
    List<Node> different = merged(x.sum(0), x.sum(1), x.max(0), x.sub(x.exp()), x.exp().sub(x), x.cast(DType.F32), x.cast(DType.F16));
    assertEquals(different.size(), different.stream().distinct().count());
  }

  @Test
  void nothingIsMergedAcrossABarrier() {
    assertTwo(Tensor::barrier);
    assertTwo(t -> t.barrier().exp());
  }

  /** Two numbers may be equal today and differ at the next run of the same plan. */
  @Test
  void equalNumbersStayTwoParameters() {
    assertTwo(t -> t.mul(0.5));
  }

  @Test
  void bodiesAreMergedWithin() {
    Tensor twice = Loop.scan(3, List.of(x), List.of(), (_, around, _) -> Loop.scan(3, around, List.of(), (_, c, _) ->
        new Loop.Results(List.of(c.getFirst().exp().add(c.getFirst().exp())), List.of()))).carries().getFirst();
    Op.Loop outer = (Op.Loop) Graphs.topological(merged(twice)).stream().filter(n -> n.op() instanceof Op.Loop).findFirst().orElseThrow().op();
    Op.Loop inner = (Op.Loop) Graphs.topological(outer.body().results()).stream()
        .filter(n -> n.op() instanceof Op.Loop).findFirst().orElseThrow().op();
    assertEquals(1, Graphs.topological(inner.body().results()).stream().filter(n -> n.op() instanceof Op.Exp).count());
  }

  @Test
  void aPlanComputesItOnce() {
    List<Instruction> instructions = Planner.schedule(
        StepGraph.of(List.of(x.matmul(x).node(), x.matmul(x).sum().node())), new Leaves(), ReferenceDevice.create()).instructions();
    assertEquals(1, instructions.stream().filter(i -> i instanceof Instruction.Call call && call.op() instanceof Op.Dot).count());
  }
}
