package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.chainrule.ChainruleException;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.device.events.KernelEvent;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.Bases;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.schedule.Work;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A program of launches on a GPU: its kernels loaded, their parameters laid out. A run copies the frame to the device (no fault yet, and
 * the Java numbers), starts the kernels, and copies the word of faults back; commits look at that on the device. The host waits for
 * nothing in between, unless a choice or a loop without known length asks for data.
 */
final class CudaExecutable implements Executable {

  /** The word of faults: number of the instruction from 1, the smallest detail. */
  private static final long FAULT_BYTES = 2L * Integer.BYTES;

  /** Of the parts of the plan's own memory, as the driver aligns pieces of memory. */
  private static final long ALIGNMENT = 256;

  private final GpuProgram program;
  private final Machine machine;
  private final Arena arena = Arena.ofShared();
  private final Pinned pinned;
  private final long[] memories;
  private final Actions actions;
  private final Graphs graphs;
  private final CudaMemory memory;
  private final long fixed;
  private final long scratch;
  private boolean graphsWork;
  private List<Work> works = List.of();
  private boolean closed;

  /**
   * What the host reads and writes while the device works.
   *
   * @param frame what the frame is before a run
   * @param seen what the host asked for
   * @param ended the last run has been done
   */
  private record Pinned(PinnedMemory.Piece frame, PinnedMemory.Piece seen, long ended) {}

  CudaExecutable(GpuProgram program, Machine machine) {
    this.program = program;
    this.machine = machine;
    Context context = machine.context();
    machine.modules().require(program.sources());
    this.memories = new long[program.bases().count()];
    this.fixed = aligned(program.frameBytes());
    this.scratch = fixed + aligned(program.fixedBytes());
    this.memory = machine.memory().allocate(scratch + program.scratchBytes());
    try (Arena once = Arena.ofConfined()) {
      MemorySegment content = once.allocate(Math.max(program.fixedBytes(), 1), Schedule.ALIGNMENT);
      program.writeFixed(content);
      MemorySegment all = HostData.of(content.asSlice(0, program.fixedBytes()));
      this.pinned = context.call(() -> {
        machine.streams().upload(all, memory.address() + fixed);
        return new Pinned(machine.pinned().take(program.frameBytes()), machine.pinned().take(FAULT_BYTES), machine.streams().takeEvent());
      });
    } catch (ChainruleException e) {
      memory.free();
      throw e;
    }
    this.actions = new Actions(program, machine, pinned.seen, memories, arena);
    this.graphs = new Graphs(context.driver());
    this.graphsWork = machine.settings().graphs() && !machine.settings().synchronous() && actions.canBeCaptured();
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  Queue.Completion run(Queue.Bindings bindings) {
    MemorySegment parameters = HostData.of(bindings.parameters());
    bind(bindings);
    machine.context().run(() -> start(parameters));
    return () -> machine.context().call(this::fault);
  }

  /** Enqueues a run; on the context's thread, as is all from here on. */
  private void start(MemorySegment parameters) {
    Driver driver = machine.context().driver();
    Streams streams = machine.streams();
    driver.cuEventSynchronize(pinned.ended); // before that the run before may not have read its frame
    MemorySegment frame = pinned.frame.memory();
    frame.set(JAVA_INT, 0, 0);
    frame.set(JAVA_INT, Integer.BYTES, -1);
    MemorySegment.copy(parameters, 0, frame, Bases.PARAMETERS, program.frameBytes() - Bases.PARAMETERS);
    streams.beforeRun();
    try {
      boolean recorded = KernelEvent.isRecorded();
      Optional<Long> graph = recorded || !graphsWork ? Optional.empty() : graph(streams.compute());
      if (graph.isPresent()) {
        driver.cuGraphLaunch(graph.get(), streams.compute());
      } else {
        enqueue(recorded);
      }
    } catch (CudaException e) {
      if (!e.isFatal()) {
        streams.afterRun(pinned.ended); // what was enqueued before it failed still uses the frame
      }
      throw e;
    }
    streams.afterRun(pinned.ended);
  }

  private Optional<Long> graph(long stream) {
    try {
      return graphs.graph(stream, () -> enqueue(false), memories);
    } catch (CudaException e) {
      if (e.isFatal()) {
        throw e;
      }
      System.getLogger(CudaExecutable.class.getName()).log(System.Logger.Level.WARNING, "A plan runs without a graph: " + e.problem());
      graphsWork = false;
      return Optional.empty();
    }
  }

  private void enqueue(boolean recorded) {
    Driver driver = machine.context().driver();
    long stream = machine.streams().compute();
    driver.cuMemcpyHtoDAsync(memories[Bases.FRAME], pinned.frame.address(), program.frameBytes(), stream);
    for (int i = 0; i < actions.count(); i++) {
      if (recorded) {
        KernelEvent event = KernelEvent.begun();
        actions.run(i);
        driver.cuStreamSynchronize(stream);
        event.ended(works().get(i));
      } else {
        actions.run(i);
      }
    }
    driver.cuMemcpyDtoHAsync(pinned.seen.address(), memories[Bases.FRAME], FAULT_BYTES, stream);
  }

  private Fault fault() {
    machine.context().driver().cuEventSynchronize(pinned.ended);
    return actions.seenFault();
  }

  /** What the instructions do; found out when somebody first records them. */
  private List<Work> works() {
    if (works.isEmpty()) {
      works = program.schedule().instructions().stream().map(Work::of).toList();
    }
    return works;
  }

  private void bind(Queue.Bindings bindings) {
    Schedule schedule = program.schedule();
    memories[Bases.ARENA] = checked(bindings.arena(), schedule.arenaBytes(), "arena");
    memories[Bases.FRAME] = memory.address();
    memories[Bases.FIXED] = memory.address() + fixed;
    memories[Bases.SCRATCH] = memory.address() + scratch;
    bind(Bases.INPUTS, bindings.inputs(), schedule.inputs(), "input");
    bind(program.bases().states(), bindings.states(), schedule.states(), "state");
    bind(program.bases().outputs(), bindings.outputs(), schedule.outputs(), "output");
    // Slices move while the run is enqueued, and are no part of what it was given.
    Arrays.fill(memories, program.bases().outputs() + schedule.outputs().size(), memories.length, 0);
  }

  private void bind(int first, List<Memory> given, List<TensorType> types, String what) {
    for (int i = 0; i < types.size(); i++) {
      memories[first + i] = checked(given.get(i), types.get(i).bytes(), what);
    }
  }

  /** Kernels check nothing: what they reach is settled here. */
  private static long checked(Memory memory, long needed, String what) {
    if (memory.bytes() < needed) {
      throw new IllegalArgumentException("[cuda] an " + what + " needs " + needed + " bytes and has " + memory.bytes());
    }
    return CudaMemory.of(memory).address();
  }

  @Override
  public long bytes() {
    return memory.bytes();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (!machine.context().isLost()) {
      machine.context().run(() -> {
        machine.context().driver().cuEventSynchronize(pinned.ended);
        graphs.close();
        machine.streams().giveBackEvent(pinned.ended);
        machine.pinned().giveBack(pinned.frame);
        machine.pinned().giveBack(pinned.seen);
      });
    }
    memory.free();
    arena.close();
  }
}
