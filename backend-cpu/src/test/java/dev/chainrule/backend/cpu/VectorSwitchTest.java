package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.PlanCache;
import dev.chainrule.plan.StateSlot;
import dev.chainrule.plan.StepGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When kernels become generated classes, and what of these is kept. */
class VectorSwitchTest {

  private static WrittenKernel product(int n, int factors) {
    var kernel = new WrittenKernel(Shape.of(n), Axes.NONE);
    int x = RandomKernels.load(kernel, DType.F32, new Random(n), true);
    int product = x;
    for (int i = 0; i < factors; i++) {
      product = kernel.apply(new Op.Mul(), product, x);
    }
    kernel.result(product);
    return kernel;
  }

  @Test
  void whatRunsTwiceCostsNoClass() {
    try (var device = new CpuDevice(1, Generation.ON)) {
      product(10_000, 3).fused().with(device, (linked, bindings) -> {
        linked.run(bindings);
        linked.run(bindings);
        assertEquals(0, device.classes().written());
        linked.run(bindings);
        assertEquals(1, device.classes().written());
        return null;
      });
    }
  }

  @Test
  void smallKernelsCostNoClass() {
    assertEquals(0, classesAfterRuns(Generation.ON, 100));
  }

  @Test
  void noClassIsWrittenIfItIsOff() {
    assertEquals(0, classesAfterRuns(Generation.OFF, 10_000));
  }

  private static long classesAfterRuns(Generation generation, int n) {
    try (var device = new CpuDevice(1, generation)) {
      product(n, 3).fused().with(device, (linked, bindings) -> {
        for (int run = 0; run < 10; run++) {
          linked.run(bindings);
        }
        return null;
      });
      return device.classes().written();
    }
  }

  @Test
  void plansOfOneStructureShareAClass() {
    try (var device = new CpuDevice(1, Generation.EAGER)) {
      product(10_000, 3).fused().on(device);
      product(20_000, 3).fused().on(device);
      assertEquals(1, device.classes().written());
      product(20_000, 4).fused().on(device);
      assertEquals(2, device.classes().written());
    }
  }

  @Test
  void theOldestClassesAreForgotten() {
    var classes = new VectorClasses();
    VectorProgram first = program(0);
    VectorLoop loop = classes.loop(first).loop();
    for (int i = 1; i <= VectorClasses.CAPACITY; i++) {
      classes.loop(program(i));
    }
    assertEquals(VectorClasses.CAPACITY, classes.size());
    assertTrue(classes.loop(first).loop() != loop);
    assertEquals(VectorClasses.CAPACITY + 2, classes.written());
  }

  private static VectorProgram program(int register) {
    return new VectorProgram(false, List.of(new VectorProgram.Elements(RegisterKind.FLOAT, register)),
        List.of(new VectorProgram.ToRegister(0, RegisterKind.FLOAT, register)));
  }

  /** Momentum on a quadratic bowl, fifty steps: it does not matter when the switch comes, if at all. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  @Tag("S19.13")
  void parametersDoNotTellWhenTheSwitchCame(int threads) {
    List<HostArray> expected = train(threads, Generation.OFF);
    assertEquals(expected, train(threads, Generation.ON));
    assertEquals(expected, train(threads, Generation.EAGER));
  }

  private static List<HostArray> train(int threads, Generation generation) {
    int n = 50_001;
    var w = new StateSlot("w", TensorType.of(DType.F32, n));
    var m = new StateSlot("m", TensorType.of(DType.F32, n));
    w.replace(Samples.plainArray(DType.F32, 1, n));
    m.replace(HostArray.zeros(TensorType.of(DType.F32, n)));
    HostArray target = Samples.plainArray(DType.F32, 2, n);
    var cache = new PlanCache();
    List<HostArray> seen = new ArrayList<>();
    try (var device = new CpuDevice(threads, generation)) {
      for (int step = 0; step < 50; step++) {
        Node old = Ops.state(w.current());
        Node gradient = Ops.node(new Op.Tanh(), Ops.node(new Op.Sub(), old, Ops.input(target)));
        Node momentum = Ops.node(new Op.Add(), scaled(Ops.state(m.current()), 0.9, n), gradient);
        Node next = Ops.node(new Op.Sub(), old, scaled(momentum, 0.1, n));
        Node loss = Ops.node(new Op.Reduce(Op.Fold.SUM, Axes.of(0)), Ops.node(new Op.Mul(), gradient, gradient));
        var graph = new StepGraph(List.of(loss), List.of(new StepGraph.Assignment(w.current(), next),
            new StepGraph.Assignment(m.current(), momentum)), List.of(new StepGraph.Check(loss, "loss")));
        Devices.with(device, () -> seen.add(Engine.read(Engine.of(device).run(graph, cache).getFirst())));
      }
      Devices.with(device, () -> seen.add(Engine.read(w.current())));
      assertTrue(generation == Generation.OFF == (device.classes().written() == 0));
      assertEquals(1, cache.misses());
    }
    return seen;
  }

  private static Node scaled(Node x, double factor, int n) {
    double[] factors = DoubleStream.generate(() -> factor).limit(n).toArray();
    return Ops.node(new Op.Mul(), x, Ops.input(HostArray.ofDoubles(TensorType.of(DType.F32, n), factors)));
  }

  @Test
  void aModeThatDoesNotExistIsRefused() {
    String before = System.getProperty("chainrule.cpu.generate", "on");
    System.setProperty("chainrule.cpu.generate", "sometimes");
    try {
      var e = assertThrows(InvalidArgumentException.class, Generation::chosen);
      assertTrue(e.getMessage().contains("chainrule.cpu.generate"));
    } finally {
      System.setProperty("chainrule.cpu.generate", before);
    }
  }
}
