package dev.chainrule.device;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A device of heap arrays for tests of the planner and the engine: runs a schedule by copying elements one at a time and asking the
 * graph's interpreter what each operation means. It fills new memory, and the arena before each run, with bytes of 0xff, so that what
 * was never written is NaN and shows; and it counts what is asked of it.
 */
public final class ReferenceDevice implements Device {

  private final Predicate<Op> natives;
  private final boolean strided;
  private final long memoryBytes;
  private final List<Schedule> linked = new ArrayList<>();
  private final HeapQueue queue = new HeapQueue();
  private final Lifetime lifetime = new Lifetime("reference:0");
  private long allocatedBytes;
  private int closed;
  private boolean running;
  private @Nullable RuntimeException broken;
  private @Nullable Error brokenCommit;
  private final List<Traffic> traffic = new ArrayList<>();
  private Runnable duringRun = () -> {};
  private Runnable beforeDownload = () -> {};

  private ReferenceDevice(Predicate<Op> natives, boolean strided, long memoryBytes) {
    this.natives = natives;
    this.strided = strided;
    this.memoryBytes = memoryBytes;
  }

  /** With a kernel for every operation but those with bodies; operands may be strided. */
  public static ReferenceDevice create() {
    return new ReferenceDevice(op -> op.bodies().isEmpty(), true, 1L << 40);
  }

  /** The same for dense operands only. */
  public static ReferenceDevice dense() {
    return new ReferenceDevice(create().natives, false, 1L << 40);
  }

  public static ReferenceDevice withKernels(Predicate<Op> natives) {
    return new ReferenceDevice(natives, true, 1L << 40);
  }

  public static ReferenceDevice withMemory(long bytes) {
    return new ReferenceDevice(create().natives, true, bytes);
  }

  // --- what has been asked of it -------------------------------------------------------------------------------------------------------

  /** Schedules linked, oldest first. */
  public List<Schedule> linked() {
    return List.copyOf(linked);
  }

  public Schedule lastLinked() {
    return linked.getLast();
  }

  /** Executables closed. */
  public int closed() {
    return closed;
  }

  public int runs() {
    return queue.runs;
  }

  public int uploads() {
    return queue.uploads;
  }

  public int downloads() {
    return queue.downloads;
  }

  /** Bytes of all memory not freed. */
  public long allocatedBytes() {
    return allocatedBytes;
  }

  /**
   * What the instructions of the last run moved, one entry each: bytes of different elements in each operand that it read, and of all
   * elements that it wrote; what is in a body counts at each repetition.
   */
  public List<Traffic> traffic() {
    return List.copyOf(traffic);
  }

  /** Bytes moved. */
  public record Traffic(long read, long written) {}

  /** Makes every further link fail; null mends it. */
  public void breakLinks(@Nullable RuntimeException cause) {
    broken = cause;
  }

  /** Makes the next run that writes two variables throw before the second. */
  public void breakNextCommit(Error cause) {
    brokenCommit = cause;
  }

  /** Called at the next run, when it has begun. */
  public void duringNextRun(Runnable action) {
    duringRun = action;
  }

  /** Called at the next download, before it begins. */
  public void beforeNextDownload(Runnable action) {
    beforeDownload = action;
  }

  // --- the device ------------------------------------------------------------------------------------------------------------------------

  @Override
  public DeviceInfo info() {
    return new DeviceInfo("reference", 0, "plain Java", memoryBytes);
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    return natives.test(op) ? Optional.of(new NativeKernel(strided, op instanceof Op.Dot || op instanceof Op.Conv)) : Optional.empty();
  }

  @Override
  public boolean generates(GeneratedKernel kernel) {
    return true;
  }

  @Override
  public Memory allocate(long bytes) {
    requireIdle();
    if (allocatedBytes + bytes > memoryBytes) {
      throw new DeviceOutOfMemoryException("reference:0", bytes + " bytes", "");
    }
    allocatedBytes += bytes;
    byte[] content = new byte[Math.toIntExact(bytes)];
    Arrays.fill(content, (byte) 0xff);
    return new HeapMemory(content);
  }

  @Override
  public Executable link(Schedule schedule) {
    if (broken != null) {
      throw broken;
    }
    linked.add(schedule);
    return new Linked(schedule);
  }

  @Override
  public Queue queue() {
    return queue;
  }

  @Override
  public Lifetime lifetime() {
    return lifetime;
  }

  private void requireIdle() {
    if (running) {
      throw new AssertionError("the host was called during a run");
    }
  }

  private final class HeapMemory implements Memory {
    private final byte[] content;
    private boolean freed;

    HeapMemory(byte[] content) {
      this.content = content;
    }

    @Override
    public long bytes() {
      return content.length;
    }

    @Override
    public void free() {
      requireIdle();
      if (freed) {
        throw new AssertionError("freed twice");
      }
      freed = true;
      allocatedBytes -= content.length;
    }

    byte[] alive() {
      if (freed) {
        throw new AssertionError("used after it was freed");
      }
      return content;
    }
  }

  private final class Linked implements Executable {
    private final Schedule schedule;
    private boolean open = true;

    Linked(Schedule schedule) {
      this.schedule = schedule;
    }

    @Override
    public long bytes() {
      return schedule.constants().stream().mapToLong(c -> c.type().bytes()).sum();
    }

    @Override
    public void close() {
      if (!open) {
        throw new AssertionError("closed twice");
      }
      open = false;
      closed++;
    }
  }

  private final class HeapQueue implements Queue {
    private int runs;
    private int uploads;
    private int downloads;

    @Override
    public void upload(MemorySegment source, Memory target) {
      requireIdle();
      uploads++;
      MemorySegment.copy(source, 0, MemorySegment.ofArray(content(target)), 0, source.byteSize());
    }

    @Override
    public void download(Memory source, MemorySegment target) {
      requireIdle();
      Runnable action = beforeDownload;
      beforeDownload = () -> {};
      action.run();
      downloads++;
      MemorySegment.copy(MemorySegment.ofArray(content(source)), 0, target, 0, target.byteSize());
    }

    @Override
    public Completion run(Executable executable, Bindings bindings) {
      requireIdle();
      var linked = (Linked) executable;
      if (!linked.open) {
        throw new AssertionError("run after it was closed");
      }
      runs++;
      running = true;
      Runnable action = duringRun;
      duringRun = () -> {};
      try {
        action.run();
        traffic.clear();
        Fault fault = new Run(linked.schedule, bindings, this::commits, traffic).all();
        return () -> fault;
      } finally {
        running = false;
      }
    }

    private void commits(int number) {
      Error cause = brokenCommit;
      if (number == 1 && cause != null) {
        brokenCommit = null;
        throw cause;
      }
    }
  }

  private static byte[] content(Memory memory) {
    return ((HeapMemory) memory).alive();
  }

  // --- one run ---------------------------------------------------------------------------------------------------------------------------

  private static final class NotFinite extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int check;

    NotFinite(int check) {
      this.check = check;
    }
  }

  /** Where a moving slice's buffer begins now. */
  private record Window(MemorySegment segment, long byteOffset) {}

  private static final class Run {
    private final Schedule schedule;
    private final Queue.Bindings bindings;
    private final IntConsumer beforeCommit;
    private final Map<BufferRef.Slice, Window> slices = new HashMap<>();
    private final Set<Operand> seen = new HashSet<>();
    private final List<Traffic> traffic;
    private long bytesRead;
    private long bytesWritten;
    private int commits;

    Run(Schedule schedule, Queue.Bindings bindings, IntConsumer beforeCommit, List<Traffic> traffic) {
      this.schedule = schedule;
      this.bindings = bindings;
      this.beforeCommit = beforeCommit;
      this.traffic = traffic;
    }

    Fault all() {
      byte[] arena = content(bindings.arena());
      if (arena.length < schedule.arenaBytes()) {
        throw new AssertionError("an arena of " + arena.length + " for " + schedule.arenaBytes());
      }
      Arrays.fill(arena, (byte) 0xff);
      Fault fault = Fault.NONE;
      for (int i = 0; i < schedule.instructions().size(); i++) {
        Instruction instruction = schedule.instructions().get(i);
        if (fault.occurred() && instruction.isCommit()) {
          continue;
        }
        bytesRead = 0;
        bytesWritten = 0;
        try {
          run(instruction);
        } catch (IndexRangeException | InvalidArgumentException e) {
          // A device goes on with wrong numbers; this one with bytes of 0xff.
          fault = fault.occurred() ? fault : new Fault(i, -1);
        } catch (NotFinite e) {
          fault = fault.occurred() ? fault : new Fault(i, e.check);
        }
        traffic.add(new Traffic(bytesRead, bytesWritten));
      }
      return fault;
    }

    private void run(Instruction instruction) {
      seen.clear();
      switch (instruction) {
        case Instruction.Compute compute -> compute(List.of(compute));
        case Instruction.Group(var kernels) -> compute(kernels);
        case Instruction.Call(Op op, List<Operand> inputs, List<Operand> outputs, var _, var _) -> {
          Node node = Ops.node(op, inputs.stream().map(in -> Ops.input(read(in))).toArray(Node[]::new));
          if (op instanceof Op.Gather) { // reads no more than it chooses
            bytesRead += outputs.getFirst().type().bytes() - different(inputs.getFirst());
          }
          for (int i = 0; i < outputs.size(); i++) {
            write(outputs.get(i), evaluate(outputs.size() == 1 ? node : Ops.node(new Op.Result(i), node)));
          }
        }
        case Instruction.WithEpilogue(var call, var epilogue) -> {
          run(call);
          run(epilogue);
          // What it does to the call's result it does before that has left the caches.
          Operand result = call.outputs().getFirst();
          bytesRead -= result.type().bytes();
          bytesWritten -= epilogue.outputs().stream().anyMatch(o -> o.buffer().equals(result.buffer())) ? result.type().bytes() : 0;
        }
        case Instruction.Loop loop -> {
          for (long i = 0; i < loop.length(); i++) {
            write(loop.number(), HostArray.ofLongs(loop.number().type(), i));
            for (Instruction.Slice slice : Stream.concat(loop.inputs().stream(), loop.outputs().stream()).toList()) {
              Operand whole = slice.whole();
              Window begin = window(whole.buffer());
              long first = whole.layout().offset() + i * whole.layout().stride(0);
              slices.put(slice.buffer(), new Window(begin.segment, begin.byteOffset + first * whole.dtype().bytes()));
            }
            loop.body().forEach(this::run);
          }
        }
        case Instruction.While(var condition, Operand holds, var body, var _) -> {
          condition.forEach(this::run);
          while (read(holds).longAt(0) != 0) {
            body.forEach(this::run);
            condition.forEach(this::run);
          }
        }
        case Instruction.Cond(Operand predicate, var then, var otherwise, var _) ->
            (read(predicate).longAt(0) != 0 ? then : otherwise).forEach(this::run);
      }
    }

    /** All values before the first is written. */
    private void compute(List<Instruction.Compute> kernels) {
      List<List<HostArray>> values = kernels.stream().map(this::values).toList();
      List<HostArray> checked = new ArrayList<>();
      for (int i = 0; i < kernels.size(); i++) {
        kernels.get(i).kernel().checks().stream().map(values.get(i)::get).forEach(checked::add);
      }
      for (int i = 0; i < kernels.size(); i++) {
        List<GeneratedKernel.Result> results = kernels.get(i).kernel().results();
        for (int k = 0; k < results.size(); k++) {
          if (kernels.get(i).outputs().get(k).buffer() instanceof BufferRef.State) {
            beforeCommit.accept(commits++);
          }
          write(kernels.get(i).outputs().get(k), values.get(i).get(results.get(k).value()));
        }
      }
      for (int check = 0; check < checked.size(); check++) {
        for (long i = 0; i < checked.get(check).elements(); i++) {
          if (!Double.isFinite(checked.get(check).doubleAt(i))) {
            throw new NotFinite(check);
          }
        }
      }
    }

    /** At each index of the kernel's domain. */
    private List<HostArray> values(Instruction.Compute compute) {
      Shape domain = compute.kernel().domain();
      Axes folded = compute.kernel().folded();
      List<Node> values = new ArrayList<>();
      for (KernelExpression value : compute.kernel().values()) {
        Node node = switch (value) {
          case KernelExpression.Load load -> Ops.input(read(compute.arguments().get(load.argument())));
          case KernelExpression.Index(var dtype, int axis) -> Ops.node(new Op.Iota(new TensorType(dtype, domain), axis));
          case KernelExpression.Apply apply -> Ops.node(apply.op(), apply.arguments().stream().map(values::get).toArray(Node[]::new));
          case KernelExpression.Fold fold -> Ops.node(new Op.Expand(domain), Ops.node(new Op.Reshape(domain.keeping(folded)),
              Ops.node(new Op.Reduce(fold.fold(), folded), values.get(fold.argument()))));
        };
        if (node.type().dtype() != value.dtype()) {
          throw new AssertionError(value + " is not " + value.dtype());
        }
        values.add(Ops.input(evaluate(node)));
      }
      return values.stream().map(node -> (HostArray) node.value().orElseThrow()).toList();
    }

    private static HostArray evaluate(Node node) {
      return Interpreter.evaluate(List.of(node), value -> {
        throw new AssertionError(value.toString());
      }).getFirst();
    }

    /** The operand's elements in row-major order, one at a time. */
    private HostArray read(Operand operand) {
      byte[] dense = new byte[Math.toIntExact(operand.type().bytes())];
      Window buffer = window(operand.buffer());
      each(operand, (i, at) ->
          MemorySegment.copy(buffer.segment, buffer.byteOffset + at, MemorySegment.ofArray(dense), i, operand.dtype().bytes()));
      bytesRead += seen.add(operand) ? different(operand) : 0;
      return HostArray.owning(operand.type(), dense);
    }

    private void write(Operand operand, HostArray values) {
      if (!operand.type().equals(values.type())) {
        throw new AssertionError(values.type() + " written to " + operand);
      }
      Window buffer = window(operand.buffer());
      each(operand, (i, at) -> MemorySegment.copy(values.segment(), i, buffer.segment, buffer.byteOffset + at, operand.dtype().bytes()));
      bytesWritten += different(operand);
    }

    /** Bytes of the elements, each counted once. */
    private static long different(Operand operand) {
      var places = new BitSet();
      each(operand, (_, at) -> places.set(Math.toIntExact(at / operand.dtype().bytes())));
      return (long) places.cardinality() * operand.dtype().bytes();
    }

    /** Where the elements lie in row-major order and in the buffer, in bytes. */
    private static void each(Operand operand, LongBinaryConsumer visit) {
      Shape shape = operand.shape();
      int size = operand.dtype().bytes();
      long[] index = new long[shape.rank()];
      for (long i = 0; i < shape.elements(); i++) {
        long at = operand.layout().offset();
        for (int axis = 0; axis < index.length; axis++) {
          at += index[axis] * operand.layout().stride(axis);
        }
        visit.accept(i * size, at * size);
        for (int axis = index.length - 1; axis >= 0 && ++index[axis] == shape.dim(axis); axis--) {
          index[axis] = 0;
        }
      }
    }

    /** Takes two numbers. */
    private interface LongBinaryConsumer {
      void accept(long a, long b);
    }

    private Window window(BufferRef buffer) {
      return buffer instanceof BufferRef.Slice slice ? Objects.requireNonNull(slices.get(slice)) : new Window(buffer(buffer), 0);
    }

    /** Exactly the buffer's bytes: whoever reads beyond them fails. */
    private MemorySegment buffer(BufferRef buffer) {
      return switch (buffer) {
        case BufferRef.Slice slice -> throw new AssertionError(slice + " is no buffer of its own");
        case BufferRef.Temporary t ->
            MemorySegment.ofArray(content(bindings.arena())).asSlice(schedule.offset(t), schedule.temporaryBytes().get(t.id()));
        case BufferRef.Input(int slot) -> sized(bindings.inputs().get(slot), schedule.inputs().get(slot));
        case BufferRef.State(int slot) -> sized(bindings.states().get(slot), schedule.states().get(slot));
        case BufferRef.Output(int slot) -> sized(bindings.outputs().get(slot), schedule.outputs().get(slot));
        case BufferRef.Parameter(int slot) ->
            bindings.parameters().asSlice((long) slot * Schedule.PARAMETER_BYTES, schedule.parameters().get(slot).bytes());
        case BufferRef.Constant(int slot) -> schedule.constants().get(slot).segment();
      };
    }

    private static MemorySegment sized(Memory memory, TensorType type) {
      return MemorySegment.ofArray(content(memory)).asSlice(0, type.bytes());
    }
  }
}
