package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.chainrule.kernels.Bases;
import dev.chainrule.kernels.FaultWord;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.PinnedMemory;
import dev.chainrule.kernels.Place;
import dev.chainrule.kernels.Step;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What a run enqueues: the program's steps with all that can be settled settled. What asks the host for nothing, as far as it goes, is a
 * {@link Stretch}, which becomes a graph; only loops of unknown length and choices stand between two of them. Of the context's thread
 * alone.
 */
final class Actions {

  private final Machine machine;
  private final GpuProgram program;
  private final PinnedMemory.Piece seen;
  private final long[] memories;
  private final SegmentAllocator allocator;
  private final List<List<Part>> instructions;
  private final List<Action> whole;
  private final List<Stretch> stretches = new ArrayList<>();
  private final List<LibraryWork> works = new ArrayList<>();

  /** Bytes that what is in the table is a multiple of; less than the driver's pieces of memory only for slices that move. */
  private final long[] alignments;

  /** Something to enqueue, and maybe to wait for. */
  interface Action {
    void run();
  }

  /** A step made ready. */
  private sealed interface Part {}

  /**
   * Launches that depend on nothing that the device computes.
   *
   * @param count how many there are
   */
  private record Straight(LaunchGraph.Launches launches, long count) implements Part {}

  /** Asks the device how to go on. */
  private record Asking(Action action) implements Part {}

  /**
   * @param seen where what the host asks for arrives
   * @param memories the table of the run's memories, which a run fills in
   */
  Actions(GpuProgram program, Machine machine, PinnedMemory.Piece seen, long[] memories, SegmentAllocator allocator) {
    this.machine = machine;
    this.program = program;
    this.seen = seen;
    this.memories = memories;
    this.allocator = allocator;
    this.alignments = new long[memories.length];
    Arrays.fill(alignments, CudaExecutable.ALIGNMENT);
    this.instructions = prepared();
    this.whole = joined(instructions.stream().flatMap(List::stream).toList());
  }

  /** Instructions. */
  int count() {
    return instructions.size();
  }

  /** Enqueues the whole program. */
  void run() {
    whole.forEach(Action::run);
  }

  /** Enqueues one instruction, kernel by kernel. */
  void run(int instruction) {
    for (Part part : instructions.get(instruction)) {
      switch (part) {
        case Straight straight -> straight.launches.give(this::enqueue);
        case Asking asking -> asking.action.run();
      }
    }
  }

  /** Gives the graphs back; what was enqueued must have been done. */
  void close() {
    stretches.forEach(Stretch::close);
  }

  /** Gives back what the library keeps on the host, after the graphs. */
  void end() {
    works.forEach(LibraryWork::destroy);
  }

  private List<List<Part>> prepared() {
    try {
      return program.instructions().stream().map(this::parts).toList();
    } catch (RuntimeException e) {
      end();
      throw e;
    }
  }

  private List<Part> parts(List<Step> steps) {
    return steps.stream().map(this::part).toList();
  }

  /** Neighbours that ask for nothing are one stretch. */
  private List<Action> joined(List<Part> parts) {
    List<Action> actions = new ArrayList<>();
    List<Straight> neighbours = new ArrayList<>();
    for (Part part : parts) {
      switch (part) {
        case Straight straight -> neighbours.add(straight);
        case Asking asking -> {
          end(neighbours, actions);
          actions.add(asking.action);
        }
      }
    }
    end(neighbours, actions);
    return actions;
  }

  private void end(List<Straight> neighbours, List<Action> actions) {
    if (!neighbours.isEmpty()) {
      Straight all = all(List.copyOf(neighbours));
      var stretch = new Stretch(machine, this::enqueue, all.launches, all.count, memories);
      stretches.add(stretch);
      actions.add(stretch);
      neighbours.clear();
    }
  }

  private static Straight all(List<Straight> parts) {
    return new Straight(taker -> parts.forEach(part -> part.launches.give(taker)), parts.stream().mapToLong(Straight::count).sum());
  }

  private Part part(Step step) {
    return switch (step) {
      case Step.Launch launch -> straight(launch);
      case Step.LibraryCall call -> library(call);
      case Step.Repeat repeat -> repeat(repeat);
      case Step.RepeatWhile repeat -> {
        List<Part> condition = parts(repeat.condition());
        List<Part> bodyAndCondition = new ArrayList<>(parts(repeat.body()));
        bodyAndCondition.addAll(condition);
        List<Action> first = joined(condition);
        List<Action> again = joined(bodyAndCondition);
        yield new Asking(() -> {
          first.forEach(Action::run);
          while (isTrue(repeat.holds()) && !hasFaulted()) {
            again.forEach(Action::run);
          }
        });
      }
      case Step.Choice choice -> {
        List<Action> then = joined(parts(choice.then()));
        List<Action> otherwise = joined(parts(choice.otherwise()));
        yield new Asking(() -> (isTrue(choice.predicate()) ? then : otherwise).forEach(Action::run));
      }
    };
  }

  private Straight straight(Step.Launch step) {
    var launch = new PreparedLaunch(step, program.numbersPlace(), machine.modules(), allocator);
    return straight(launch);
  }

  private Straight straight(Prepared work) {
    return new Straight(taker -> {
      work.bind(memories);
      taker.take(work);
    }, 1);
  }

  private Straight library(Step.LibraryCall call) {
    Optional<? extends LibraryWork> work = machine.prepared(call, allocator, alignments);
    work.ifPresent(works::add);
    return work.map(this::straight).orElseGet(() -> all(call.otherwise().stream().map(step -> straight((Step.Launch) step)).toList()));
  }

  private Part repeat(Step.Repeat repeat) {
    for (Step.Moving slice : repeat.slices()) {
      alignments[slice.base()] = Long.lowestOneBit(alignments[slice.first().base()] | slice.first().offset() | slice.bytes());
    }
    Straight zero = straight(repeat.zero());
    Straight next = straight(repeat.next());
    List<Part> body = parts(repeat.body());
    if (body.stream().allMatch(Straight.class::isInstance)) {
      Straight all = all(body.stream().map(Straight.class::cast).toList());
      return new Straight(taker -> {
        for (long i = 0; i < repeat.length(); i++) {
          (i == 0 ? zero : next).launches.give(taker);
          moveSlices(repeat, i);
          all.launches.give(taker);
        }
      }, repeat.length() * (1 + all.count));
    }
    List<Action> actions = joined(body);
    return new Asking(() -> {
      for (long i = 0; i < repeat.length(); i++) {
        (i == 0 ? zero : next).launches.give(this::enqueue);
        moveSlices(repeat, i);
        actions.forEach(Action::run);
      }
    });
  }

  private void moveSlices(Step.Repeat repeat, long repetition) {
    for (Step.Moving slice : repeat.slices()) {
      memories[slice.base()] = memories[slice.first().base()] + slice.first().offset() + repetition * slice.bytes();
    }
  }

  private void enqueue(Prepared work) {
    Driver driver = machine.context().driver();
    long stream = machine.streams().compute();
    if (!machine.settings().synchronous()) {
      work.enqueue(driver, stream);
      return;
    }
    try {
      work.enqueue(driver, stream);
      driver.cuStreamSynchronize(stream);
    } catch (CudaException e) {
      throw e.during("in " + work.name());
    }
  }

  private boolean isTrue(Place place) {
    look(memories[place.base()] + place.offset(), 1);
    return seen.memory().get(JAVA_BYTE, 0) != 0;
  }

  private boolean hasFaulted() {
    look(memories[Bases.FRAME], FaultWord.BYTES);
    return FaultWord.read(seen.memory()).occurred();
  }

  /** Waits for a few bytes of the device's. */
  private void look(long address, long bytes) {
    Driver driver = machine.context().driver();
    driver.cuMemcpyDtoHAsync(seen.address(), address, bytes, machine.streams().compute());
    driver.cuStreamSynchronize(machine.streams().compute());
  }
}
