package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;

/**
 * Combines elements along axes. The input is seen as [outer, rows, width]: rows are combined, width is what lies behind the last reduced
 * axis. A block of as many rows as fit the registers is loaded and halved, upper half onto lower, until one row is left; blocks are
 * combined in pairs, and so are chunks of {@value #CHUNK} elements, which threads share. The tree depends on shape and axes alone, never
 * on threads, strides or vector length; the error of a sum grows with the logarithm of its length. Traffic: the input once.
 *
 * <p>Products of floats are multiplied in double and rounded once: in f32 one half of the factors might overflow and the other vanish
 * where the whole product does neither.
 *
 * <p>Rows of single numbers that are short (a softmax over ten classes) are transposed in registers, many at once, and halved side by
 * side: the same tree.
 */
final class Reduction implements Kernel {

  private static final int CHUNK = 65_536;

  private final Op.Fold fold;
  private final BlockLoader loader;
  private final DType from;
  private final DType to;
  private final RegisterKind kind;
  private final Folds.Accumulate accumulate;
  private final Loops.Conversion<Object, Object> widen;
  private final Loops.Conversion<Object, Object> narrow;
  private final Place input;
  private final Place output;
  private final long outer;
  private final long rows;
  private final long width;
  private final long columns;
  private final long rowsPerBlock;
  private final long rowsPerChunk;
  private final long chunks;
  private final Object partials;

  Reduction(Op.Reduce op, Operand in, Operand out, Bases bases) {
    this.fold = op.fold();
    this.from = in.dtype();
    this.to = out.dtype();
    DType combined = fold == Op.Fold.PROD && to.isFloating() ? DType.F64 : to;
    this.kind = RegisterKind.of(combined);
    this.accumulate = Folds.loop(fold, kind);
    this.widen = Conversions.between(from, combined);
    this.narrow = Conversions.between(combined, to);
    this.input = bases.place(in.buffer());
    this.output = bases.place(out.buffer());
    Axes axes = op.axes();
    Layout layout = Views.reducing(in.layout(), axes);
    this.loader = new BlockLoader(layout, from);
    Shape shape = layout.shape();
    int inner = Views.innerAxes(shape.rank(), axes);
    this.width = shape.slice(shape.rank() - inner, shape.rank()).elements();
    this.rows = shape.slice(shape.rank() - inner - axes.count(), shape.rank() - inner).elements();
    this.outer = shape.slice(0, shape.rank() - inner - axes.count()).elements();
    this.columns = (width + Registers.BLOCK - 1) / Registers.BLOCK;
    long blockWidth = Math.clamp(width, 1, Registers.BLOCK);
    this.rowsPerBlock = Registers.BLOCK / blockWidth;
    this.rowsPerChunk = CHUNK / Registers.BLOCK * rowsPerBlock;
    this.chunks = (rows + rowsPerChunk - 1) / rowsPerChunk;
    this.partials = array(chunks > 1 ? Math.toIntExact(outer * columns * chunks * blockWidth) : 0);
  }

  private Object array(int n) {
    return switch (kind) {
      case FLOAT -> new float[n];
      case DOUBLE -> new double[n];
      case INT -> new int[n];
      case LONG -> new long[n];
    };
  }

  @Override
  public void run(Frame frame) {
    if (rows == 0) {
      fillWithIdentities(frame);
    } else if (width == 1 && rows <= Registers.BLOCK / 2) {
      long together = Registers.BLOCK / rows;
      frame.parts().forEach((outer + together - 1) / together, Registers.BLOCK, (registers, first, end) -> {
        for (long group = first; group < end; group++) {
          shortRows(frame, registers, group * together, (int) Math.min(together, outer - group * together));
        }
      });
    } else {
      frame.parts().forEach(outer * columns * chunks, Math.min(rows, rowsPerChunk) * Math.min(width, Registers.BLOCK),
          (registers, first, end) -> {
            for (long item = first; item < end; item++) {
              chunk(frame, registers, item / chunks / columns, item / chunks % columns, item % chunks);
            }
          });
      if (chunks > 1) {
        frame.parts().forEach(outer * columns, chunks * Math.min(width, Registers.BLOCK), (registers, first, end) -> {
          for (long item = first; item < end; item++) {
            int w = width(item % columns);
            combineChunks(registers, item, w, 0, chunks, 0);
            store(frame, registers, 0, item / columns * width + item % columns * Registers.BLOCK, w);
          }
        });
      }
    }
  }

  private void fillWithIdentities(Frame frame) {
    Object identities = Folds.identities(fold, to, Registers.BLOCK);
    frame.parts().forEach(1, 1, (registers, _, _) -> {
      for (long at = 0; at < outer * width; at += Registers.BLOCK) {
        int n = (int) Math.min(Registers.BLOCK, outer * width - at);
        BlockStorer.store(to, identities, n, output.address(frame) + at * to.bytes(), registers);
      }
    });
  }

  private int width(long column) {
    return (int) Math.min(Registers.BLOCK, width - column * Registers.BLOCK);
  }

  private void load(Frame frame, Registers registers, long start, int n, int register) {
    Object target = registers.array(kind, register);
    if (RegisterKind.of(from) == kind) {
      loader.load(input.address(frame), start, n, registers, target);
    } else {
      Object loaded = registers.array(RegisterKind.of(from), 0);
      loader.load(input.address(frame), start, n, registers, loaded);
      widen.apply(target, loaded, n);
    }
  }

  private void store(Frame frame, Registers registers, int register, long at, int n) {
    Object result = registers.array(kind, register);
    if (RegisterKind.of(to) != kind) {
      Object narrowed = registers.array(RegisterKind.of(to), 0);
      narrow.apply(narrowed, result, n);
      result = narrowed;
    }
    BlockStorer.store(to, result, n, output.address(frame) + at * to.bytes(), registers);
  }

  private void shortRows(Frame frame, Registers registers, long first, int count) {
    load(frame, registers, first * rows, (int) (count * rows), 0);
    Object sideBySide = registers.array(kind, 1);
    Transposition.of(registers.array(kind, 0), sideBySide, count, (int) rows, kind);
    halve(sideBySide, (int) rows, count, registers.array(kind, 0));
    store(frame, registers, 1, first, count);
  }

  private void chunk(Frame frame, Registers registers, long o, long column, long chunk) {
    int w = width(column);
    long first = chunk * rowsPerChunk;
    combineBlocks(frame, registers, o, column, first, Math.min(rows, first + rowsPerChunk), 0);
    if (chunks == 1) {
      store(frame, registers, 0, o * width + column * Registers.BLOCK, w);
    } else {
      System.arraycopy(registers.array(kind, 0), 0, partials, partial(o * columns + column, chunk), w);
    }
  }

  private int partial(long item, long chunk) {
    return (int) ((item * chunks + chunk) * Math.min(width, Registers.BLOCK));
  }

  /** Leaves rows {@code first} to {@code end} combined in register {@code depth}; uses those above. */
  private void combineBlocks(Frame frame, Registers registers, long o, long column, long first, long end, int depth) {
    int w = width(column);
    if (end - first <= rowsPerBlock) {
      int n = (int) (end - first);
      load(frame, registers, (o * rows + first) * width + column * Registers.BLOCK, n * w, depth);
      halve(registers.array(kind, depth), n, w, registers.array(kind, depth + 1));
      return;
    }
    long blocks = (end - first + rowsPerBlock - 1) / rowsPerBlock;
    long middle = first + (blocks + 1) / 2 * rowsPerBlock;
    combineBlocks(frame, registers, o, column, first, middle, depth);
    combineBlocks(frame, registers, o, column, middle, end, depth + 1);
    accumulate.apply(registers.array(kind, depth), registers.array(kind, depth + 1), w);
  }

  private void combineChunks(Registers registers, long item, int w, long first, long end, int depth) {
    if (end - first == 1) {
      System.arraycopy(partials, partial(item, first), registers.array(kind, depth), 0, w);
      return;
    }
    long middle = first + (end - first + 1) / 2;
    combineChunks(registers, item, w, first, middle, depth);
    combineChunks(registers, item, w, middle, end, depth + 1);
    accumulate.apply(registers.array(kind, depth), registers.array(kind, depth + 1), w);
  }

  /** Combines {@code n} rows of {@code w} elements into the first. */
  private void halve(Object array, int n, int w, Object spare) {
    while (n > 1) {
      int half = (n + 1) / 2;
      System.arraycopy(array, half * w, spare, 0, (n - half) * w);
      accumulate.apply(array, spare, (n - half) * w);
      n = half;
    }
  }
}
