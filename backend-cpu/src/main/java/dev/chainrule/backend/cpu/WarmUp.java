package dev.chainrule.backend.cpu;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A generated loop on its way through the JIT compiler, which compiles what has run often. Until then an operation on a vector takes
 * hundreds of times as long as it should and allocates the vector, so the loop runs on scratch data a little at a time, while the block
 * interpreter computes. The compiler counts turns of an empty loop as much as those with vectors: with these it takes a tenth of the time.
 * Code that allocates nothing is what the compiler makes at last.
 *
 * <p>Now and then its last code still allocates a vector or two, whatever it makes of the same loop at another time. Such a loop is written
 * as another class, to be compiled afresh; after {@value #CLASSES} the interpreter goes on for good.
 */
final class WarmUp {

  /** Vectors of a call: enough that the loop counts as one, few enough that a call is short while it is interpreted. */
  private static final int VECTORS = 4;

  /** Vectors of a row, so that a call has more than one. */
  private static final int ROW = 2;

  /** Calls with turns of the empty loop for each with vectors, and turns of each: what the compiler counts, at next to no cost. */
  private static final int IDLE_CALLS = 10;

  private static final int IDLE_TURNS = 100;

  /** Calls with vectors after which the loop is due to be compiled, and so old that the compiler does not forget it in its queue. */
  private static final int CALLS = 200;

  /** The same of a later round: the compiler asks for more calls while it has much to do. */
  private static final int FURTHER_CALLS = 10;

  /** Rounds without success after which the loop is given up. */
  private static final int ROUNDS = 20_000;

  /** What the last code may take at most for an operation on a vector, functions included. */
  private static final long NANOS_PER_OPERATION = 30;

  /** How long a fast loop may go on allocating, since the compiler may not have come to its last code yet. */
  private static final long PATIENCE = 10_000_000_000L;

  private static final int CLASSES = 4;

  /** The longest run that there will be, in vectors. */
  private static final int BLOCK = Registers.BLOCK / VectorWidth.LANES;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Supplier<VectorLoop> writer;
  private final long patience;
  private VectorLoop loop;
  private long noisySince;
  private int classes = 1;
  private final int operations;
  private final int floats;
  private final int ints;
  private int calls;
  private int rounds;
  private boolean ready;

  /** @param writer makes the loop, each time of a new class */
  WarmUp(VectorProgram program, Supplier<VectorLoop> writer) {
    this(program, writer, PATIENCE);
  }

  WarmUp(VectorProgram program, Supplier<VectorLoop> writer, long patience) {
    this.writer = writer;
    this.patience = patience;
    this.loop = writer.get();
    this.noisySince = System.nanoTime();
    this.operations = program.values().size() + program.sinks().size();
    this.floats = registers(program, RegisterKind.FLOAT);
    this.ints = registers(program, RegisterKind.INT);
  }

  private static int registers(VectorProgram program, RegisterKind kind) {
    IntStream read = program.values().stream().mapToInt(value -> switch (value) {
      case VectorProgram.Elements(RegisterKind k, int register) when k == kind -> register + 1;
      case VectorProgram.First(RegisterKind k, int register) when k == kind -> register + 1;
      case VectorProgram.OfRow(RegisterKind k, int register) when k == kind -> register + 1;
      case VectorProgram.OfColumns(RegisterKind k, int register) when k == kind -> register + 1;
      case VectorProgram.Elements _, VectorProgram.First _, VectorProgram.OfRow _, VectorProgram.OfColumns _, VectorProgram.RowNumber _,
          VectorProgram.Stream _, VectorProgram.Operation _ -> 0;
    });
    IntStream written = program.sinks().stream().mapToInt(sink -> switch (sink) {
      case VectorProgram.ToRegister(_, RegisterKind k, int register) when k == kind -> register + 1;
      case VectorProgram.ToCheck(_, int register) when kind == RegisterKind.INT -> register + 1;
      case VectorProgram.ToLanes(_, _, int register) when kind == RegisterKind.FLOAT -> register + 1;
      case VectorProgram.ToColumns(_, int register) when kind == RegisterKind.FLOAT -> register + 1;
      case VectorProgram.ToRegister _, VectorProgram.ToMemory _, VectorProgram.ToCheck _, VectorProgram.ToLanes _,
          VectorProgram.ToColumns _ -> 0;
    });
    return IntStream.concat(read, written).max().orElse(0);
  }

  VectorLoop loop() {
    return loop;
  }

  /** Whether the loop is compiled, to code that allocates nothing. */
  boolean isReady() {
    return ready;
  }

  boolean isGivenUp() {
    return !ready && (rounds >= ROUNDS || classes > CLASSES);
  }

  /** Runs the loop until {@code deadline}, a value of {@link System#nanoTime}, or so often that it is due to be compiled. */
  void round(Scratch scratch, long deadline) {
    scratch.prepare(floats, ints);
    if (rounds++ > 0) {
      examine(scratch);
    }
    for (int end = Math.max(CALLS, calls + FURTHER_CALLS); calls < end && !ready && System.nanoTime() < deadline; calls++) {
      run(scratch, VECTORS);
      scratch.registers.idleTurns = IDLE_TURNS;
      for (int i = 0; i < IDLE_CALLS; i++) {
        run(scratch, VECTORS);
      }
      scratch.registers.idleTurns = 0;
    }
  }

  private void run(Scratch scratch, int vectors) {
    loop.run(scratch.registers, scratch.addresses, 0, vectors * VectorWidth.LANES);
  }

  private void examine(Scratch scratch) {
    long bytes = THREADS.getCurrentThreadAllocatedBytes();
    long start = System.nanoTime();
    run(scratch, VECTORS);
    long end = System.nanoTime();
    boolean quiet = THREADS.getCurrentThreadAllocatedBytes() == bytes;
    if (quiet) { // then a longer run costs little, which takes other ways through the code
      run(scratch, BLOCK);
      ready = THREADS.getCurrentThreadAllocatedBytes() == bytes;
    }
    if (ready || end - start > NANOS_PER_OPERATION * operations * VECTORS) {
      noisySince = end;
    } else if (end - noisySince > patience && ++classes <= CLASSES) {
      loop = writer.get();
      calls = 0;
      noisySince = end;
    }
  }

  /** Registers and streams to run loops on, full of ones: with numbers that no function treats apart. */
  static final class Scratch {
    /** Two ones of bf16, which as an f32 are nearly one. */
    private static final float ONES = Float.intBitsToFloat(0x3f803f80);

    private static final long STREAM_BYTES = (long) Registers.BLOCK * Float.BYTES;

    private final Registers registers = registers();
    private final long[] addresses = new long[Registers.STREAMS];
    private final CpuMemory memory = CpuMemory.allocate(Registers.STREAMS * STREAM_BYTES);
    private final float[] ones = new float[Registers.BLOCK];
    private final int[] integers = new int[Registers.BLOCK];

    Scratch() {
      Arrays.fill(ones, ONES);
      Arrays.fill(integers, 1);
      Arrays.setAll(addresses, i -> memory.address() + i * STREAM_BYTES);
    }

    /** A loop by rows reads and writes the same row of its streams again and again. */
    private static Registers registers() {
      var registers = new Registers(0);
      registers.rowLength = ROW * VectorWidth.LANES;
      return registers;
    }

    /** Loops that ran earlier may have left anything. */
    private void prepare(int floats, int ints) {
      for (long address : addresses) {
        Rows.write(ones, address, Registers.BLOCK);
      }
      for (int i = 0; i < floats; i++) {
        System.arraycopy(ones, 0, registers.floats(i), 0, Registers.BLOCK);
      }
      for (int i = 0; i < ints; i++) {
        System.arraycopy(integers, 0, registers.ints(i), 0, Registers.BLOCK);
      }
    }

    void free() {
      memory.free();
    }
  }
}
