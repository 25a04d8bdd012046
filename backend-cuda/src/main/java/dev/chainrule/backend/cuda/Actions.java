package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.chainrule.device.Fault;
import dev.chainrule.kernels.Bases;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.Place;
import dev.chainrule.kernels.Step;
import java.lang.foreign.SegmentAllocator;
import java.util.List;

/** What a run enqueues for each instruction: the program's steps with all that can be settled settled. Of the context's thread alone. */
final class Actions {

  /** Launches beyond these make no graph: it would take more time and memory than it saves. */
  private static final long MOST_IN_GRAPH = 20_000;

  private static final long FAULT_BYTES = 2L * Integer.BYTES;

  private final Machine machine;
  private final GpuProgram program;
  private final PinnedMemory.Piece seen;
  private final long[] memories;
  private final Action[] actions;
  private boolean asks;

  /** A step made ready. */
  private interface Action {
    void run();
  }

  /**
   * @param seen where what the host asks for arrives
   * @param memories the table of the run's memories, which a run fills in
   */
  Actions(GpuProgram program, Machine machine, PinnedMemory.Piece seen, long[] memories, SegmentAllocator allocator) {
    this.machine = machine;
    this.program = program;
    this.seen = seen;
    this.memories = memories;
    this.actions = program.instructions().stream().map(steps -> prepared(steps, allocator)).toArray(Action[]::new);
  }

  int count() {
    return actions.length;
  }

  void run(int instruction) {
    actions[instruction].run();
  }

  /** Whether a run never asks for data, and is short enough. */
  boolean canBeCaptured() {
    return !asks && program.instructions().stream().mapToLong(Actions::launches).sum() <= MOST_IN_GRAPH;
  }

  private static long launches(List<Step> steps) {
    long launches = 0;
    for (Step step : steps) {
      launches += switch (step) {
        case Step.Launch _ -> 1;
        case Step.Repeat repeat -> repeat.length() * (1 + launches(repeat.body()));
        case Step.RepeatWhile _, Step.Choice _ -> MOST_IN_GRAPH;
      };
    }
    return launches;
  }

  private Action prepared(List<Step> steps, SegmentAllocator allocator) {
    Action[] prepared = steps.stream().map(step -> prepared(step, allocator)).toArray(Action[]::new);
    return prepared.length == 1 ? prepared[0] : () -> {
      for (Action action : prepared) {
        action.run();
      }
    };
  }

  private Action prepared(Step step, SegmentAllocator allocator) {
    return switch (step) {
      case Step.Launch launch -> prepared(launch, allocator);
      case Step.Repeat repeat -> repeat(repeat, allocator);
      case Step.RepeatWhile repeat -> {
        asks = true;
        Action condition = prepared(repeat.condition(), allocator);
        Action body = prepared(repeat.body(), allocator);
        yield () -> {
          condition.run();
          while (isTrue(repeat.holds()) && !presentFault().occurred()) {
            body.run();
            condition.run();
          }
        };
      }
      case Step.Choice choice -> {
        asks = true;
        Action then = prepared(choice.then(), allocator);
        Action otherwise = prepared(choice.otherwise(), allocator);
        yield () -> (isTrue(choice.predicate()) ? then : otherwise).run();
      }
    };
  }

  private Action prepared(Step.Launch step, SegmentAllocator allocator) {
    var launch = new PreparedLaunch(step, program.numbersPlace(), machine.modules(), allocator);
    Driver driver = machine.context().driver();
    long stream = machine.streams().compute();
    if (!machine.settings().synchronous()) {
      return () -> launch.enqueue(driver, stream, memories);
    }
    return () -> {
      try {
        launch.enqueue(driver, stream, memories);
        driver.cuStreamSynchronize(stream);
      } catch (CudaException e) {
        throw e.during("in kernel " + launch.name());
      }
    };
  }

  private Action repeat(Step.Repeat repeat, SegmentAllocator allocator) {
    Action zero = prepared(repeat.zero(), allocator);
    Action next = prepared(repeat.next(), allocator);
    Action body = prepared(repeat.body(), allocator);
    Step.Moving[] slices = repeat.slices().toArray(Step.Moving[]::new);
    return () -> {
      for (long i = 0; i < repeat.length(); i++) {
        (i == 0 ? zero : next).run();
        for (Step.Moving slice : slices) {
          memories[slice.base()] = memories[slice.first().base()] + slice.first().offset() + i * slice.bytes();
        }
        body.run();
      }
    };
  }

  private boolean isTrue(Place place) {
    look(memories[place.base()] + place.offset(), 1);
    return seen.memory().get(JAVA_BYTE, 0) != 0;
  }

  private Fault presentFault() {
    look(memories[Bases.FRAME], FAULT_BYTES);
    return seenFault();
  }

  /** Waits for a few bytes of the device's. */
  private void look(long address, long bytes) {
    Driver driver = machine.context().driver();
    driver.cuMemcpyDtoHAsync(seen.address(), address, bytes, machine.streams().compute());
    driver.cuStreamSynchronize(machine.streams().compute());
  }

  /** The word of faults, after it was copied to the host. */
  Fault seenFault() {
    int code = seen.memory().get(JAVA_INT, 0);
    return code == 0 ? Fault.NONE : new Fault(code - 1, Integer.toUnsignedLong(seen.memory().get(JAVA_INT, Integer.BYTES)));
  }
}
