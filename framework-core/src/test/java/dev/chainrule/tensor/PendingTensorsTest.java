package dev.chainrule.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Beyond how much pending work a tensor is computed at once, and by whom. */
class PendingTensorsTest {

  /** More pending work than the limit allows, made behind the tensors' back. */
  private static Node heavy() {
    Node x = Tensor.of(new double[] {1, 2}).node();
    while (x.pendingBytes() <= 1L << 30) {
      x = Ops.node(new Op.Neg(), x);
    }
    return x;
  }

  @Test
  void wrappingANodeEvaluatesNothing() {
    Node heavy = heavy();
    assertSame(heavy, Tensor.of(heavy).node());
    assertTrue(heavy.value().isEmpty());
    assertEquals(1, heavy.inputs().size(), "its history is there for gradients");
  }

  @Test
  @Tag("S16.7")
  void aNewOperationEvaluatesItselfAloneAndOnce() {
    var device = ReferenceDevice.create();
    Node heavy = heavy();
    var both = new CompositeFunction("both", (in, _) -> List.of(in.getFirst().add(1), in.getFirst().sub(1)), Optional.empty());
    List<Tensor> results = Devices.with(device, () -> both.apply(Map.of(), Tensor.of(heavy)));
    assertTrue(results.stream().allMatch(r -> r.node().value().isPresent()));
    assertEquals(1, device.runs());
    assertTrue(heavy.value().isEmpty());
    assertEquals(2, results.get(0).toDoubleArray()[0] - results.get(1).toDoubleArray()[0]);
  }
}
