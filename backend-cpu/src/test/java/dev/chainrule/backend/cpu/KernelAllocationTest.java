package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.sun.management.ThreadMXBean;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Fault;
import dev.chainrule.device.events.KernelEvent;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;

/** A step that makes garbage is interrupted by its collection. */
class KernelAllocationTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Compilation goes on behind the runs, and may take its time. */
  private static final long PATIENCE = 40_000_000_000L;

  @Test
  void kernelsAllocateNothingOnceTheyHaveRun() {
    check(1, Generation.OFF);
    check(3, Generation.OFF);
  }

  @Test
  void generatedCodeAllocatesNothingOnceItIsCompiled() {
    check(1, Generation.ON);
    check(3, Generation.ON);
  }

  /** The flight recorder rewrites the events' classes for its first recording, for good. */
  @Test
  void kernelsAllocateNothingAfterARecordingOfThemEither() {
    try (var device = new CpuDevice(1, Generation.OFF); var recording = new Recording()) {
      KernelRun run = GeneratedKernelTest.softmax(Shape.of(64, 10), Axes.of(1), DType.F32).fused();
      recording.enable(KernelEvent.class);
      recording.start();
      run.with(device, (linked, bindings) -> linked.run(bindings));
      recording.stop();
      assertFalse(KernelEvent.isRecorded());
      check(run, device);
      check(group(), device);
    }
  }

  private static void check(int threads, Generation generation) {
    try (var device = new CpuDevice(threads, generation)) {
      for (DType dtype : List.of(DType.F32, DType.F16)) {
        for (Shape domain : List.of(Shape.of(64, 10), Shape.of(300, 1000), Shape.of(2, 200_000))) {
          check(GeneratedKernelTest.softmax(domain, Axes.of(1), dtype).fused(), device);
          check(GeneratedKernelTest.normalisation(domain, Axes.of(0), dtype).fused(), device);
        }
      }
      check(group(), device);
      check(attention(), device);
      check(pooling(PoolOptions.of(2)), device);
      check(pooling(PoolOptions.of(3)), device);
      check(pooling(PoolOptions.of(3).withStride(2).withPadding(1)), device);
    }
  }

  /** Attention and its gradient, for queries of two blocks. */
  private static KernelRun attention() {
    Tensor x = Tensor.of(HostArray.zeros(TensorType.of(DType.F32, 6, 80, 24)));
    Tensor y = Attention.CAUSAL.apply(x, x, x);
    Node gradient = MaxPoolingTest.composite(Gradients.of(y.square().sum(), List.of(x)).getFirst(), "attentionGradient");
    var input = Operand.dense(new BufferRef.Input(0), x.type());
    var results = IntStream.range(0, 4).mapToObj(i -> Operand.dense(new BufferRef.Output(i), x.type())).toList();
    var workspace = TensorType.of(DType.U8, 1 << 21);
    var scratch = List.of(Operand.dense(new BufferRef.Output(4), workspace));
    List<HostArray> outputs = new ArrayList<>(Collections.nCopies(4, HostArray.zeros(x.type())));
    outputs.add(HostArray.zeros(workspace));
    return new KernelRun(List.of(
        new Instruction.Call(MaxPoolingTest.composite(y, "attention").op(), List.of(input, input, input), results.subList(0, 1), scratch,
            Origin.NONE),
        new Instruction.Call(gradient.op(), List.of(input, input, input, results.getFirst()), results.subList(1, 4), scratch, Origin.NONE)),
        List.of(HostArray.zeros(x.type())), outputs);
  }

  /** A pool and its gradient for the largest themselves. */
  private static KernelRun pooling(PoolOptions options) {
    Tensor x = Tensor.of(HostArray.zeros(TensorType.of(DType.F32, 10, 6, 24, 24)));
    Tensor y = x.maxPool2d(options);
    Node gradient = MaxPoolingTest.composite(Gradients.of(y.square().sum(), List.of(x)).getFirst(), "maxPoolGradient");
    var input = Operand.dense(new BufferRef.Input(0), x.type());
    var largest = Operand.dense(new BufferRef.Output(0), y.type());
    var result = Operand.dense(new BufferRef.Output(1), x.type());
    var workspace = TensorType.of(DType.U8, y.type().bytes());
    return new KernelRun(List.of(
        new Instruction.Call(MaxPoolingTest.composite(y, "maxPool").op(), List.of(input), List.of(largest), Origin.NONE),
        new Instruction.Call(gradient.op(), List.of(input, largest, largest), List.of(result),
            List.of(Operand.dense(new BufferRef.Output(2), workspace)), Origin.NONE)),
        List.of(HostArray.zeros(x.type())),
        List.of(HostArray.zeros(y.type()), HostArray.zeros(x.type()), HostArray.zeros(workspace)));
  }

  /** Kernels without folds on strided operands, together. */
  private static KernelRun group() {
    WrittenKernel first = RandomKernels.of(3, DType.F32);
    WrittenKernel second = new WrittenKernel(Shape.of(200, 300), Axes.NONE);
    int x = RandomKernels.load(second, DType.F32, new Random(3), false);
    second.result(second.apply(new Op.Add(), x, x));
    second.check(x);
    var group = new Instruction.Group(List.of(first.compute(0, 0), second.compute(first.inputs().size(), first.outputs().size())));
    return new KernelRun(List.of(group), concat(first.inputs(), second.inputs()), concat(first.outputs(), second.outputs()));
  }

  private static <T> List<T> concat(List<T> a, List<T> b) {
    return Stream.concat(a.stream(), b.stream()).toList();
  }

  /** The first runs make registers, and objects that compiled code does without. */
  private static void check(KernelRun run, CpuDevice device) {
    run.with(device, (linked, bindings) -> {
      linked.run(bindings);
      long[] threads = threads();
      long bytes = -1;
      long deadline = System.nanoTime() + PATIENCE;
      while (System.nanoTime() < deadline && (bytes != 0 || linked.vectors().waiting() > 0)) {
        long before = allocated(threads);
        for (int i = 0; i < 10; i++) {
          assertEquals(Fault.NONE, linked.run(bindings));
        }
        bytes = allocated(threads) - before;
      }
      assertEquals(0, bytes, run.instructions()::toString);
      assertEquals(0, linked.vectors().waiting());
      return null;
    });
  }

  /** This one and the workers. */
  private static long[] threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread == Thread.currentThread() || thread.getName().startsWith("chainrule-cpu-"))
        .mapToLong(Thread::threadId).toArray();
  }

  private static long allocated(long[] threads) {
    long sum = 0;
    for (long thread : threads) {
      sum += THREADS.getThreadAllocatedBytes(thread);
    }
    return sum;
  }
}
