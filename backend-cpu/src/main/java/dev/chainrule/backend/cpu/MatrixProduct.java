package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Batches of matrix products. F32 and F64 go to {@link Gemm} with the operands' own strides, so that a transposed one is not copied;
 * F16 and BF16 are widened to F32 first and the product is rounded once; integers take plain loops. Large products share one product
 * among the threads, small ones share the batch; the bits are the same. Traffic: that of {@link Gemm}; the widened operands are written
 * and read once more.
 */
final class MatrixProduct implements RangeKernel, Gemm.Follower {

  /** Multiplications beyond which a product of its own keeps all threads busy. */
  private static final long LARGE = 1L << 21;

  private final Gemm gemm;
  private final DType dtype;
  private final Matrices x;
  private final Matrices y;
  private final Place output;
  private final int m;
  private final int n;
  private final int k;
  private final long batches;
  private final @Nullable Epilogue epilogue;

  /** Which run, and which product of it, blocks are of while one product is shared among the threads. */
  private @Nullable Frame running;
  private long runningBatch;

  /** An operand as a stack of matrices. */
  private record Matrices(Place place, Layout layout, Strides batch) {
    static Matrices of(Operand operand, Bases bases) {
      return of(bases.place(operand.buffer()), operand.layout());
    }

    static Matrices of(Place place, Layout layout) {
      Shape shape = layout.shape();
      // One more axis of one element: rows of the batch then are single matrices.
      long[] dims = new long[shape.rank() - 1];
      long[] strides = new long[shape.rank() - 1];
      for (int axis = 0; axis < dims.length - 1; axis++) {
        dims[axis] = shape.dim(axis);
        strides[axis] = layout.stride(axis);
      }
      dims[dims.length - 1] = 1;
      return new Matrices(place, layout, new Strides(dims, strides, layout.offset()));
    }

    long offset(long number) {
      return batch.rowOffset(number);
    }

    long row() {
      return layout.stride(-2);
    }

    long column() {
      return layout.stride(-1);
    }
  }

  private MatrixProduct(Gemm gemm, DType dtype, Matrices x, Matrices y, Place output, Shape result, long k, @Nullable Epilogue epilogue) {
    this.epilogue = epilogue;
    this.gemm = gemm;
    this.dtype = dtype;
    this.x = x;
    this.y = y;
    this.output = output;
    this.m = Math.toIntExact(result.dim(-2));
    this.n = Math.toIntExact(result.dim(-1));
    this.k = Math.toIntExact(k);
    this.batches = result.slice(0, result.rank() - 2).elements();
  }

  /** @param epilogue only of F32 */
  static Kernel of(Operand x, Operand y, Operand out, Place workspace, @Nullable Epilogue epilogue, Bases bases,
      CpuDevice.Machine machine) {
    long k = x.shape().dim(-1);
    if (out.dtype() == DType.F16 || out.dtype() == DType.BF16) {
      return new WidenedProduct(x, y, out, workspace, bases, machine, (a, b, c, _) -> new MatrixProduct(machine.gemm(), DType.F32,
          Matrices.of(a, Layout.dense(x.shape())), Matrices.of(b, Layout.dense(y.shape())), c, out.shape(), k, null).linked(machine.parts()));
    }
    return new MatrixProduct(machine.gemm(), out.dtype(), Matrices.of(x, bases), Matrices.of(y, bases), bases.place(out.buffer()),
        out.shape(), k, epilogue).linked(machine.parts());
  }

  /** What {@link #of} needs beside its operands. */
  static long workspaceBytes(List<TensorType> inputs, TensorType out) {
    return out.dtype() == DType.F16 || out.dtype() == DType.BF16 ? WidenedProduct.workspaceBytes(inputs, out) : 0;
  }

  private Kernel linked(Parts parts) {
    return !dtype.isFloating() || (batches > 1 && work() < LARGE) ? parts.loop(this) : this::oneByOne;
  }

  private long work() {
    return (long) m * n * Math.max(k, 1);
  }

  private void oneByOne(Frame frame) {
    running = frame;
    for (long batch = 0; batch < batches; batch++) {
      runningBatch = batch;
      product(frame, batch, epilogue == null ? null : this);
    }
  }

  @Override
  public void block(int row, int rows, int column, int columns) {
    Objects.requireNonNull(epilogue).rows(Objects.requireNonNull(running), (runningBatch * m + row) * n + column, rows, n, columns);
  }

  /** Products, or rows of products of integers. */
  @Override
  public long items() {
    return dtype.isFloating() ? batches : batches * m;
  }

  @Override
  public long itemWork() {
    return dtype.isFloating() ? work() / 16 : (long) n * k;
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    for (long item = first; item < end; item++) {
      if (dtype.isFloating()) {
        product(frame, item, null);
        if (epilogue != null) {
          epilogue.elements(frame, item * m * n, (item + 1) * m * n);
        }
      } else {
        integers(frame, item / m, item % m);
      }
    }
  }

  private void product(Frame frame, long batch, Gemm.@Nullable Follower follower) {
    if (dtype == DType.F32) {
      floats(frame, batch, follower);
    } else {
      doubles(frame, batch);
    }
  }

  private void floats(Frame frame, long batch, Gemm.@Nullable Follower follower) {
    gemm.sgemm(m, n, k,
        OffHeap.MEMORY, x.place.address(frame) / Float.BYTES + x.offset(batch), x.row(), x.column(),
        OffHeap.MEMORY, y.place.address(frame) / Float.BYTES + y.offset(batch), y.row(), y.column(),
        OffHeap.MEMORY, output.address(frame) / Float.BYTES + batch * m * n, n, follower);
  }

  private void doubles(Frame frame, long batch) {
    gemm.dgemm(m, n, k,
        OffHeap.MEMORY, x.place.address(frame) / Double.BYTES + x.offset(batch), x.row(), x.column(),
        OffHeap.MEMORY, y.place.address(frame) / Double.BYTES + y.offset(batch), y.row(), y.column(),
        OffHeap.MEMORY, output.address(frame) / Double.BYTES + batch * m * n, n);
  }

  private void integers(Frame frame, long batch, long i) {
    long left = x.place.address(frame);
    long right = y.place.address(frame);
    long to = output.address(frame);
    long width = dtype.bytes();
    for (long j = 0; j < n; j++) {
      long sum = 0;
      for (long l = 0; l < k; l++) {
        sum += Elements.integer(dtype, left + (x.offset(batch) + i * x.row() + l * x.column()) * width)
            * Elements.integer(dtype, right + (y.offset(batch) + l * y.row() + j * y.column()) * width);
      }
      Elements.put(dtype, to + ((batch * m + i) * n + j) * width, sum);
    }
  }
}
