package dev.chainrule.backend.cpu;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Operand;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The largest f32 of each window, {@code maxPool}, and {@code maxPoolGradient}, with the bits that their bodies have here. Threads share
 * the planes, the pairs of a sample and a channel. Traffic: operands and results once, where the bodies write every window out several
 * times. Windows of two by two side by side, which most networks have, get loops of their own, and {@link ChannelPooling} where channels
 * come last.
 */
final class MaxPooling {

  /** So many elements of a result are computed before an epilogue takes them from the cache. */
  private static final long BLOCK = 16_384;

  private final PoolingSizes sizes;
  private final @Nullable Epilogue epilogue;

  private MaxPooling(PoolingSizes sizes, @Nullable Epilogue epilogue) {
    this.sizes = sizes;
    this.epilogue = epilogue;
  }

  /** Empty: the composite's body is to be used. */
  static Optional<NativeKernel> support(Op.Composite op, List<TensorType> in) {
    if (in.isEmpty() || in.getFirst().dtype() != DType.F32) {
      return Optional.empty();
    }
    Shape x = in.getFirst().shape();
    return switch (op.name()) {
      case "maxPool" -> Optional.of(new NativeKernel(false, true, 0, ChannelPooling.operands(op, x)));
      case "maxPoolGradient" -> {
        boolean sums = !new PoolingSizes(op.attributes(), x).sideBySide();
        yield Optional.of(new NativeKernel(false, true, sums ? in.get(2).bytes() : 0, ChannelPooling.operands(op, x)));
      }
      default -> Optional.empty();
    };
  }

  static RangeKernel of(Op.Composite op, List<Operand> in, Operand out, Place workspace, @Nullable Epilogue epilogue, Bases bases) {
    var pooling = new MaxPooling(new PoolingSizes(op.attributes(), in.getFirst().shape()), epilogue);
    Place x = dense(in.getFirst(), bases);
    Place result = bases.place(out.buffer());
    return op.name().equals("maxPool")
        ? pooling.new Forward(x, result)
        : pooling.new Gradient(x, dense(in.get(1), bases), dense(in.get(2), bases), workspace, result);
  }

  private static Place dense(Operand operand, Bases bases) {
    return bases.place(operand.buffer()).plus(operand.layout().offset() * Float.BYTES);
  }

  private static float at(long address) {
    return OffHeap.MEMORY.get(OffHeap.FLOAT, address);
  }

  private static void put(long address, float value) {
    OffHeap.MEMORY.set(OffHeap.FLOAT, address, value);
  }

  /** A loop over planes. */
  private abstract class Planes implements RangeKernel {

    private final long resultElements;
    private final long block;

    Planes(long resultElements) {
      this.resultElements = resultElements;
      this.block = Math.max(1, BLOCK / Math.max(1, resultElements));
    }

    @Override
    public final long items() {
      return sizes.planes();
    }

    @Override
    public final void range(Frame frame, Registers registers, long first, long end) {
      for (long from = first; from < end; from += block) {
        long to = Math.min(end, from + block);
        planes(frame, from, to);
        if (epilogue != null) {
          epilogue.elements(frame, from * resultElements, to * resultElements);
        }
      }
    }

    abstract void planes(Frame frame, long from, long to);
  }

  private final class Forward extends Planes {
    private final Place input;
    private final Place result;

    Forward(Place input, Place result) {
      super(sizes.windows());
      this.input = input;
      this.result = result;
    }

    @Override
    public long itemWork() {
      return sizes.windows() * sizes.windowElements();
    }

    @Override
    void planes(Frame frame, long from, long to) {
      for (long plane = from; plane < to; plane++) {
        long x = input.address(frame) + plane * sizes.elements() * Float.BYTES;
        long y = result.address(frame) + plane * sizes.windows() * Float.BYTES;
        if (sizes.quarters()) {
          quarters(x, y);
        } else {
          windows(x, y);
        }
      }
    }

    /** A plane of windows side by side, two by two. */
    private void quarters(long x, long y) {
      long row = sizes.length(2) * Float.BYTES;
      long columns = sizes.count(2);
      // The axis in front has windows of one element.
      for (long depth = 0; depth < sizes.length(0); depth++) {
        for (long i = 0; i < sizes.count(1); i++) {
          quarters(x + (depth * sizes.length(1) + 2 * i) * row, row, y + (depth * sizes.count(1) + i) * columns * Float.BYTES, columns);
        }
      }
    }

    private static void quarters(long x, long row, long y, long columns) {
      for (long j = 0; j < columns; j++) {
        long top = x + 2 * j * Float.BYTES;
        long bottom = top + row;
        put(y + j * Float.BYTES,
            Math.max(Math.max(at(top), at(top + Float.BYTES)), Math.max(at(bottom), at(bottom + Float.BYTES))));
      }
    }

    private void windows(long x, long y) {
      long to = y;
      for (long a = 0; a < sizes.count(0); a++) {
        for (long b = 0; b < sizes.count(1); b++) {
          for (long c = 0; c < sizes.count(2); c++) {
            put(to, largest(x, a, b, c));
            to += Float.BYTES;
          }
        }
      }
    }

    private float largest(long x, long a, long b, long c) {
      float largest = Float.NEGATIVE_INFINITY;
      long begin = sizes.begin(2, c);
      long end = sizes.end(2, c);
      for (long i = sizes.begin(0, a); i < sizes.end(0, a); i++) {
        for (long j = sizes.begin(1, b); j < sizes.end(1, b); j++) {
          long row = x + (i * sizes.length(1) + j) * sizes.length(2) * Float.BYTES;
          for (long k = begin; k < end; k++) {
            largest = Math.max(largest, at(row + k * Float.BYTES));
          }
        }
      }
      return largest;
    }
  }

  /**
   * First what each maximum of a window gets, then for each element the sum over the windows that hold it: one axis after the other, the
   * last first, in double, rounded in between, as the additions of overlapping windows in the body.
   */
  private final class Gradient extends Planes {

    /** What each of so many maxima gets of a window of up to four elements; in one with NaN nothing equals the maximum. */
    private static final float[] PARTS = {Float.NaN, 1f, 1f / 2, 1f / 3, 1f / 4};

    private final Place input;
    private final Place maxima;
    private final Place cotangents;
    private final Place workspace;
    private final Place result;

    Gradient(Place input, Place maxima, Place cotangents, Place workspace, Place result) {
      super(sizes.elements());
      this.input = input;
      this.maxima = maxima;
      this.cotangents = cotangents;
      this.workspace = workspace;
      this.result = result;
    }

    @Override
    public long itemWork() {
      return 2 * sizes.elements() + 2 * sizes.windows() * sizes.windowElements();
    }

    @Override
    void planes(Frame frame, long from, long to) {
      for (long plane = from; plane < to; plane++) {
        long x = input.address(frame) + plane * sizes.elements() * Float.BYTES;
        long window = plane * sizes.windows() * Float.BYTES;
        long y = maxima.address(frame) + window;
        long g = cotangents.address(frame) + window;
        long out = result.address(frame) + plane * sizes.elements() * Float.BYTES;
        if (sizes.sideBySide()) {
          sideBySide(x, y, g, out);
        } else {
          long shares = workspace.address(frame) + window;
          share(x, y, g, shares);
          addUp(x, y, shares, out);
        }
      }
    }

    // --- windows side by side ----------------------------------------------------------------------------------------------------------

    private void sideBySide(long x, long y, long g, long out) {
      if (sizes.leavesOut()) {
        OffHeap.clear(out, sizes.elements() * Float.BYTES);
      }
      long window = 0;
      for (long a = 0; a < sizes.count(0); a++) {
        for (long b = 0; b < sizes.count(1); b++) {
          if (sizes.quarters()) {
            long row = (a * sizes.length(1) + 2 * b) * sizes.length(2) * Float.BYTES;
            quarters(x + row, sizes.length(2) * Float.BYTES, y + window, g + window, out + row, sizes.count(2));
          } else {
            for (long c = 0; c < sizes.count(2); c++) {
              long at = window + c * Float.BYTES;
              spread(x, at(y + at), shareOf(x, at(y + at), at(g + at), a, b, c), out, a, b, c);
            }
          }
          window += sizes.count(2) * Float.BYTES;
        }
      }
    }

    private static void quarters(long x, long row, long y, long g, long out, long columns) {
      for (long j = 0; j < columns; j++) {
        long left = 2 * j * Float.BYTES;
        long right = left + Float.BYTES;
        float largest = at(y + j * Float.BYTES);
        boolean first = at(x + left) == largest;
        boolean second = at(x + right) == largest;
        boolean third = at(x + row + left) == largest;
        boolean fourth = at(x + row + right) == largest;
        int count = (first ? 1 : 0) + (second ? 1 : 0) + (third ? 1 : 0) + (fourth ? 1 : 0);
        float share = at(g + j * Float.BYTES) * PARTS[count];
        float none = alone(share * 0f);
        share = alone(share);
        put(out + left, first ? share : none);
        put(out + right, second ? share : none);
        put(out + row + left, third ? share : none);
        put(out + row + right, fourth ? share : none);
      }
    }

    /** A sum of one number: -0 becomes 0. */
    private static float alone(float x) {
      return x + 0f;
    }

    private void spread(long x, float largest, float share, long out, long a, long b, long c) {
      float none = alone(share * 0f);
      float some = alone(share);
      for (long i = sizes.begin(0, a); i < sizes.end(0, a); i++) {
        for (long j = sizes.begin(1, b); j < sizes.end(1, b); j++) {
          long row = (i * sizes.length(1) + j) * sizes.length(2) * Float.BYTES;
          for (long k = sizes.begin(2, c); k < sizes.end(2, c); k++) {
            put(out + row + k * Float.BYTES, at(x + row + k * Float.BYTES) == largest ? some : none);
          }
        }
      }
    }

    // --- any windows -------------------------------------------------------------------------------------------------------------------

    private void share(long x, long y, long g, long shares) {
      long window = 0;
      for (long a = 0; a < sizes.count(0); a++) {
        for (long b = 0; b < sizes.count(1); b++) {
          for (long c = 0; c < sizes.count(2); c++) {
            put(shares + window, shareOf(x, at(y + window), at(g + window), a, b, c));
            window += Float.BYTES;
          }
        }
      }
    }

    /** What each maximum of a window gets. Times 0 it is what the others get, which is not 0 where it is not finite. */
    private float shareOf(long x, float largest, float cotangent, long a, long b, long c) {
      long count = 0;
      long inside = 0;
      for (long i = sizes.begin(0, a); i < sizes.end(0, a); i++) {
        for (long j = sizes.begin(1, b); j < sizes.end(1, b); j++) {
          long row = x + (i * sizes.length(1) + j) * sizes.length(2) * Float.BYTES;
          for (long k = sizes.begin(2, c); k < sizes.end(2, c); k++) {
            count += at(row + k * Float.BYTES) == largest ? 1 : 0;
            inside++;
          }
        }
      }
      if (largest == Float.NEGATIVE_INFINITY) {
        count += sizes.windowElements() - inside; // the padding is as low
      }
      return count == 0 ? Float.NaN : cotangent * (1f / count);
    }

    private void addUp(long x, long y, long shares, long out) {
      long element = 0;
      for (long i = 0; i < sizes.length(0); i++) {
        for (long j = 0; j < sizes.length(1); j++) {
          for (long k = 0; k < sizes.length(2); k++) {
            put(out + element, sum(at(x + element), y, shares, i, j, k));
            element += Float.BYTES;
          }
        }
      }
    }

    private float sum(float x, long y, long shares, long i, long j, long k) {
      double planes = 0;
      for (long a = sizes.lastWindow(0, i); a >= sizes.firstWindow(0, i); a--) {
        double rows = 0;
        for (long b = sizes.lastWindow(1, j); b >= sizes.firstWindow(1, j); b--) {
          rows += ofRow(x, y, shares, (a * sizes.count(1) + b) * sizes.count(2), k);
        }
        planes += (float) rows;
      }
      return (float) planes;
    }

    private float ofRow(float x, long y, long shares, long row, long k) {
      double sum = 0;
      for (long c = sizes.lastWindow(2, k); c >= sizes.firstWindow(2, k); c--) {
        long window = (row + c) * Float.BYTES;
        float share = at(shares + window);
        sum += x == at(y + window) ? share : share * 0f;
      }
      return (float) sum;
    }
  }
}
