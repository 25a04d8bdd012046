package dev.chainrule.backend.opencl;

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
 * A program of launches on a device: its kernels compiled and their arguments set. A run copies the Java numbers to the device,
 * starts the kernels one after the other, and copies the word of faults back; commits look at that on the device. The host waits for
 * nothing, unless a choice or a loop without known length asks for data, and may go on with the next run.
 */
final class OpenClExecutable implements Executable {

  private final GpuProgram program;
  private final OpenClDevice device;
  private final OpenClLibrary library;
  private final OpenClMemory fixed;
  private final OpenClMemory scratch;
  private final BoundMemories memories;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment seen = arena.allocate(FaultWord.BYTES, Schedule.ALIGNMENT);
  private final List<PreparedLaunch> launches = new ArrayList<>();
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
    device.frame().require(program.frameBytes());
    this.fixed = device.allocate(program.fixedBytes());
    this.scratch = device.allocate(program.scratchBytes());
    this.memories = new BoundMemories(program.bases().count());
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
          while (isTrue(repeat.holds()) && !hasFaulted()) {
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
    library.readNow(device.commands(), memories.memory(place.base()).handle(), memories.offset(place.base()) + place.offset(), 1, seen);
    return seen.get(ValueLayout.JAVA_BYTE, 0) != 0;
  }

  private boolean hasFaulted() {
    library.readNow(device.commands(), device.frame().memory().handle(), 0, FaultWord.BYTES, seen);
    return FaultWord.read(seen).occurred();
  }

  Queue.Completion run(Queue.Bindings bindings) {
    bind(bindings);
    Started run = start(bindings.parameters());
    return () -> fault(run);
  }

  /**
   * A run that has been enqueued.
   *
   * @param frame what it has of the frame: its Java numbers go from there, the word of faults comes there
   * @param ended both have been done
   */
  private record Started(PinnedMemory.Piece frame, long ended) {}

  private Started start(MemorySegment parameters) {
    PinnedMemory pinned = device.pinned();
    long commands = device.commands();
    long numberBytes = program.frameBytes() - Bases.PARAMETERS;
    PinnedMemory.Piece frame = pinned.take(program.frameBytes());
    try {
      if (numberBytes > 0) {
        MemorySegment numbers = frame.memory().asSlice(Bases.PARAMETERS, numberBytes);
        MemorySegment.copy(parameters, 0, numbers, 0, numberBytes);
        library.forget(library.write(commands, device.frame().memory().handle(), Bases.PARAMETERS, numberBytes, numbers));
      }
      enqueue();
      long ended = library.read(commands, device.frame().memory().handle(), 0, FaultWord.BYTES, frame.memory());
      library.flush(commands);
      return new Started(frame, ended);
    } catch (RuntimeException e) {
      library.finish(commands); // what was enqueued before it failed still uses the piece
      pinned.giveBack(frame);
      throw e;
    }
  }

  private void enqueue() {
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
  }

  private Fault fault(Started run) {
    library.await(run.ended);
    Fault fault = FaultWord.read(run.frame.memory());
    device.pinned().giveBack(run.frame);
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
    memories.bind(Bases.ARENA, checked(bindings.arena(), schedule.arenaBytes(), "arena"), 0);
    memories.bind(Bases.FRAME, device.frame().memory(), 0);
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
    return fixed.bytes() + scratch.bytes();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    launches.forEach(PreparedLaunch::release);
    fixed.free();
    scratch.free();
    arena.close();
  }
}
