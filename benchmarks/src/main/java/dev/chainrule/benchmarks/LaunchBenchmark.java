package dev.chainrule.benchmarks;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a kernel costs that has nothing to do: a run of many additions of one element, against a run of one. {@code -prof gc} shows that
 * launches make no objects.
 *
 * <pre>
 * mvn -q package -DskipTests -pl benchmarks -am
 * java --enable-native-access=ALL-UNNAMED --add-modules jdk.incubator.vector -cp 'benchmarks/target/app/*' \
 *   org.openjdk.jmh.Main LaunchBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LaunchBenchmark {

  private static final TensorType TYPE = TensorType.of(DType.F32, 1);

  @Param({"opencl", "cpu"})
  private String backend = "cpu";

  @Param({"1", "101"})
  private int launches = 1;

  private Prepared prepared = Prepared.NONE;

  /** A linked schedule and what it runs on. */
  private record Prepared(List<Device> device, List<Executable> linked, List<Queue.Bindings> bindings) {
    static final Prepared NONE = new Prepared(List.of(), List.of(), List.of());
  }

  @Setup(Level.Trial)
  public void link() {
    Device device = Devices.open(backend);
    Memory in = device.allocate(TYPE.bytes());
    Memory out = device.allocate(TYPE.bytes());
    device.queue().upload(MemorySegment.ofArray(new float[1]), in);
    Operand from = Operand.dense(new BufferRef.Input(0), TYPE);
    GeneratedKernel kernel = GeneratedKernel.of(List.of(new KernelExpression.Load(0, DType.F32, from.layout()),
        new KernelExpression.Apply(new Op.Add(), List.of(0, 0), DType.F32)), TYPE.shape());
    Operand to = Operand.dense(new BufferRef.Output(0), TYPE);
    var addition = new Instruction.Compute(kernel, List.of(from), List.of(to), List.of(), List.of());
    var schedule = new Schedule(Collections.nCopies(launches, addition), List.of(), List.of(TYPE), List.of(), List.of(TYPE), List.of(),
        List.of(), List.of(), 0, 0);
    var bindings = new Queue.Bindings(device.allocate(0), List.of(in), List.of(), List.of(out), MemorySegment.ofArray(new byte[0]));
    prepared = new Prepared(List.of(device), List.of(device.link(schedule)), List.of(bindings));
  }

  @TearDown(Level.Trial)
  public void close() {
    prepared.device.forEach(Device::close);
  }

  @Benchmark
  public Fault run() {
    return prepared.device.getFirst().queue().run(prepared.linked.getFirst(), prepared.bindings.getFirst()).await();
  }
}
