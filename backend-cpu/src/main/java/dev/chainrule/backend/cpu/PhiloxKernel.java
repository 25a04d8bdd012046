package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Philox;
import dev.chainrule.schedule.Operand;
import java.lang.foreign.ValueLayout;

/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), many counters at once: the four words of 256
 * counters lie in four arrays of longs and every round is one loop over them, which the JIT vectorises. The key is {@link Philox#key} of
 * seed and stream, its low half k0, its high half k1; the counter is (block low, block high, run low, iteration low); element i is word
 * i mod 4 of block i / 4. Traffic: the result once.
 */
final class PhiloxKernel implements RangeKernel {

  private static final int WORDS = 4;
  private static final int COUNTERS = Registers.BLOCK / WORDS;
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final long LOW = 0xffffffffL;

  private final long stream;
  private final Place seed;
  private final Place run;
  private final Place iteration;
  private final Place output;
  private final long elements;

  PhiloxKernel(long stream, Operand seed, Operand run, Operand iteration, Operand out, Bases bases) {
    this.stream = stream;
    this.seed = scalar(seed, bases);
    this.run = scalar(run, bases);
    this.iteration = scalar(iteration, bases);
    this.output = bases.place(out.buffer());
    this.elements = out.shape().elements();
  }

  private static Place scalar(Operand operand, Bases bases) {
    return bases.place(operand.buffer()).plus(operand.layout().offset() * Long.BYTES);
  }

  private static long number(Place place, Frame frame) {
    return OffHeap.MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, place.address(frame));
  }

  @Override
  public long items() {
    return (elements + Registers.BLOCK - 1) / Registers.BLOCK;
  }

  @Override
  public long itemWork() {
    return Registers.BLOCK;
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    long key = Philox.key(number(seed, frame), stream);
    long runNumber = number(run, frame) & LOW;
    long iterationNumber = number(iteration, frame) & LOW;
    long to = output.address(frame);
    for (long part = first; part < end; part++) {
      long at = part * Registers.BLOCK;
      bits(registers, part * COUNTERS, runNumber, iterationNumber, key);
      Rows.write(registers.ints(0), to + at * Integer.BYTES, (int) Math.min(Registers.BLOCK, elements - at));
    }
  }

  /** The words of {@link #COUNTERS} counters from {@code block} on, into int register 0. */
  private static void bits(Registers registers, long block, long run, long iteration, long key) {
    long[] c0 = registers.longs(0);
    long[] c1 = registers.longs(1);
    long[] c2 = registers.longs(2);
    long[] c3 = registers.longs(3);
    for (int i = 0; i < COUNTERS; i++) {
      c0[i] = (block + i) & LOW;
      c1[i] = (block + i) >>> Integer.SIZE;
      c2[i] = run;
      c3[i] = iteration;
    }
    int k0 = (int) key;
    int k1 = (int) (key >>> Integer.SIZE);
    for (int round = 0; round < ROUNDS; round++) {
      round(c0, c1, c2, c3, k0 & LOW, k1 & LOW);
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    interleave(registers.ints(0), c0, c1, c2, c3);
  }

  private static void round(long[] c0, long[] c1, long[] c2, long[] c3, long k0, long k1) {
    for (int i = 0; i < COUNTERS; i++) {
      long p0 = MULTIPLIER_0 * c0[i];
      long p1 = MULTIPLIER_1 * c2[i];
      c0[i] = (p1 >>> Integer.SIZE) ^ c1[i] ^ k0;
      c1[i] = p1 & LOW;
      c2[i] = (p0 >>> Integer.SIZE) ^ c3[i] ^ k1;
      c3[i] = p0 & LOW;
    }
  }

  private static void interleave(int[] to, long[] c0, long[] c1, long[] c2, long[] c3) {
    for (int i = 0; i < COUNTERS; i++) {
      to[WORDS * i] = (int) c0[i];
      to[WORDS * i + 1] = (int) c1[i];
      to[WORDS * i + 2] = (int) c2[i];
      to[WORDS * i + 3] = (int) c3[i];
    }
  }
}
