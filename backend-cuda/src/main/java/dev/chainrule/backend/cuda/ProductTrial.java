package dev.chainrule.backend.cuda;

import dev.chainrule.graph.DType;
import dev.chainrule.kernels.Contest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Measures the candidates of a product on memory of its own. One whose result differs in a single bit from the first one's, for any of some
 * draws of random operands, is not measured: tuning must not change what a training computes.
 */
final class ProductTrial implements AutoCloseable {

  /** Draws, more of them for small products, so that so many numbers of the result are compared. */
  private static final int LEAST_DRAWS = 4;
  private static final int MOST_DRAWS = 64;
  private static final long COMPARED = 100_000;

  /** What one measurement takes at least, where so many products do. */
  private static final double SECONDS = 0.005;

  /** Random numbers that an operand holds again and again: as many as are copied at once, and of no size that a matrix likely has. */
  private static final int RANDOM = 999_983;

  /** Beside it in a sum of f32 numbers below 1 lose most of their digits. */
  private static final double LARGE = 1 << 15;

  private final PreparedProduct product;
  private final Context context;
  private final Streams streams;
  private final List<CudaMemory> operands = new ArrayList<>();

  /** @throws dev.chainrule.DeviceOutOfMemoryException if there is no memory for operands and result */
  ProductTrial(PreparedProduct product, Context context, Streams streams, MemoryCache memory) {
    this.product = product;
    this.context = context;
    this.streams = streams;
    try {
      for (int i = 0; i < 3; i++) {
        operands.add(memory.allocate(product.span(i) + CudaExecutable.ALIGNMENT));
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** The fastest candidate, which the product computes by from now on; the first if none is faster by a twentieth. */
  int fastest() {
    return context.call(() -> {
      product.bindTo(address(0), address(1), address(2));
      List<Integer> same = same();
      int products = Contest.repetitions(SECONDS, seconds(0, 1));
      int chosen = Contest.of(same, candidate -> seconds(candidate, products)).winner();
      product.take(chosen);
      return chosen;
    });
  }

  /** Where an operand begins: no better aligned than the product's are. */
  private long address(int operand) {
    return operands.get(operand).address() + product.alignment(operand) % CudaExecutable.ALIGNMENT;
  }

  /** Those with the bits of the first. */
  private List<Integer> same() {
    List<Integer> same = new ArrayList<>();
    for (int candidate = 0; candidate < product.candidates(); candidate++) {
      same.add(candidate);
    }
    var random = new SplittableRandom(1);
    long results = product.span(2) / product.dtype().bytes();
    long draws = Math.clamp(Math.ceilDiv(COMPARED, results), LEAST_DRAWS, MOST_DRAWS);
    try (Arena once = Arena.ofConfined()) {
      MemorySegment expected = once.allocate(product.span(2));
      MemorySegment actual = once.allocate(product.span(2));
      MemorySegment[] numbers = {numbers(0, once), numbers(1, once)};
      for (int draw = 0; draw < draws; draw++) {
        for (int operand = 0; operand < numbers.length; operand++) {
          draw(numbers[operand], random, Kind.of(draw, operand));
          fill(operand, numbers[operand]);
        }
        result(0, expected);
        same.removeIf(candidate -> {
          result(candidate, actual);
          return expected.mismatch(actual) >= 0;
        });
      }
    }
    return same;
  }

  private MemorySegment numbers(int operand, Arena arena) {
    int bytes = product.dtype().bytes();
    return arena.allocate(Math.min(product.span(operand), (long) RANDOM * bytes));
  }

  /**
   * What an operand is made of. Where the other's numbers are 1 and -1, large ones cancel wholly, and what is left depends on when small ones
   * were added, so that another order shows in 16 bits, too.
   */
  private enum Kind {
    BELOW_ONE,
    LARGE_AMONG_THEM,
    ONES;

    static Kind of(int draw, int operand) {
      return draw % 2 != 0 ? BELOW_ONE : draw / 2 % 2 == operand ? LARGE_AMONG_THEM : ONES;
    }
  }

  private void draw(MemorySegment numbers, SplittableRandom random, Kind kind) {
    DType dtype = product.dtype();
    for (long i = 0; i < numbers.byteSize() / dtype.bytes(); i++) {
      double size = switch (kind) {
        case BELOW_ONE -> random.nextDouble();
        case LARGE_AMONG_THEM -> random.nextBoolean() ? LARGE : random.nextDouble();
        case ONES -> 1;
      };
      double number = random.nextBoolean() ? size : -size;
      switch (dtype) {
        case F64 -> numbers.setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i, number);
        case F16 -> numbers.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, Float.floatToFloat16((float) number));
        case BF16 -> numbers.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i,
            (short) (Float.floatToRawIntBits((float) number) >> Short.SIZE));
        default -> numbers.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) number);
      }
    }
  }

  private void fill(int operand, MemorySegment numbers) {
    long bytes = product.span(operand);
    for (long at = 0; at < bytes; at += numbers.byteSize()) {
      streams.upload(numbers.asSlice(0, Math.min(numbers.byteSize(), bytes - at)), address(operand) + at);
    }
  }

  /** What a candidate leaves where there was something else before. */
  private void result(int candidate, MemorySegment result) {
    streams.upload(result.fill((byte) 0xff), address(2));
    seconds(candidate, 1);
    streams.download(address(2), result);
  }

  private double seconds(int candidate, int products) {
    Driver driver = context.driver();
    product.take(candidate);
    driver.cuStreamSynchronize(streams.compute());
    long start = System.nanoTime();
    for (int i = 0; i < products; i++) {
      product.enqueue(driver, streams.compute());
    }
    driver.cuStreamSynchronize(streams.compute());
    return (System.nanoTime() - start) * 1e-9;
  }

  @Override
  public void close() {
    operands.forEach(CudaMemory::free);
  }
}
