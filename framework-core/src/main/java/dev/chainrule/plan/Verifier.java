package dev.chainrule.plan;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Plays a schedule through without data and rejects one that would compute with the wrong bytes: it notes for each piece of the arena
 * whose content it holds, and at each read asks whether that is still what the operand's buffer was given. It shares nothing with the
 * layout that it checks. Loops go round twice, of a choice both parts are played.
 */
final class Verifier {

  /** A piece of the arena that nobody has written, or that two parts of a choice left differently. */
  private static final int NOBODY = -1;

  private final Schedule schedule;

  /** The arena cut at every border between temporaries: where the pieces begin, and whose content each holds. */
  private final long[] borders;
  private int[] owners;

  /** Of temporaries that are written part by part, while some parts are: how many bytes are not. */
  private final Map<Integer, Long> unwritten = new HashMap<>();

  private final Map<BufferRef.Slice, Operand> wholes = new HashMap<>();
  private final Set<BufferRef> written = new HashSet<>();
  private boolean committing;

  private Verifier(Schedule schedule) {
    this.schedule = schedule;
    this.borders = Stream.concat(
        schedule.temporaryOffsets().stream(),
        IntStream.range(0, schedule.temporaryOffsets().size()).mapToObj(this::end))
        .mapToLong(Long::longValue).sorted().distinct().toArray();
    this.owners = new int[borders.length];
    Arrays.fill(owners, NOBODY);
  }

  /**
   * Plays the schedule.
   *
   * @throws IllegalStateException with the instruction and what is wrong with it
   */
  static void verify(Schedule schedule) {
    var verifier = new Verifier(schedule);
    for (int id = 0; id < schedule.temporaryOffsets().size(); id++) {
      long offset = schedule.temporaryOffsets().get(id);
      if (offset < 0 || offset % Schedule.ALIGNMENT != 0 || verifier.end(id) > schedule.arenaBytes()) {
        throw new IllegalStateException("temporary " + id + " lies at " + offset + " in an arena of " + schedule.arenaBytes());
      }
    }
    verifier.play(schedule.instructions());
  }

  private long end(int id) {
    return schedule.temporaryOffsets().get(id) + schedule.temporaryBytes().get(id);
  }

  private void play(List<Instruction> instructions) {
    for (Instruction instruction : instructions) {
      require(!committing || instruction.isCommit(), instruction, "comes after a commit");
      committing |= instruction.isCommit();
      switch (instruction) {
        case Instruction.Loop loop -> loop(loop);
        case Instruction.While loop -> repeat(loop);
        case Instruction.Cond cond -> {
          read(instruction, cond.predicate());
          choice(cond.then(), cond.otherwise());
        }
        case Instruction.Compute compute -> together(compute, List.of(compute));
        case Instruction.Group group -> together(group, group.kernels());
        case Instruction.Call call -> {
          leavesDenseResults(call);
          call.reads().forEach(operand -> read(call, operand));
          write(call, call.writes());
          require(call.writes().stream().noneMatch(o -> o.buffer() instanceof BufferRef.State), call, "writes a variable");
          apart(call, call.reads());
        }
        case Instruction.WithEpilogue both -> {
          epilogue(both);
          leavesDenseResults(both.call());
          both.reads().forEach(operand -> read(both, operand));
          write(both, both.writes());
          require(both.writes().stream().noneMatch(o -> o.buffer() instanceof BufferRef.State), both, "writes a variable");
          apart(both, both.call().reads());
          apart(both, both.epilogue().arguments().stream().filter(in -> !in.buffer().equals(both.result().buffer())
              && both.epilogue().outputs().stream().noneMatch(out -> isReplaced(both, in, out))).toList());
        }
      }
    }
  }

  private static void leavesDenseResults(Instruction.Call call) {
    for (Operand output : call.outputs()) {
      Layout layout = output.layout();
      boolean dense = layout.isContiguous() || output.buffer() instanceof BufferRef.Temporary && hasChannelsLast(layout);
      require(dense && layout.offset() == 0, call, "leaves a result that is not dense in " + output);
    }
  }

  private static boolean hasChannelsLast(Layout layout) {
    int rank = layout.shape().rank();
    return rank >= 3 && layout.permute(Axes.of(IntStream.range(0, rank).map(i -> i == 0 ? 0 : i % (rank - 1) + 1).toArray())).isContiguous();
  }

  /** After the writes: an instruction must not write where it still reads. */
  private void apart(Instruction instruction, List<Operand> reads) {
    for (Operand operand : reads) {
      readAfterWrites(instruction, operand);
      require(instruction.writes().stream().noneMatch(o -> isSameBuffer(operand, o)), instruction, "reads " + operand + " and writes it");
    }
  }

  /** Whether the epilogue writes each element where it has just read it; where the result lies the call has written before it. */
  private boolean isReplaced(Instruction.WithEpilogue both, Operand read, Operand written) {
    return !written.buffer().equals(both.result().buffer()) && isInPlace(both.epilogue(), read, written) && isSamePlace(read, written);
  }

  private static void epilogue(Instruction.WithEpilogue both) {
    Instruction.Compute kernel = both.epilogue();
    KernelVerifier.verify(kernel);
    require(both.call().outputs().size() == 1, both, "has an epilogue for several results");
    require(kernel.kernel().folded().count() == 0 && !KernelMerge.mayFault(kernel), both, "has an epilogue that folds or faults");
    Operand element = new Operand(both.result().buffer(), both.result().dtype(), Layout.dense(kernel.kernel().domain()));
    require(element.shape().elements() == both.result().shape().elements(), both, "has an epilogue for another number of elements");
    Stream.concat(kernel.arguments().stream(), kernel.outputs().stream()).filter(o -> o.buffer().equals(element.buffer()))
        .forEach(o -> require(o.equals(element), both, "has an epilogue that reaches " + o + " of its result"));
  }

  private void together(Instruction instruction, List<Instruction.Compute> kernels) {
    kernels.forEach(KernelVerifier::verify);
    require(!instruction.isCommit() || kernels.stream().noneMatch(KernelMerge::mayFault) && instruction.checks().isEmpty(), instruction,
        "may fault when others have written variables");
    instruction.reads().forEach(operand -> read(instruction, operand));
    write(instruction, instruction.writes());
    for (Instruction.Compute kernel : kernels) {
      for (Operand operand : kernel.arguments()) {
        for (Operand output : instruction.writes()) {
          boolean own = kernel.outputs().stream().anyMatch(o -> o == output);
          require(!isSameBuffer(operand, output) || own && isInPlace(kernel, operand, output), instruction,
              "reads " + operand + " where it writes " + output);
        }
        if (kernel.outputs().stream().noneMatch(output -> isInPlace(kernel, operand, output) && isSamePlace(operand, output))) {
          readAfterWrites(instruction, operand);
        }
      }
    }
  }

  private boolean isSameBuffer(Operand a, Operand b) {
    return underlying(a.buffer()).equals(underlying(b.buffer()));
  }

  /** Whether each element is read by nobody but the index that writes it. */
  private static boolean isInPlace(Instruction.Compute kernel, Operand read, Operand written) {
    return kernel.kernel().folded().count() == 0 && read.layout().equals(written.layout())
        && read.dtype().bytes() == written.dtype().bytes() && (read.buffer() instanceof BufferRef.Slice) == (written.buffer() instanceof BufferRef.Slice);
  }

  private boolean isSamePlace(Operand a, Operand b) {
    return a.buffer().equals(b.buffer()) || a.buffer() instanceof BufferRef.Temporary(int one) && b.buffer() instanceof BufferRef.Temporary(int other)
        && schedule.temporaryOffsets().get(one).equals(schedule.temporaryOffsets().get(other));
  }

  private void loop(Instruction.Loop loop) {
    loop.inputs().forEach(slice -> read(loop, slice.whole()));
    write(loop, loop.writes());
    Stream.concat(loop.inputs().stream(), loop.outputs().stream()).forEach(slice -> {
      require(slice.whole().shape().dim(0) == loop.length(), loop, "moves over " + slice.whole());
      wholes.put(slice.buffer(), slice.whole());
    });
    for (int i = 0; i < 2; i++) {
      write(loop, List.of(loop.number()));
      play(loop.body());
    }
    loop.reads().forEach(operand -> read(loop, operand));
    loop.writes().forEach(operand -> read(loop, operand));
  }

  /** There may be no repetition at all. */
  private void repeat(Instruction.While loop) {
    play(loop.condition());
    read(loop, loop.holds());
    int[] without = owners.clone();
    for (int i = 0; i < 2; i++) {
      play(loop.body());
      play(loop.condition());
      read(loop, loop.holds());
    }
    keepCommon(without);
  }

  private void choice(List<Instruction> then, List<Instruction> otherwise) {
    int[] before = owners.clone();
    play(then);
    int[] after = owners;
    owners = before;
    play(otherwise);
    keepCommon(after);
  }

  /** What two ways leave in the same hands is known after them. */
  private void keepCommon(int... others) {
    for (int i = 0; i < owners.length; i++) {
      owners[i] = owners[i] == others[i] ? owners[i] : NOBODY;
    }
  }

  // --- one instruction ---------------------------------------------------------------------------------------------------------------

  private void read(Instruction instruction, Operand operand) {
    requireInside(instruction, operand);
    if (operand.shape().elements() == 0) {
      return; // reads nothing, and nobody need have written that
    }
    BufferRef buffer = underlying(operand.buffer());
    if (buffer instanceof BufferRef.Output && !written.contains(buffer)) {
      throw wrong(instruction, "reads " + buffer + ", which has not been written");
    }
    if (buffer instanceof BufferRef.State && written.contains(buffer)) {
      throw wrong(instruction, "reads " + buffer + ", which has been overwritten");
    }
    readAfterWrites(instruction, operand);
  }

  private void readAfterWrites(Instruction instruction, Operand operand) {
    BufferRef buffer = underlying(operand.buffer());
    if (buffer instanceof BufferRef.Temporary(int id)) {
      require(!unwritten.containsKey(id), instruction, "reads temporary " + id + ", parts of which nobody has written");
      for (int piece : pieces(id)) {
        require(owners[piece] == id, instruction, "reads temporary " + id + ", whose bytes "
            + (owners[piece] == NOBODY ? "nobody has written" : "hold temporary " + owners[piece]));
      }
    }
  }

  private void write(Instruction instruction, List<Operand> operands) {
    Map<Integer, Integer> taken = new HashMap<>();
    for (int i = 0; i < operands.size(); i++) {
      Operand operand = operands.get(i);
      requireInside(instruction, operand);
      require(operands.subList(0, i).stream().noneMatch(other -> other.buffer().equals(operand.buffer()) && !areApart(other, operand)),
          instruction, "writes the same elements twice");
      switch (operand.buffer()) {
        case BufferRef.Temporary(int id) -> {
          boolean begun = isBegun(id, operand);
          for (int piece : pieces(id)) {
            Integer before = taken.put(piece, id);
            require(before == null || before == id, instruction, "writes the same bytes twice");
            require(!begun || owners[piece] == id, instruction, "writes a further part of temporary " + id + ", whose first has been lost");
            owners[piece] = id;
          }
        }
        case BufferRef.Output output -> written.add(output);
        case BufferRef.Slice _ -> read(instruction, operand); // a part of what the loop has claimed
        case BufferRef.State state -> require(written.add(state), instruction, "writes a variable again");
        case BufferRef.Input _, BufferRef.Parameter _, BufferRef.Constant _ -> throw wrong(instruction, "writes " + operand.buffer());
      }
    }
  }

  /** Notes a write; whether it is one of parts, of which there have been some. */
  private boolean isBegun(int id, Operand operand) {
    long bytes = placeCount(operand.layout()) * operand.dtype().bytes();
    long whole = schedule.temporaryBytes().get(id);
    Long missing = unwritten.get(id);
    long left = (missing == null ? whole : missing) - bytes;
    if (left > 0 && bytes > 0) {
      unwritten.put(id, left);
    } else if (left <= 0) {
      unwritten.remove(id);
    }
    return missing != null && bytes < whole;
  }

  /** Elements of memory: those along folded axes lie in one place. */
  private static long placeCount(Layout layout) {
    return IntStream.range(0, layout.shape().rank()).filter(axis -> layout.stride(axis) != 0 || layout.shape().dim(axis) == 0)
        .mapToLong(layout.shape()::dim).reduce(1, (a, b) -> a * b);
  }

  private static boolean areApart(Operand a, Operand b) {
    return a.dtype() == b.dtype() && a.layout().isApartFrom(b.layout());
  }

  private BufferRef underlying(BufferRef buffer) {
    BufferRef at = buffer;
    while (at instanceof BufferRef.Slice slice) {
      at = whole(slice).buffer();
    }
    return at;
  }

  private Operand whole(BufferRef.Slice slice) {
    Operand whole = wholes.get(slice);
    if (whole == null) {
      throw new IllegalStateException("a plan is wrong: " + slice + " is used outside its loop");
    }
    return whole;
  }

  /** The pieces of the arena that a temporary lies in. */
  private int[] pieces(int id) {
    List<Integer> found = new ArrayList<>();
    int first = Arrays.binarySearch(borders, schedule.temporaryOffsets().get(id));
    for (int i = first; i < borders.length && borders[i] < end(id); i++) {
      found.add(i);
    }
    return found.stream().mapToInt(i -> i).toArray();
  }

  /** No index of the operand leads out of its buffer. */
  private void requireInside(Instruction instruction, Operand operand) {
    Shape shape = operand.shape();
    if (shape.elements() == 0) {
      return;
    }
    Layout layout = operand.layout();
    long low = layout.offset();
    long high = layout.offset();
    for (int axis = 0; axis < shape.rank(); axis++) {
      long reach = (shape.dim(axis) - 1) * layout.stride(axis);
      low += Math.min(reach, 0);
      high += Math.max(reach, 0);
    }
    BufferRef buffer = operand.buffer();
    while (buffer instanceof BufferRef.Slice slice) {
      Operand whole = whole(slice);
      long way = (whole.shape().dim(0) - 1) * whole.layout().stride(0);
      low += whole.layout().offset() + Math.min(way, 0);
      high += whole.layout().offset() + Math.max(way, 0);
      buffer = whole.buffer();
    }
    require(low >= 0 && (high + 1) * operand.dtype().bytes() <= bytes(buffer), instruction,
        "reaches elements " + low + " to " + high + " of " + buffer + ", which has " + bytes(buffer) + " bytes");
  }

  private long bytes(BufferRef buffer) {
    return switch (buffer) {
      case BufferRef.Temporary(int id) -> schedule.temporaryBytes().get(id);
      case BufferRef.Input(int slot) -> schedule.inputs().get(slot).bytes();
      case BufferRef.State(int slot) -> schedule.states().get(slot).bytes();
      case BufferRef.Output(int slot) -> schedule.outputs().get(slot).bytes();
      case BufferRef.Parameter(int slot) -> schedule.parameters().get(slot).bytes();
      case BufferRef.Constant(int slot) -> schedule.constants().get(slot).type().bytes();
      case BufferRef.Slice slice -> throw new IllegalStateException(slice + " has no size of its own");
    };
  }

  private static void require(boolean holds, Instruction instruction, String problem) {
    if (!holds) {
      throw wrong(instruction, problem);
    }
  }

  private static IllegalStateException wrong(Instruction instruction, String problem) {
    return new IllegalStateException("a plan is wrong: " + instruction + " " + problem);
  }
}
