package dev.chainrule.backend.cpu;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A phase whose tiles a generated loop can compute: before it, what the loop does not read from memory itself is brought into registers,
 * behind it folds, checks and strided results take what it left there. Everything else, and tiles too until there is a loop, are
 * {@link BlockCode}'s, which has the same bits and leaves the same in the registers: either may compute any tile.
 */
final class VectorCode implements PhaseCode {

  private final BlockCode block;
  private final VectorProgram program;
  private final RowForm rows;
  private final boolean folds;
  private final Stream[] streams;
  private final Check[] checks;
  private final BlockStep[] before;
  private final BlockStep[] after;
  private final long work;
  private final boolean streamsOnly;
  private final boolean spreads;
  private final LoopSet loops;
  private @Nullable VectorLoop loop;

  /**
   * Memory that the program reads or writes, neighbours within a row of the layout.
   *
   * @param strides of elements in the order of the walk; one apart within rows
   * @param bytes of an element
   */
  record Stream(Place place, Strides strides, int bytes, boolean isRead) {

    /** The row that element number {@code at} is in; all are in one where they lie side by side. */
    long row(long at) {
      return strides.isRow() ? 0 : at / strides.rowLength();
    }

    /** Elements from number {@code at} on that lie side by side, if that is in this row. */
    long neighbours(long at, long row) {
      return strides.isRow() ? Long.MAX_VALUE : (row + 1) * strides.rowLength() - at;
    }

    /** How many of the rows of {@code length} are evenly spaced, from the one on that begins with element {@code at}. */
    long evenRows(long row, long at, int length) {
      return strides.evenPieces(row, at, length);
    }

    /** From one of these rows to the next, in bytes. */
    long step(int length) {
      return strides.step(length) * bytes;
    }

    private long address(Frame frame, long at, long row) {
      return place.address(frame) + (strides.rowOffset(row) + (at - row * strides.rowLength()) * strides.rowStride()) * bytes;
    }
  }

  /** A check that the program makes, by its number; {@code register} is an int one. */
  record Check(int register, int number) {}

  /**
   * @param streams in the order of the table of addresses
   * @param work elements of the domain times operations
   * @param spreads whether what is the same for all rows must be repeated for each
   * @param folds whether the kernel folds; a tile of one that doesn't may hold any number of elements if none of them is in a register
   * @param loops the phase's and those with which it is used
   */
  VectorCode(BlockCode block, VectorProgram program, RowForm rows, List<Stream> streams, List<Check> checks, List<BlockStep> before,
      List<BlockStep> after, long work, boolean spreads, boolean folds, LoopSet loops) {
    this.block = block;
    this.program = program;
    this.rows = rows;
    this.streams = streams.toArray(Stream[]::new);
    this.checks = checks.toArray(Check[]::new);
    this.before = before.toArray(BlockStep[]::new);
    this.after = after.toArray(BlockStep[]::new);
    this.work = work;
    this.spreads = spreads;
    this.loops = loops;
    loops.expect();
    this.folds = folds;
    this.streamsOnly = !folds && before.isEmpty() && after.isEmpty()
        && program.values().stream().noneMatch(VectorProgram.Elements.class::isInstance)
        && program.sinks().stream().noneMatch(VectorProgram.ToRegister.class::isInstance);
  }

  VectorProgram program() {
    return program;
  }

  /** What a run of the phase costs, in elementary operations. */
  long work() {
    return work;
  }

  /** Once all loops of the set are there tiles are computed by {@code loop}; between two runs. */
  void use(VectorLoop loop) {
    if (this.loop == null) {
      loops.arrived();
    }
    this.loop = loop;
  }

  private @Nullable VectorLoop inUse() {
    return loops.isComplete() ? loop : null;
  }

  @Override
  public void prepare(Frame frame, Registers registers) {
    Arrays.fill(registers.repeatedCount, 0); // from here on it is this kernel's rows that are noted
    block.prepare(frame, registers);
  }

  @Override
  public void group(Frame frame, Registers registers, Tile tile) {
    if (spreads || inUse() == null) {
      block.group(frame, registers, tile);
    } else {
      block.places(frame, registers, tile);
    }
  }

  @Override
  public void once(Frame frame, Registers registers, Tile tile) {
    block.once(frame, registers, tile);
  }

  @Override
  public boolean hasTiles() {
    return true;
  }

  @Override
  public boolean takesTilesOfAnyLength() {
    return streamsOnly && inUse() != null;
  }

  @Override
  public void tile(Frame frame, Registers registers, Tile tile) {
    VectorLoop vectors = inUse();
    if (vectors == null) {
      block.tile(frame, registers, tile);
      return;
    }
    int n = tile.elements();
    for (Check check : checks) {
      FiniteCheck.begin(registers.ints(check.register), VectorWidth.LANES);
    }
    for (BlockStep step : before) {
      step.run(frame, registers, tile.at, n);
    }
    if (program.byRows() && folds) {
      rows(vectors, frame, registers, tile);
    } else if (program.byRows()) {
      anyRows(vectors, frame, registers, tile.at, n);
    } else {
      elements(vectors, frame, registers, tile.at, n);
    }
    for (Check check : checks) {
      FiniteCheck.end(registers.ints(check.register), VectorWidth.LANES, frame, check.number);
    }
    for (BlockStep step : after) {
      step.run(frame, registers, tile.at, n);
    }
  }

  private void rows(VectorLoop vectors, Frame frame, Registers registers, Tile tile) {
    int n = tile.elements();
    int length = tile.columns > 1 ? tile.columns : tile.rows;
    for (int done = 0; done < n;) {
      int piece = (int) Math.min((n - done) / length, enterRows(frame, registers, tile.at + done, length)) * length;
      registers.firstRow = done / length;
      registers.rowLength = length;
      vectors.run(registers, registers.addresses, done, piece);
      done += piece;
    }
  }

  /** Of a kernel without folds, whose tiles may begin and end anywhere. */
  private void anyRows(VectorLoop vectors, Frame frame, Registers registers, long at, int n) {
    for (int done = 0; done < n;) {
      long column = (at + done) % rows.length();
      int length = (int) Math.min(rows.length() - column, n - done);
      if (length == rows.length()) {
        registers.rowLength = length;
        int piece = (int) Math.min((n - done) / length, enterRows(frame, registers, at + done, length)) * length;
        vectors.run(registers, registers.addresses, done, piece);
        done += piece;
      } else {
        enter(frame, registers, at + done);
        registers.rowLength = length - length % VectorWidth.LANES;
        vectors(vectors, registers, done, length);
        done += length;
      }
    }
  }

  /** Sets the streams to the row that begins with element {@code at} and returns how many from there on are evenly spaced in all. */
  private long enterRows(Frame frame, Registers registers, long at, int length) {
    long rows = Long.MAX_VALUE;
    long row = at / length;
    for (int i = 0; i < streams.length; i++) {
      Stream stream = streams[i];
      rows = Math.min(rows, stream.evenRows(row, at, length));
      registers.addresses[i] = stream.address(frame, at, stream.strides.rowLength() == length ? row : stream.row(at));
      registers.steps[i] = stream.step(length);
    }
    return rows;
  }

  private void elements(VectorLoop vectors, Frame frame, Registers registers, long at, int n) {
    for (int done = 0; done < n;) {
      int piece = (int) Math.min(n - done, enter(frame, registers, at + done));
      vectors(vectors, registers, done, piece);
      done += piece;
    }
  }

  /** Sets the streams to element {@code at} and returns for how many elements from there on they all go on side by side. */
  private long enter(Frame frame, Registers registers, long at) {
    long n = Long.MAX_VALUE;
    for (int i = 0; i < streams.length; i++) {
      long row = streams[i].row(at);
      n = Math.min(n, streams[i].neighbours(at, row));
      registers.addresses[i] = streams[i].address(frame, at, row);
    }
    return n;
  }

  /** Elements that lie side by side, {@code n} of them; those in registers begin at {@code done}. */
  private void vectors(VectorLoop vectors, Registers registers, int done, int n) {
    int rest = n % VectorWidth.LANES;
    int whole = n - rest;
    if (whole > 0) {
      vectors.run(registers, registers.addresses, done, whole);
    }
    if (rest > 0) {
      edge(vectors, registers, done, whole, rest);
    }
  }

  /** The last elements, in vectors that they do not fill; other lanes repeat the first, so that they hold nothing to be found fault with. */
  private void edge(VectorLoop vectors, Registers registers, int done, int whole, int rest) {
    for (int i = 0; i < streams.length; i++) {
      if (streams[i].isRead) {
        int bytes = streams[i].bytes;
        long from = registers.addresses[i] + whole * streams[i].strides.rowStride() * bytes;
        int there = streams[i].strides.rowStride() == 0 ? 1 : rest;
        copy(from, registers.edges[i], there, bytes);
        for (int lane = there; lane < VectorWidth.LANES; lane++) {
          copy(from, registers.edges[i] + (long) lane * bytes, 1, bytes);
        }
      }
    }
    registers.rowLength = VectorWidth.LANES;
    vectors.run(registers, registers.edges, done + whole, VectorWidth.LANES);
    for (int i = 0; i < streams.length; i++) {
      if (!streams[i].isRead) {
        copy(registers.edges[i], registers.addresses[i] + (long) whole * streams[i].bytes, rest, streams[i].bytes);
      }
    }
  }

  private static void copy(long from, long to, int n, int bytes) {
    switch (bytes) {
      case Byte.BYTES -> {
        for (int i = 0; i < n; i++) {
          OffHeap.MEMORY.set(ValueLayout.JAVA_BYTE, to + i, OffHeap.MEMORY.get(ValueLayout.JAVA_BYTE, from + i));
        }
      }
      case Short.BYTES -> {
        for (long at = 0; at < (long) n * Short.BYTES; at += Short.BYTES) {
          OffHeap.MEMORY.set(ValueLayout.JAVA_SHORT_UNALIGNED, to + at, OffHeap.MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, from + at));
        }
      }
      default -> {
        for (long at = 0; at < (long) n * Integer.BYTES; at += Integer.BYTES) {
          OffHeap.MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, to + at, OffHeap.MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, from + at));
        }
      }
    }
  }
}
