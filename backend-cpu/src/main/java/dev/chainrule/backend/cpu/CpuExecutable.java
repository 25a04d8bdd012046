package dev.chainrule.backend.cpu;

import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.device.events.KernelEvent;
import dev.chainrule.device.events.Recorder;
import dev.chainrule.graph.HostArray;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.schedule.Work;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.List;

/** A schedule as a list of kernels. Everything that does not depend on addresses and data is decided when it is linked. */
final class CpuExecutable implements Executable {

  private final Kernel[] kernels;
  private final int firstCommit;
  private final Bases bases;
  private final CpuMemory constants;
  private final CpuMemory parameters;
  private final Frame frame;
  private final VectorSwitch vectors;
  private List<Work> works = List.of();
  private boolean closed;

  private CpuExecutable(Kernel[] kernels, int firstCommit, Bases bases, CpuMemory constants, VectorSwitch vectors) {
    this.vectors = vectors;
    this.kernels = kernels;
    this.firstCommit = firstCommit;
    this.bases = bases;
    this.constants = constants;
    this.parameters = CpuMemory.allocate((long) bases.schedule().parameters().size() * Schedule.PARAMETER_BYTES);
    this.frame = new Frame(bases.count());
  }

  static CpuExecutable link(Schedule schedule, CpuDevice.Machine machine) {
    var bases = new Bases(schedule);
    List<Instruction> instructions = schedule.instructions();
    Kernel[] kernels = new Kernel[instructions.size()];
    int firstCommit = kernels.length;
    var vectors = new VectorSwitch(machine.classes(), machine.generation());
    var linker = new Kernels(bases, machine, vectors);
    try {
      for (int i = 0; i < kernels.length; i++) {
        kernels[i] = linker.link(instructions.get(i));
        if (instructions.get(i).isCommit()) {
          firstCommit = Math.min(firstCommit, i);
        }
      }
      return new CpuExecutable(kernels, firstCommit, bases, constants(bases), vectors);
    } catch (RuntimeException | Error e) {
      bases.holds().close();
      throw e;
    }
  }

  private static CpuMemory constants(Bases bases) {
    CpuMemory memory = CpuMemory.allocate(bases.constantBytes());
    List<HostArray> arrays = bases.schedule().constants();
    for (int i = 0; i < arrays.size(); i++) {
      MemorySegment source = arrays.get(i).segment();
      MemorySegment.copy(source, 0, OffHeap.MEMORY, memory.address() + bases.constantOffset(i), source.byteSize());
    }
    return memory;
  }

  VectorSwitch vectors() {
    return vectors;
  }

  Fault run(Queue.Bindings bindings) {
    FaultWord faults = frame.faults();
    vectors.beforeRun();
    try {
      bind(bindings);
      faults.clear();
      boolean recorded = Recorder.isOn() && KernelEvent.isRecorded();
      for (int i = 0; i < firstCommit; i++) {
        faults.enter(i);
        run(i, recorded);
      }
      if (!faults.occurred()) {
        for (int i = firstCommit; i < kernels.length; i++) {
          run(i, recorded);
        }
      }
      vectors.afterRun();
      return faults.toFault();
    } finally {
      Reference.reachabilityFence(bindings);
    }
  }

  private void run(int number, boolean recorded) {
    if (recorded) {
      Work work = works().get(number);
      KernelEvent event = KernelEvent.begun();
      kernels[number].run(frame);
      event.ended(work);
    } else {
      kernels[number].run(frame);
    }
  }

  /** What the kernels do; found out when somebody first records them. */
  private List<Work> works() {
    if (works.isEmpty()) {
      works = bases.schedule().instructions().stream().map(Work::of).toList();
    }
    return works;
  }

  private void bind(Queue.Bindings bindings) {
    Schedule schedule = bases.schedule();
    frame.bind(Bases.ARENA, checked(bindings.arena(), schedule.arenaBytes(), "arena"));
    MemorySegment.copy(bindings.parameters(), 0, OffHeap.MEMORY, parameters.address(), parameters.bytes());
    frame.bind(Bases.PARAMETERS, parameters.address());
    frame.bind(Bases.CONSTANTS, constants.address());
    for (int i = 0; i < schedule.inputs().size(); i++) {
      frame.bind(Bases.INPUTS + i, checked(bindings.inputs().get(i), schedule.inputs().get(i).bytes(), "input"));
    }
    for (int i = 0; i < schedule.states().size(); i++) {
      frame.bind(bases.states() + i, checked(bindings.states().get(i), schedule.states().get(i).bytes(), "state"));
    }
    for (int i = 0; i < schedule.outputs().size(); i++) {
      frame.bind(bases.outputs() + i, checked(bindings.outputs().get(i), schedule.outputs().get(i).bytes(), "output"));
    }
  }

  /** Kernels check nothing: what they reach is settled here. */
  private static long checked(Memory memory, long needed, String what) {
    if (memory.bytes() < needed) {
      throw new IllegalArgumentException("[cpu] an " + what + " needs " + needed + " bytes and has " + memory.bytes());
    }
    return CpuMemory.of(memory).address();
  }

  @Override
  public long bytes() {
    return constants.bytes() + parameters.bytes();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    vectors.close();
    bases.holds().close();
    constants.free();
    parameters.free();
  }
}
