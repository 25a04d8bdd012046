package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * How large an attention is, and how it is cut. A head is one of its matrices of queries, with the keys and values that belong to it.
 *
 * @param keyWidth components of a query and of a key
 * @param valueWidth components of a value
 */
record AttentionSizes(long heads, int queries, int keys, int keyWidth, int valueWidth, float scale, boolean causal) {

  /** Queries whose scores are computed together, and keys whose gradients are: what no query attends to is left out in such squares. */
  static final int BLOCK = 64;

  /** How many widths there are at most of the lines of scores that blocks of queries have in causal order. */
  private static final int WIDTHS = 8;

  /** Of two floats beside each other: the exponents, their lowest bits, and the signs. */
  private static final long EXPONENTS = 0x7f800000_7f800000L;
  private static final long LOWEST = 0x00800000_00800000L;
  private static final long SIGNS = 0x80000000_80000000L;

  /** @param in queries, keys and values first */
  static AttentionSizes of(Op.Composite op, List<TensorType> in) {
    Shape q = in.get(0).shape();
    Shape v = in.get(2).shape();
    boolean causal = (Boolean) Objects.requireNonNull(op.attributes().get("causal"));
    return new AttentionSizes(q.slice(0, q.rank() - 2).elements(), Math.toIntExact(q.dim(-2)), Math.toIntExact(v.dim(-2)),
        Math.toIntExact(q.dim(-1)), Math.toIntExact(v.dim(-1)), (float) scale(op), causal);
  }

  private static double scale(Op.Composite op) {
    return (Double) Objects.requireNonNull(op.attributes().get("scale"));
  }

  /** Whether all is f32, nothing is empty, and nothing is repeated for several heads; a score at minus infinity must stay there. */
  static boolean fit(Op.Composite op, List<TensorType> in) {
    Shape first = in.getFirst().shape();
    return (float) scale(op) > 0 && in.stream().allMatch(type -> type.dtype() == DType.F32 && type.elements() > 0
        && type.shape().slice(0, type.shape().rank() - 2).equals(first.slice(0, first.rank() - 2)));
  }

  int blocks() {
    return Math.ceilDiv(queries, BLOCK);
  }

  /** The keys that a query may attend to are the first so many. */
  int allowed(int query) {
    return causal ? Math.min(keys, query + 1) : keys;
  }

  /** The widths of the lines that blocks of queries may have in causal order, in order: whole blocks of keys, the last one all of them. */
  int[] widths() {
    int step = BLOCK * Math.ceilDiv(Math.ceilDiv(keys, BLOCK), WIDTHS);
    return IntStream.rangeClosed(1, causal ? Math.ceilDiv(keys, step) : 1).map(i -> causal ? Math.min(keys, i * step) : keys).toArray();
  }

  /** An operand of an attention: a matrix for each head. Strides and offsets are in elements. */
  record Heads(Place place, Layout layout, Strides heads, int rows, int columns) {

    static Heads of(Operand operand, Bases bases) {
      Layout layout = operand.layout();
      Shape shape = layout.shape();
      // One more axis of one element: rows of the rest then are single matrices.
      long[] dims = new long[shape.rank() - 1];
      long[] strides = new long[shape.rank() - 1];
      for (int axis = 0; axis < dims.length - 1; axis++) {
        dims[axis] = shape.dim(axis);
        strides[axis] = layout.stride(axis);
      }
      dims[dims.length - 1] = 1;
      return new Heads(bases.place(operand.buffer()), layout, new Strides(dims, strides, layout.offset()), (int) shape.dim(-2),
          (int) shape.dim(-1));
    }

    /** Where a row begins, in elements from address 0. */
    long at(Frame frame, long head, int row) {
      return place.address(frame) / Float.BYTES + heads.rowOffset(head) + row * row();
    }

    long row() {
      return layout.stride(-2);
    }

    long column() {
      return layout.stride(-1);
    }

    /** Whether a head has neither infinities nor NaN; false also where its rows are not dense. */
    boolean areFinite(Frame frame, long head) {
      if (column() != 1) {
        return false;
      }
      long row = at(frame, head, 0) * Float.BYTES;
      long carried = 0;
      for (int i = 0; i < rows; i++) {
        carried |= carried(row, columns);
        row += row() * Float.BYTES;
      }
      return (carried & SIGNS) == 0;
    }

    /** Two at a time: an exponent of nothing but ones is carried into the sign. */
    private static long carried(long address, int n) {
      long carried = 0;
      int i = 0;
      for (; i < n - 1; i += 2) {
        carried |= (OffHeap.MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, address + (long) i * Float.BYTES) & EXPONENTS) + LOWEST;
      }
      if (i < n) {
        long last = Integer.toUnsignedLong(OffHeap.MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, address + (long) i * Float.BYTES));
        carried |= (last & EXPONENTS) + LOWEST;
      }
      return carried;
    }
  }
}
