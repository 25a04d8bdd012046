package dev.chainrule.backend.opencl;

import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.device.events.KernelEvent;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.Bases;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.Place;
import dev.chainrule.kernels.Step;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.schedule.Work;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A program of launches on a device: its kernels compiled and their arguments set. A run writes the frame (no fault yet, and the Java
 * numbers), starts the kernels one after the other, and reads the word of faults; commits look at that on the device.
 */
final class OpenClExecutable implements Executable {

  /** The word of faults: number of the instruction from 1, the smallest detail. */
  private static final int FAULT_BYTES = 2 * Integer.BYTES;

  private final GpuProgram program;
  private final OpenClDevice device;
  private final OpenClLibrary library;
  private final OpenClMemory frame;
  private final OpenClMemory fixed;
  private final OpenClMemory scratch;
  private final BoundMemories memories;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment host;
  private final List<PreparedLaunch> launches = new ArrayList<>();
  private final Queue.Completion completion = this::readFault;
  private final List<Action> actions;
  private List<Work> works = List.of();
  private boolean closed;

  /** A step made ready. */
  private interface Action {
    void run();
  }

  OpenClExecutable(GpuProgram program, OpenClDevice device) {
    this.program = program;
    this.device = device;
    this.library = device.library();
    device.programs().require(program.sources());
    this.frame = OpenClMemory.of(device.allocate(program.frameBytes()));
    this.fixed = OpenClMemory.of(device.allocate(program.fixedBytes()));
    this.scratch = OpenClMemory.of(device.allocate(program.scratchBytes()));
    this.memories = new BoundMemories(program.bases().count());
    this.host = arena.allocate(program.frameBytes(), Schedule.ALIGNMENT);
    try (Arena once = Arena.ofConfined()) {
      MemorySegment content = once.allocate(Math.max(program.fixedBytes(), 1), Schedule.ALIGNMENT);
      program.writeFixed(content);
      device.queue().upload(content.asSlice(0, program.fixedBytes()), fixed);
    }
    this.actions = program.instructions().stream().map(this::prepared).toList();
  }

  private Action prepared(List<Step> steps) {
    Action[] prepared = steps.stream().map(this::prepared).toArray(Action[]::new);
    return prepared.length == 1 ? prepared[0] : () -> {
      for (Action action : prepared) {
        action.run();
      }
    };
  }

  private Action prepared(Step step) {
    return switch (step) {
      case Step.Launch launch -> prepared(launch);
      case Step.LibraryCall call -> prepared(call.otherwise());
      case Step.Repeat repeat -> repeat(repeat);
      case Step.RepeatWhile repeat -> {
        Action condition = prepared(repeat.condition());
        Action body = prepared(repeat.body());
        yield () -> {
          condition.run();
          while (isTrue(repeat.holds()) && !readFault().occurred()) {
            body.run();
            condition.run();
          }
        };
      }
      case Step.Choice choice -> {
        Action then = prepared(choice.then());
        Action otherwise = prepared(choice.otherwise());
        yield () -> (isTrue(choice.predicate()) ? then : otherwise).run();
      }
    };
  }

  private Action prepared(Step.Launch launch) {
    var own = new PreparedLaunch(launch, program.numbersPlace(), device, arena);
    launches.add(own);
    return () -> own.enqueue(memories, device.commands());
  }

  private Action repeat(Step.Repeat repeat) {
    Action zero = prepared(repeat.zero());
    Action next = prepared(repeat.next());
    Action body = prepared(repeat.body());
    Step.Moving[] slices = repeat.slices().toArray(Step.Moving[]::new);
    return () -> {
      for (long i = 0; i < repeat.length(); i++) {
        (i == 0 ? zero : next).run();
        for (Step.Moving slice : slices) {
          int whole = slice.first().base();
          memories.bind(slice.base(), memories.memory(whole), memories.offset(whole) + slice.first().offset() + i * slice.bytes());
        }
        body.run();
      }
    };
  }

  private boolean isTrue(Place place) {
    library.read(device.commands(), memories.memory(place.base()).handle(), memories.offset(place.base()) + place.offset(), 1, host);
    return host.get(ValueLayout.JAVA_BYTE, 0) != 0;
  }

  Queue.Completion run(Queue.Bindings bindings) {
    bind(bindings);
    host.set(ValueLayout.JAVA_INT, 0, 0);
    host.set(ValueLayout.JAVA_INT, Integer.BYTES, -1);
    MemorySegment.copy(bindings.parameters(), 0, host, Bases.PARAMETERS, host.byteSize() - Bases.PARAMETERS);
    library.write(device.commands(), frame.handle(), true, 0, host.byteSize(), host);
    boolean recorded = KernelEvent.isRecorded();
    for (int i = 0; i < actions.size(); i++) {
      if (recorded) {
        KernelEvent event = KernelEvent.begun();
        actions.get(i).run();
        library.finish(device.commands());
        event.ended(works().get(i));
      } else {
        actions.get(i).run();
      }
    }
    library.flush(device.commands());
    return completion;
  }

  private Fault readFault() {
    library.read(device.commands(), frame.handle(), 0, FAULT_BYTES, host);
    int code = host.get(ValueLayout.JAVA_INT, 0);
    return code == 0 ? Fault.NONE : new Fault(code - 1, Integer.toUnsignedLong(host.get(ValueLayout.JAVA_INT, Integer.BYTES)));
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
    memories.bind(Bases.ARENA, checked(bindings.arena(), schedule.arenaBytes(), "arena"), 0);
    memories.bind(Bases.FRAME, frame, 0);
    memories.bind(Bases.FIXED, fixed, 0);
    memories.bind(Bases.SCRATCH, scratch, 0);
    bind(Bases.INPUTS, bindings.inputs(), schedule.inputs(), "input");
    bind(program.bases().states(), bindings.states(), schedule.states(), "state");
    bind(program.bases().outputs(), bindings.outputs(), schedule.outputs(), "output");
  }

  private void bind(int first, List<Memory> given, List<TensorType> types, String what) {
    for (int i = 0; i < types.size(); i++) {
      memories.bind(first + i, checked(given.get(i), types.get(i).bytes(), what), 0);
    }
  }

  /** Kernels check nothing: what they reach is settled here. */
  private static OpenClMemory checked(Memory memory, long needed, String what) {
    if (memory.bytes() < needed) {
      throw new IllegalArgumentException("[opencl] an " + what + " needs " + needed + " bytes and has " + memory.bytes());
    }
    return OpenClMemory.of(memory);
  }

  @Override
  public long bytes() {
    return frame.bytes() + fixed.bytes() + scratch.bytes();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    launches.forEach(PreparedLaunch::release);
    frame.free();
    fixed.free();
    scratch.free();
    arena.close();
  }
}
