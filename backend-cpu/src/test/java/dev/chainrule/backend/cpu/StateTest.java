package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.FaultedRun;
import dev.chainrule.plan.PlanCache;
import dev.chainrule.plan.StateSlot;
import dev.chainrule.plan.StepGraph;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Commits happen after everything else, all or none. */
class StateTest {

  private static final CpuDevice DEVICE = Agreement.DEVICES.get(1);
  private static final int N = 70_001;

  @Test
  void aStepOverwritesItsVariables() {
    StateSlot slot = slot("w", 1);
    var cache = new PlanCache();
    for (int step = 0; step < 3; step++) {
      Node w = Ops.state(slot.current());
      run(List.of(w), slot, Ops.node(new Op.Add(), w, w), List.of(), cache);
    }
    assertEquals(filled(8), read(slot));
    assertEquals(1, cache.misses());
  }

  @Test
  void variablesMaySwap() {
    StateSlot a = slot("a", 1);
    StateSlot b = slot("b", 2);
    StateSlot.Version va = a.current();
    StateSlot.Version vb = b.current();
    var graph = new StepGraph(List.of(),
        List.of(new StepGraph.Assignment(va, Ops.state(vb)), new StepGraph.Assignment(vb, Ops.state(va))), List.of());
    Devices.with(DEVICE, () -> Engine.of(DEVICE).run(graph, new PlanCache()));
    assertEquals(filled(2), read(a));
    assertEquals(filled(1), read(b));
  }

  @Test
  void aStepWhoseLossIsNotFiniteChangesNothing() {
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      for (DType dtype : List.of(DType.F32, DType.F64, DType.F16, DType.BF16)) {
        StateSlot slot = slot("w", 1);
        double[] losses = new double[5000];
        losses[4321] = bad;
        Node loss = Ops.input(HostArray.ofDoubles(TensorType.of(dtype, losses.length), losses));
        Node w = Ops.state(slot.current());
        var check = new StepGraph.Check(loss, "loss");
        assertThrows(FaultedRun.class, () -> run(List.of(), slot, Ops.node(new Op.Add(), w, w), List.of(check), new PlanCache()));
        assertEquals(filled(1), read(slot));
      }
    }
  }

  @Test
  void aBadIndexChangesNothingAndTheNextStepIsFine() {
    StateSlot slot = slot("w", 1);
    Node bad = Ops.input(HostArray.ofLongs(TensorType.of(DType.I32, 1), N));
    Node w = Ops.state(slot.current());
    Node picked = Ops.node(new Op.Gather(0), w, bad);
    assertThrows(FaultedRun.class, () -> run(List.of(picked), slot, Ops.node(new Op.Add(), w, w), List.of(), new PlanCache()));
    assertEquals(filled(1), read(slot));
    run(List.of(), slot, Ops.node(new Op.Add(), w, w), List.of(new StepGraph.Check(w, "w")), new PlanCache());
    assertEquals(filled(2), read(slot));
  }

  private static List<Value> run(List<Node> outputs, StateSlot slot, Node update, List<StepGraph.Check> checks, PlanCache cache) {
    var graph = new StepGraph(outputs, List.of(new StepGraph.Assignment(slot.current(), update)), checks);
    return Devices.with(DEVICE, () -> Engine.of(DEVICE).run(graph, cache));
  }

  private static StateSlot slot(String name, double value) {
    var slot = new StateSlot(name, TensorType.of(DType.F32, N));
    slot.replace(filled(value));
    return slot;
  }

  private static HostArray filled(double value) {
    double[] values = new double[N];
    java.util.Arrays.fill(values, value);
    return HostArray.ofDoubles(TensorType.of(DType.F32, N), values);
  }

  private static HostArray read(StateSlot slot) {
    return Devices.with(DEVICE, () -> Engine.read(slot.current()));
  }
}
