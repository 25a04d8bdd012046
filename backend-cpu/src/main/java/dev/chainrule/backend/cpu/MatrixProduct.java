package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Batches of matrix products. F32 and F64 go to {@link Gemm} with the operands' own strides, so that a transposed one is not copied, and so
 * does BF16 to {@link BrainProduct} where the processor multiplies it. F16, and BF16 elsewhere, are widened to F32 first and the product is
 * rounded once; integers take plain loops. Large products share one product among the threads, small ones share the batch; the bits are
 * the same. Traffic: that of {@link Gemm}; the widened operands are written and read once more.
 */
final class MatrixProduct implements RangeKernel, Gemm.Follower {

  /** Multiplications beyond which a product of its own keeps all threads busy. */
  private static final long LARGE = 1L << 21;

  private final Single single;
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

  /** The product of two matrices of floats at addresses; a follower is told of each block that is done. */
  private interface Single {
    void multiply(long a, long b, long c, Gemm.@Nullable Follower follower);
  }

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

    long address(Frame frame, long number, DType dtype) {
      return place.address(frame) + offset(number) * dtype.bytes();
    }

    long row() {
      return layout.stride(-2);
    }

    long column() {
      return layout.stride(-1);
    }
  }

  private MatrixProduct(Multiplication multiplication, DType dtype, Matrices x, Matrices y, Place output, Shape result, long k,
      @Nullable Epilogue epilogue) {
    this.epilogue = epilogue;
    this.dtype = dtype;
    this.x = x;
    this.y = y;
    this.output = output;
    this.m = Math.toIntExact(result.dim(-2));
    this.n = Math.toIntExact(result.dim(-1));
    this.k = Math.toIntExact(k);
    this.batches = result.slice(0, result.rank() - 2).elements();
    this.single = multiplication.of(this);
  }

  /** What multiplies the matrices of a stack of products. */
  private interface Multiplication {
    Single of(MatrixProduct product);
  }

  /** @param epilogue only of what {@link #takesAlong} */
  static Kernel of(Operand x, Operand y, Operand out, Place workspace, @Nullable Epilogue epilogue, Bases bases,
      CpuDevice.Machine machine) {
    if (isMultiplied(List.of(x.type(), y.type()), out.type(), machine.natives())) {
      return brains(x, y, out, workspace, epilogue, bases, machine);
    }
    long k = x.shape().dim(-1);
    if (WidenedProduct.widens(out.dtype())) {
      return new WidenedProduct(x, y, out, workspace, bases, machine, (a, b, c, _) -> new MatrixProduct(p -> p.floats(machine.gemm()),
          DType.F32, Matrices.of(a, Layout.dense(x.shape())), Matrices.of(b, Layout.dense(y.shape())), c, out.shape(), k, null)
          .linked(machine.parts()));
    }
    Place result = bases.place(out.buffer()).plus(out.layout().offset() * out.dtype().bytes());
    return new MatrixProduct(p -> out.dtype() == DType.F64 ? p.doubles(machine.gemm()) : p.floats(machine.gemm()), out.dtype(),
        Matrices.of(x, bases), Matrices.of(y, bases), result, out.shape(), k, epilogue).linked(machine.parts());
  }

  /**
   * BF16 by instructions of the processor; what they cannot read as it lies is made dense. oneDNN has been asked about dense operands,
   * which the workspace has room for copies of; others it may refuse.
   */
  private static Kernel brains(Operand x, Operand y, Operand out, Place workspace, @Nullable Epilogue epilogue, Bases bases,
      CpuDevice.Machine machine) {
    try {
      return brains(BrainProduct::reads, x, y, out, workspace, epilogue, bases, machine);
    } catch (Dnnl.RefusedException e) {
      return brains(Layout::isContiguous, x, y, out, workspace, epilogue, bases, machine);
    }
  }

  private static Kernel brains(Predicate<Layout> stays, Operand x, Operand y, Operand out, Place workspace, @Nullable Epilogue epilogue,
      Bases bases, CpuDevice.Machine machine) {
    List<Kernel> kernels = new ArrayList<>();
    Matrices a = readable(stays, x, workspace, bases, machine, kernels);
    Matrices b = readable(stays, y, workspace.plus(aligned(x.type())), bases, machine, kernels);
    kernels.add(new MatrixProduct(p -> p.brains(bases.holds(), machine), DType.BF16, a, b, bases.place(out.buffer()), out.shape(), x.shape().dim(-1),
        epilogue).linked(machine.parts()));
    return Sequence.of(kernels);
  }

  private static Matrices readable(Predicate<Layout> stays, Operand operand, Place copy, Bases bases, CpuDevice.Machine machine,
      List<Kernel> kernels) {
    if (stays.test(operand.layout())) {
      return Matrices.of(operand, bases);
    }
    Layout dense = Layout.dense(operand.shape());
    kernels.add(machine.parts().loop(
        new StridedCopy(bases.place(operand.buffer()), operand.layout(), copy, dense, operand.dtype().bytes())));
    return Matrices.of(copy, dense);
  }

  /** Whether products of BF16 are computed without widening. The choice depends on sizes, types and the machine. */
  private static boolean isMultiplied(List<TensorType> inputs, TensorType out, Natives natives) {
    return out.dtype() == DType.BF16 && out.elements() > 0 && inputs.getFirst().elements() > 0
        && natives.dnnl().filter(dnnl -> dnnl.hasBf16() && isDone(dnnl, inputs.getFirst(), out)).isPresent();
  }

  private static boolean isDone(Dnnl dnnl, TensorType x, TensorType out) {
    return BrainProduct.isDone(dnnl, Math.toIntExact(out.shape().dim(-2)), Math.toIntExact(out.shape().dim(-1)),
        Math.toIntExact(x.shape().dim(-1)));
  }

  /** Whether {@link #of} takes an epilogue. */
  static boolean takesAlong(List<TensorType> inputs, TensorType out, Natives natives) {
    return out.dtype() == DType.F32 || isMultiplied(inputs, out, natives);
  }

  /** What {@link #of} needs beside its operands. */
  static long workspaceBytes(List<TensorType> inputs, TensorType out, Natives natives) {
    if (isMultiplied(inputs, out, natives)) {
      return aligned(inputs.get(0)) + aligned(inputs.get(1));
    }
    return WidenedProduct.widens(out.dtype()) ? WidenedProduct.workspaceBytes(inputs, out) : 0;
  }

  private static long aligned(TensorType type) {
    return (type.bytes() + Schedule.ALIGNMENT - 1) / Schedule.ALIGNMENT * Schedule.ALIGNMENT;
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
    single.multiply(x.address(frame, batch, dtype), y.address(frame, batch, dtype),
        output.address(frame) + batch * m * n * dtype.bytes(), follower);
  }

  private Single floats(Gemm gemm) {
    return (a, b, c, follower) -> gemm.sgemm(m, n, k,
        OffHeap.MEMORY, a / Float.BYTES, x.row(), x.column(),
        OffHeap.MEMORY, b / Float.BYTES, y.row(), y.column(),
        OffHeap.MEMORY, c / Float.BYTES, n, follower);
  }

  private Single doubles(Gemm gemm) {
    return (a, b, c, _) -> gemm.dgemm(m, n, k,
        OffHeap.MEMORY, a / Double.BYTES, x.row(), x.column(),
        OffHeap.MEMORY, b / Double.BYTES, y.row(), y.column(),
        OffHeap.MEMORY, c / Double.BYTES, n);
  }

  private Single brains(DnnlHolds holds, CpuDevice.Machine machine) {
    var product = new BrainProduct(machine.natives().dnnl().orElseThrow(), m, n, k, x.layout, y.layout, holds);
    return (a, b, c, follower) -> product.run(a, b, c, machine.workers(), follower);
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
