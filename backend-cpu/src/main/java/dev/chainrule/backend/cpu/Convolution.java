package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.Operand;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/**
 * Convolution and its two gradients as matrix products with the unfolded input: result = weights x unfolded; gradient of the input =
 * weights' x cotangent, folded back; gradient of the weights = cotangent x unfolded', summed over the samples. Samples and groups are
 * shared among the threads, each with an unfolded matrix of its own. The weights' gradient is summed over {@value #SAMPLES} samples in
 * order, these sums again in order, so that the bits don't depend on the number of threads. Traffic: the unfolded matrix is written and
 * read once, that is the input as often as the kernel has places.
 */
final class Convolution {

  private static final int SAMPLES = 8;

  private final ConvolutionSizes sizes;
  private final DType dtype;
  private final int width;
  private final Unfolding unfolding;
  private final Gemm gemm;

  private Convolution(ConvolutionSizes sizes, DType dtype, Gemm gemm) {
    this.sizes = sizes;
    this.dtype = dtype;
    this.width = dtype.bytes();
    this.unfolding = new Unfolding(sizes, dtype);
    this.gemm = gemm;
  }

  /** The places of the two operands and the result of one of the three kernels; all are dense. */
  private interface Body {
    void run(Frame frame, Place first, Place second, Place result);
  }

  static Kernel forward(Op.Conv op, Operand x, Operand w, Operand out, Bases bases, Gemm gemm) {
    var sizes = new ConvolutionSizes(op.geometry(), x.shape(), w.shape(), out.shape());
    return kernel(sizes, x, w, out, bases, gemm, c -> c::forward);
  }

  static Kernel inputGradient(Op.ConvInputGradient op, Operand cotangent, Operand w, Operand out, Bases bases, Gemm gemm) {
    var sizes = new ConvolutionSizes(op.geometry(), out.shape(), w.shape(), cotangent.shape());
    return kernel(sizes, cotangent, w, out, bases, gemm, c -> c::inputGradient);
  }

  static Kernel weightGradient(Op.ConvWeightGradient op, Operand cotangent, Operand x, Operand out, Bases bases, Gemm gemm) {
    var sizes = new ConvolutionSizes(op.geometry(), x.shape(), out.shape(), cotangent.shape());
    return kernel(sizes, cotangent, x, out, bases, gemm, c -> c::weightGradient);
  }

  private static Kernel kernel(ConvolutionSizes sizes, Operand first, Operand second, Operand out, Bases bases, Gemm gemm,
      Function<Convolution, Body> body) {
    if (out.dtype() == DType.F16 || out.dtype() == DType.BF16) {
      Body wide = body.apply(new Convolution(sizes, DType.F32, gemm));
      return new WidenedProduct(first, second, out, bases, (a, b, c) -> frame -> wide.run(frame, a, b, c));
    }
    Body same = body.apply(new Convolution(sizes, out.dtype(), gemm));
    Place a = dense(first, bases);
    Place b = dense(second, bases);
    Place c = bases.place(out.buffer());
    return frame -> same.run(frame, a, b, c);
  }

  private static Place dense(Operand operand, Bases bases) {
    return bases.place(operand.buffer()).plus(operand.layout().offset() * operand.dtype().bytes());
  }

  private long work() {
    return Math.max(1, (long) sizes.groupFilters() * sizes.taps() * sizes.positions() / 16);
  }

  private void forward(Frame frame, Place x, Place w, Place result) {
    long from = x.address(frame);
    long weights = w.address(frame);
    long to = result.address(frame);
    frame.parts().forEach(sizes.batch() * sizes.groups(), work(), (_, first, end) -> {
      CpuMemory memory = CpuMemory.allocate(unfolding.bytes());
      try {
        for (long item = first; item < end; item++) {
          long sample = item / sizes.groups();
          long group = item % sizes.groups();
          unfolding.unfold(from + sizes.inputOffset(sample, group) * width, memory.address());
          product(sizes.groupFilters(), sizes.positions(), sizes.taps(),
              weights + group * sizes.groupWeights() * width, sizes.taps(), 1,
              memory.address(), sizes.positions(), 1,
              to + sizes.outputOffset(sample, group) * width);
        }
      } finally {
        memory.free();
      }
    });
  }

  private void inputGradient(Frame frame, Place cotangent, Place w, Place result) {
    long from = cotangent.address(frame);
    long weights = w.address(frame);
    long to = result.address(frame);
    frame.parts().forEach(sizes.batch() * sizes.groups(), work(), (_, first, end) -> {
      CpuMemory memory = CpuMemory.allocate(unfolding.bytes());
      try {
        for (long item = first; item < end; item++) {
          long sample = item / sizes.groups();
          long group = item % sizes.groups();
          long channels = to + sizes.inputOffset(sample, group) * width;
          product(sizes.taps(), sizes.positions(), sizes.groupFilters(),
              weights + group * sizes.groupWeights() * width, 1, sizes.taps(),
              from + sizes.outputOffset(sample, group) * width, sizes.positions(), 1,
              memory.address());
          OffHeap.MEMORY.asSlice(channels, sizes.groupInput() * width).fill((byte) 0);
          unfolding.fold(memory.address(), channels);
        }
      } finally {
        memory.free();
      }
    });
  }

  private void weightGradient(Frame frame, Place cotangent, Place x, Place result) {
    long chunks = (sizes.batch() + SAMPLES - 1) / SAMPLES;
    long bytes = sizes.groupWeights() * width;
    CpuMemory sums = CpuMemory.allocate(chunks * sizes.groups() * bytes);
    try {
      frame.parts().forEach(chunks * sizes.groups(), work() * SAMPLES, (registers, first, end) -> {
        CpuMemory memory = CpuMemory.allocate(unfolding.bytes() + bytes);
        try {
          for (long item = first; item < end; item++) {
            chunk(registers, cotangent.address(frame), x.address(frame), item / sizes.groups() * SAMPLES, item % sizes.groups(),
                sums.address() + item * bytes, memory.address());
          }
        } finally {
          memory.free();
        }
      });
      long to = result.address(frame);
      OffHeap.MEMORY.asSlice(to, sizes.groups() * bytes).fill((byte) 0);
      frame.parts().forEach(1, 1, (registers, _, _) -> {
        for (long chunk = 0; chunk < chunks; chunk++) {
          add(registers, sums.address() + chunk * sizes.groups() * bytes, to, sizes.groups() * sizes.groupWeights());
        }
      });
    } finally {
      sums.free();
    }
  }

  /** The sum over some samples of cotangent x unfolded', in their order. */
  private void chunk(Registers registers, long cotangent, long x, long sample, long group, long to, long scratch) {
    long product = scratch + unfolding.bytes();
    for (long s = sample; s < Math.min(sample + SAMPLES, sizes.batch()); s++) {
      unfolding.unfold(x + sizes.inputOffset(s, group) * width, scratch);
      product(sizes.groupFilters(), sizes.taps(), sizes.positions(),
          cotangent + sizes.outputOffset(s, group) * width, sizes.positions(), 1,
          scratch, 1, sizes.positions(),
          s == sample ? to : product);
      if (s != sample) {
        add(registers, product, to, sizes.groupWeights());
      }
    }
  }

  private void add(Registers registers, long from, long to, long n) {
    RegisterKind kind = RegisterKind.of(dtype);
    Object x = registers.array(kind, 0);
    Object y = registers.array(kind, 1);
    for (long at = 0; at < n; at += Registers.BLOCK) {
      int count = (int) Math.min(Registers.BLOCK, n - at);
      read(x, to + at * width, count);
      read(y, from + at * width, count);
      Folds.loop(Op.Fold.SUM, kind).apply(x, y, count);
      BlockStorer.store(dtype, x, count, to + at * width, registers);
    }
  }

  private void read(Object register, long address, int n) {
    if (dtype == DType.F32) {
      Rows.floats(address, width, (float[]) register, 0, n);
    } else {
      Rows.doubles(address, width, (double[]) register, 0, n);
    }
  }

  /** C[m, n] = A[m, k] B[k, n] at absolute addresses; strides in elements. */
  private void product(int m, int n, int k, long a, long aRow, long aColumn, long b, long bRow, long bColumn, long c) {
    MemorySegment all = OffHeap.MEMORY;
    if (dtype == DType.F32) {
      gemm.sgemm(m, n, k, all, a / width, aRow, aColumn, all, b / width, bRow, bColumn, all, c / width, n);
    } else {
      gemm.dgemm(m, n, k, all, a / width, aRow, aColumn, all, b / width, bRow, bColumn, all, c / width, n);
    }
  }
}
