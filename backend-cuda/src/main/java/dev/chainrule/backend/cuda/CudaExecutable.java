package dev.chainrule.backend.cuda;

import dev.chainrule.ChainruleException;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.device.events.KernelEvent;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.Bases;
import dev.chainrule.kernels.FaultWord;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.PinnedMemory;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.schedule.Work;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * A program of launches on a GPU: its kernels loaded, their parameters laid out. A run copies the Java numbers to the device, starts the
 * kernels, and copies the word of faults back; commits look at that on the device. The host waits for nothing, unless a choice or a loop
 * without known length asks for data, and may go on with the next run.
 */
final class CudaExecutable implements Executable {

  /** Of the parts of the plan's own memory, as the driver aligns pieces of memory. */
  static final long ALIGNMENT = 256;

  private final GpuProgram program;
  private final Machine machine;
  private final Arena arena = Arena.ofShared();
  private final PinnedMemory.Piece seen;
  private final long[] memories;
  private final Actions actions;
  private final CudaMemory memory;
  private final long scratch;
  private List<Work> works = List.of();
  private boolean closed;

  CudaExecutable(GpuProgram program, Machine machine) {
    this.program = program;
    this.machine = machine;
    Context context = machine.context();
    machine.modules().require(program.sources());
    machine.frame().require(program.frameBytes());
    this.memories = new long[program.bases().count()];
    this.scratch = aligned(program.fixedBytes());
    this.memory = machine.memory().allocate(scratch + program.scratchBytes());
    try (Arena once = Arena.ofConfined()) {
      MemorySegment content = once.allocate(Math.max(program.fixedBytes(), 1), Schedule.ALIGNMENT);
      program.writeFixed(content);
      MemorySegment all = HostData.of(content.asSlice(0, program.fixedBytes()));
      this.seen = context.call(() -> {
        machine.streams().upload(all, memory.address());
        return machine.pinned().take(FaultWord.BYTES);
      });
      this.actions = actions(context);
    } catch (RuntimeException e) {
      memory.free();
      arena.close();
      throw e;
    }
  }

  private Actions actions(Context context) {
    try {
      return new Actions(program, machine, seen, memories, arena);
    } catch (RuntimeException e) {
      if (!context.isLost()) {
        context.run(() -> machine.pinned().giveBack(seen));
      }
      throw e;
    }
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  Queue.Completion run(Queue.Bindings bindings) {
    MemorySegment parameters = HostData.of(bindings.parameters());
    bind(bindings);
    Exchange run = machine.context().call(() -> start(parameters));
    return () -> machine.context().call(() -> fault(run));
  }

  /**
   * Enqueues a run; on the context's thread, as is all from here on.
   *
   * @return what the run has of the frame: its Java numbers go from there, the word of faults comes there
   */
  private Exchange start(MemorySegment parameters) {
    Driver driver = machine.context().driver();
    long stream = machine.streams().compute();
    long numberBytes = program.frameBytes() - Bases.PARAMETERS;
    Exchange run = Exchange.of(machine, program.frameBytes());
    try {
      if (numberBytes > 0) {
        MemorySegment.copy(parameters, 0, run.piece().memory(), Bases.PARAMETERS, numberBytes);
        driver.cuMemcpyHtoDAsync(machine.frame().numbers(), run.piece().address() + Bases.PARAMETERS, numberBytes, stream);
      }
      enqueue();
      driver.cuMemcpyDtoHAsync(run.piece().address(), machine.frame().address(), FaultWord.BYTES, stream);
    } catch (CudaException e) {
      if (!e.isFatal()) {
        run.enqueued();
        fault(run); // what was enqueued before it failed still uses the piece
      }
      throw e;
    }
    run.enqueued();
    return run;
  }

  private void enqueue() {
    if (!KernelEvent.isRecorded()) {
      actions.run();
      return;
    }
    for (int i = 0; i < actions.count(); i++) {
      KernelEvent event = KernelEvent.begun();
      actions.run(i);
      machine.context().driver().cuStreamSynchronize(machine.streams().compute());
      event.ended(works().get(i));
    }
  }

  private static Fault fault(Exchange run) {
    run.await();
    Fault fault = FaultWord.read(run.piece().memory());
    run.giveBack();
    return fault;
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
    memories[Bases.FRAME] = machine.frame().address();
    memories[Bases.FIXED] = memory.address();
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
    try {
      if (!machine.context().isLost()) {
        machine.context().run(() -> {
          machine.context().driver().cuStreamSynchronize(machine.streams().compute());
          actions.close();
          machine.pinned().giveBack(seen);
        });
      }
    } finally { // the GPU may be lost just then
      actions.end();
      memory.free();
      arena.close();
    }
  }
}
