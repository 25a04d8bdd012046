package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.OffHeap.MEMORY;
import static dev.chainrule.backend.cpu.VectorLanes.FLOATS;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * What {@link AttentionLines} does, with vectors and the same bits: of a line only what its query may attend to is computed, the rest is
 * 0. As many lines as fit a register of floats go through a function's passes together, so that the passes of one need not wait for what
 * the others add up. Traffic: a line once from memory and once to it, between passes first-level cache. Loads only where the JVM has the
 * Vector API.
 *
 * <p>Until the JIT has compiled it an operation on a vector allocates it; {@link #areReady} tells when that is over.
 */
final class AttentionVectors {

  private static final int LENGTH = FLOATS.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final FloatVector NUMBERS = FloatVector.zero(FLOATS).addIndex(1);

  private static final int EXPONENT = 0x7f800000;
  private static final int LOWEST = 0x00800000;

  /** Trials one after the other that allocate nothing: of lines that take different ways through the code. */
  private static final int QUIET = 16;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** What each register holds. */
  private static final int LINES = 0;
  private static final int LANES = 1;
  private static final int OF_LINES = 2;

  private final AttentionSizes sizes;

  // Several threads may try at once, who then lose a trial or make one more.
  private volatile int quiet;
  private volatile int trials;
  private volatile long next = System.nanoTime();

  /** @param eager whether to be ready at once */
  AttentionVectors(AttentionSizes sizes, boolean eager) {
    this.sizes = sizes;
    this.quiet = eager ? QUIET : 0;
  }

  /** Whether lines of so many numbers are whole vectors, and no more than a block of {@link FoldTree}'s. */
  static boolean fit(int width) {
    return width >= Folding.LANES && width <= Registers.BLOCK && width % LENGTH == 0;
  }

  boolean areReady() {
    return quiet >= QUIET;
  }

  /**
   * Now and then tries the functions on the beginning of a line, which stays as it is, so that the JIT comes to compile them.
   *
   * @param query the first of a block
   */
  void attempt(Registers registers, long line, int query) {
    long start = System.nanoTime();
    if (start - next < 0) {
      return;
    }
    long bytes = THREADS.getCurrentThreadAllocatedBytes();
    int some = query + trials % AttentionSizes.BLOCK;
    softmax(registers, line, registers.edges[0], 0, Folding.LANES, some, 1);
    gradient(registers, line, line, registers.edges[0], 0, Folding.LANES, some, 1);
    areFinite(line, 0, 1, Folding.LANES);
    quiet = THREADS.getCurrentThreadAllocatedBytes() == bytes ? quiet + 1 : 0;
    trials++;
    long end = System.nanoTime();
    next = end + (VectorSwitch.SHARE - 1) * (end - start);
  }

  /** See {@link AttentionLines#softmax}; {@code stride}, in elements, is from one line to the next where they are and go to. */
  void softmax(Registers registers, long from, long to, int stride, int width, int query, int count) {
    int together = Registers.BLOCK / width;
    for (int line = 0; line < count; line += together) {
      int lines = Math.min(together, count - line);
      long bytes = (long) line * stride * Float.BYTES;
      scale(registers, from + bytes, stride, width, query + line, lines);
      exponentials(registers, width, query + line, lines);
      quotients(registers, to + bytes, stride, width, query + line, lines);
    }
  }

  /** See {@link AttentionLines#gradient}; weights are as far from line to line as the others. */
  void gradient(Registers registers, long weights, long from, long to, int stride, int width, int query, int count) {
    int together = Registers.BLOCK / width;
    for (int line = 0; line < count; line += together) {
      int lines = Math.min(together, count - line);
      long bytes = (long) line * stride * Float.BYTES;
      weigh(registers, weights + bytes, from + bytes, stride, width, query + line, lines);
      differences(registers, weights + bytes, to + bytes, stride, width, query + line, lines);
    }
  }

  private static FloatVector load(long line, int i) {
    return FloatVector.fromMemorySegment(FLOATS, MEMORY, line + (long) i * Float.BYTES, ORDER);
  }

  private static void store(FloatVector x, long line, int i) {
    x.intoMemorySegment(MEMORY, line + (long) i * Float.BYTES, ORDER);
  }

  /** The lanes from {@code n} on. */
  private static VectorMask<Float> behind(int n) {
    return NUMBERS.compare(VectorOperators.GE, n);
  }

  private void scale(Registers registers, long from, int stride, int width, int query, int count) {
    float[] lines = registers.floats(LINES);
    float[] largest = registers.floats(OF_LINES);
    float scale = sizes.scale();
    for (int line = 0; line < count; line++) {
      int allowed = Math.min(width, sizes.allowed(query + line));
      long address = from + (long) line * stride * Float.BYTES;
      int at = line * width;
      FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
      int i = 0;
      for (; i <= allowed - LENGTH; i += LENGTH) {
        FloatVector x = load(address, i).mul(scale);
        x.intoArray(lines, at + i);
        max = larger(max, x);
      }
      if (i < allowed) {
        FloatVector x = load(address, i).mul(scale).blend(Float.NEGATIVE_INFINITY, behind(allowed - i));
        x.intoArray(lines, at + i);
        max = larger(max, x);
      }
      largest[line] = max.reduceLanes(VectorOperators.MAX);
    }
  }

  /** Of numbers; one that is none makes all weights none whatever is the largest. */
  private static FloatVector larger(FloatVector max, FloatVector x) {
    return max.blend(x, x.compare(VectorOperators.GT, max));
  }

  /** Also leaves the sums where the largest were. */
  private void exponentials(Registers registers, int width, int query, int count) {
    float[] lines = registers.floats(LINES);
    float[] lanes = registers.floats(LANES);
    float[] ofLines = registers.floats(OF_LINES);
    for (int line = 0; line < count; line++) {
      int allowed = Math.min(width, sizes.allowed(query + line));
      int at = line * width;
      FloatVector max = FloatVector.broadcast(FLOATS, ofLines[line]);
      int i = 0;
      for (; i < allowed; i += LENGTH) {
        VectorExponentials.exp(FloatVector.fromArray(FLOATS, lines, at + i).sub(max)).intoArray(lines, at + i);
      }
      zero(lines, at + i, at + width);
      ofLines[line] = VectorFolds.sum(lines, at, width, lanes);
    }
  }

  private static void zero(float[] lines, int from, int to) {
    for (int i = from; i < to; i += LENGTH) {
      FloatVector.zero(FLOATS).intoArray(lines, i);
    }
  }

  private void quotients(Registers registers, long to, int stride, int width, int query, int count) {
    float[] lines = registers.floats(LINES);
    float[] sums = registers.floats(OF_LINES);
    for (int line = 0; line < count; line++) {
      int allowed = Math.min(width, sizes.allowed(query + line));
      long address = to + (long) line * stride * Float.BYTES;
      int at = line * width;
      FloatVector sum = FloatVector.broadcast(FLOATS, sums[line]);
      int i = 0;
      for (; i <= allowed - LENGTH; i += LENGTH) {
        store(FloatVector.fromArray(FLOATS, lines, at + i).div(sum), address, i);
      }
      if (i < allowed) {
        store(FloatVector.fromArray(FLOATS, lines, at + i).div(sum).blend(0, behind(allowed - i)), address, i);
        i += LENGTH;
      }
      zero(address, i, width);
    }
  }

  private static void zero(long address, int from, int to) {
    for (int i = from; i < to; i += LENGTH) {
      store(FloatVector.zero(FLOATS), address, i);
    }
  }

  private void weigh(Registers registers, long weights, long from, int stride, int width, int query, int count) {
    float[] lines = registers.floats(LINES);
    float[] lanes = registers.floats(LANES);
    float[] sums = registers.floats(OF_LINES);
    for (int line = 0; line < count; line++) {
      int allowed = Math.min(width, sizes.allowed(query + line));
      long address = (long) line * stride * Float.BYTES;
      int at = line * width;
      int i = 0;
      for (; i <= allowed - LENGTH; i += LENGTH) {
        load(from + address, i).mul(load(weights + address, i)).intoArray(lines, at + i);
      }
      if (i < allowed) {
        load(from + address, i).blend(0, behind(allowed - i)).mul(load(weights + address, i)).intoArray(lines, at + i);
        i += LENGTH;
      }
      zero(lines, at + i, at + width);
      sums[line] = VectorFolds.sum(lines, at, width, lanes);
    }
  }

  private void differences(Registers registers, long weights, long to, int stride, int width, int query, int count) {
    float[] lines = registers.floats(LINES);
    float[] sums = registers.floats(OF_LINES);
    float scale = sizes.scale();
    for (int line = 0; line < count; line++) {
      int allowed = Math.min(width, sizes.allowed(query + line));
      long address = (long) line * stride * Float.BYTES;
      int at = line * width;
      FloatVector sum = FloatVector.broadcast(FLOATS, sums[line]);
      int i = 0;
      for (; i <= allowed - LENGTH; i += LENGTH) {
        FloatVector x = FloatVector.fromArray(FLOATS, lines, at + i);
        store(x.sub(load(weights + address, i).mul(sum)).mul(scale), to + address, i);
      }
      if (i < allowed) {
        FloatVector x = FloatVector.fromArray(FLOATS, lines, at + i);
        store(x.sub(load(weights + address, i).mul(sum)).mul(scale).blend(0, behind(allowed - i)), to + address, i);
        i += LENGTH;
      }
      zero(to + address, i, width);
    }
  }

  /** Whether a row's elements fill vectors. */
  static boolean areVectors(int columns) {
    return columns % LENGTH == 0;
  }

  /** Whether rows of {@link #areVectors} have neither infinities nor NaN: an exponent of nothing but ones is carried into the sign. */
  static boolean areFinite(long address, long stride, int rows, int columns) {
    IntVector carried = FloatVector.zero(FLOATS).reinterpretAsInts();
    for (int row = 0; row < rows; row++) {
      long line = address + row * stride;
      for (int i = 0; i < columns; i += LENGTH) {
        carried = load(line, i).reinterpretAsInts().and(EXPONENT).add(LOWEST).or(carried);
      }
    }
    return carried.reduceLanes(VectorOperators.OR) >= 0;
  }
}
