package dev.chainrule.backend.cpu;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Operand;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Convolution and its two gradients, where oneDNN has nothing better ({@link DnnlConvolution}) as matrix products with the unfolded
 * input: result = weights x unfolded; gradient of the input = weights' x cotangent, folded back; gradient of the weights = cotangent x
 * unfolded', summed over the samples. Samples and groups are shared among the threads, each with an unfolded matrix of its own. The
 * weights' gradient is summed over {@value #SAMPLES} samples in order, these sums again in order, so that the bits don't depend on the
 * number of threads. Traffic: the unfolded matrix is written and read once, that is the input as often as the kernel has places.
 */
final class Convolution {

  private static final int SAMPLES = 8;

  private final ConvolutionSizes sizes;
  private final DType dtype;
  private final int width;
  private final RegisterKind kind;
  private final Folds.Accumulate accumulate;
  private final Unfolding unfolding;
  private final Gemm gemm;
  private final CpuDevice.Machine machine;
  private final Parts parts;
  private final Place workspace;
  private final @Nullable Epilogue epilogue;
  private final DnnlHolds holds;

  private Convolution(ConvolutionSizes sizes, DType dtype, Place workspace, @Nullable Epilogue epilogue, DnnlHolds holds,
      CpuDevice.Machine machine) {
    this.holds = holds;
    this.epilogue = epilogue;
    this.sizes = sizes;
    this.dtype = dtype;
    this.width = dtype.bytes();
    this.kind = RegisterKind.of(dtype);
    this.accumulate = Folds.loop(Op.Fold.SUM, kind);
    this.unfolding = new Unfolding(sizes, dtype);
    this.gemm = machine.gemm();
    this.machine = machine;
    this.parts = machine.parts();
    this.workspace = workspace;
  }

  /** One of the three kernels, of two operands and a result. */
  private interface Maker {
    Kernel of(Convolution convolution, DnnlConvolution.Tensor first, DnnlConvolution.Tensor second, DnnlConvolution.Tensor result);
  }

  /** @param epilogue only of what {@link #takesAlong} */
  static Kernel forward(Op.Conv op, Operand x, Operand w, Operand out, Place workspace, @Nullable Epilogue epilogue, Bases bases,
      CpuDevice.Machine machine) {
    var sizes = new ConvolutionSizes(op.geometry(), x.shape(), w.shape(), out.shape());
    return kernel(DnnlPass.Kind.FORWARD, sizes, x, w, out, workspace, epilogue, bases, machine, (c, first, second, result) ->
        c.by(DnnlPass.Kind.FORWARD, first, second, result, (a, b, to) -> c.parts.loop(c.new Forward(a, b, to))));
  }

  /** @param epilogue only of what {@link #takesAlong} */
  static Kernel inputGradient(Op.ConvInputGradient op, Operand cotangent, Operand w, Operand out, Place workspace,
      @Nullable Epilogue epilogue, Bases bases, CpuDevice.Machine machine) {
    var sizes = new ConvolutionSizes(op.geometry(), out.shape(), w.shape(), cotangent.shape());
    return kernel(DnnlPass.Kind.INPUT_GRADIENT, sizes, cotangent, w, out, workspace, epilogue, bases, machine,
        (c, first, second, result) -> c.by(DnnlPass.Kind.INPUT_GRADIENT, first, second, result,
            (a, b, to) -> c.parts.loop(c.new InputGradient(a, b, to))));
  }

  static Kernel weightGradient(Op.ConvWeightGradient op, Operand cotangent, Operand x, Operand out, Place workspace, Bases bases,
      CpuDevice.Machine machine) {
    var sizes = new ConvolutionSizes(op.geometry(), x.shape(), out.shape(), cotangent.shape());
    return kernel(DnnlPass.Kind.WEIGHT_GRADIENT, sizes, cotangent, x, out, workspace, null, bases, machine, (c, first, second, result) ->
        c.by(DnnlPass.Kind.WEIGHT_GRADIENT, first, second, result, (a, b, to) -> c.new WeightGradient(a, b, to)));
  }

  private static Kernel kernel(DnnlPass.Kind kind, ConvolutionSizes sizes, Operand first, Operand second, Operand out, Place workspace,
      @Nullable Epilogue epilogue, Bases bases, CpuDevice.Machine machine, Maker maker) {
    boolean isNative = DnnlConvolution.passes(kind, sizes, out.dtype(), machine.natives(), bases.holds()).isPresent();
    if (WidenedProduct.widens(out.dtype()) && !isNative) {
      return new WidenedProduct(first, second, out, workspace, bases, machine,
          (a, b, c, own) -> maker.of(new Convolution(sizes, DType.F32, own, null, bases.holds(), machine), dense(a), dense(b), dense(c)));
    }
    return maker.of(new Convolution(sizes, out.dtype(), workspace, epilogue, bases.holds(), machine), tensor(first, bases),
        tensor(second, bases), tensor(out, bases));
  }

  private static DnnlConvolution.Tensor dense(Place place) {
    return new DnnlConvolution.Tensor(place, false);
  }

  /** Dense, or with its channels last, which oneDNN alone is given. */
  private static DnnlConvolution.Tensor tensor(Operand operand, Bases bases) {
    Place place = bases.place(operand.buffer()).plus(operand.layout().offset() * operand.dtype().bytes());
    return new DnnlConvolution.Tensor(place, !operand.layout().isContiguous());
  }

  /** What makes a kernel of dense operands. */
  private interface Otherwise {
    Kernel of(Place first, Place second, Place result);
  }

  /** The kernel by oneDNN where that has a better one. */
  private Kernel by(DnnlPass.Kind kind, DnnlConvolution.Tensor first, DnnlConvolution.Tensor second, DnnlConvolution.Tensor result,
      Otherwise otherwise) {
    Optional<DnnlConvolution.Passes> passes = DnnlConvolution.passes(kind, sizes, dtype, machine.natives(), holds);
    return passes.isEmpty()
        ? otherwise.of(first.place(), second.place(), result.place())
        : new DnnlConvolution(passes.get(), first, second, result, workspace, epilogue, this::add, parts).kernel();
  }

  // --- workspace ---------------------------------------------------------------------------------------------------------------------

  /** With what a convolution or a gradient of one needs beside its operands, whatever number of parts it is cut into. */
  static NativeKernel support(Op op, List<TensorType> inputs, TensorType out, CpuDevice.Machine machine) {
    try (var holds = new DnnlHolds()) {
      return support(op, inputs, out, holds, machine);
    }
  }

  private static NativeKernel support(Op op, List<TensorType> inputs, TensorType out, DnnlHolds holds, CpuDevice.Machine machine) {
    ConvolutionSizes sizes = sizes(op, inputs, out);
    var passes = DnnlConvolution.passes(DnnlPass.Kind.of(op), sizes, out.dtype(), machine.natives(), holds);
    if (passes.isPresent()) {
      return new NativeKernel(false, true, passes.get().workspaceBytes(machine.parts()), passes.get().channelsLast());
    }
    boolean wide = WidenedProduct.widens(out.dtype());
    DType dtype = wide ? DType.F32 : out.dtype();
    long widened = wide ? WidenedProduct.workspaceBytes(inputs, out) : 0;
    var widePasses = DnnlConvolution.passes(DnnlPass.Kind.of(op), sizes, dtype, machine.natives(), holds);
    if (widePasses.isPresent()) {
      return new NativeKernel(false, true, widePasses.get().workspaceBytes(machine.parts()) + widened);
    }
    long own = matrixBytes(sizes, dtype);
    long sums = 0;
    if (op instanceof Op.ConvWeightGradient) {
      own += sizes.groupWeights() * dtype.bytes();
      sums = sumsBytes(sizes, dtype);
    }
    return new NativeKernel(false, true, sums + Math.min(machine.parts().most(), sizes.batch() * sizes.groups()) * own + widened);
  }

  private static ConvolutionSizes sizes(Op op, List<TensorType> inputs, TensorType out) {
    Shape first = inputs.get(0).shape();
    Shape second = inputs.get(1).shape();
    return switch (op) {
      case Op.Conv(var geometry) -> new ConvolutionSizes(geometry, first, second, out.shape());
      case Op.ConvInputGradient(var geometry, _) -> new ConvolutionSizes(geometry, out.shape(), second, first);
      case Op.ConvWeightGradient(var geometry, _) -> new ConvolutionSizes(geometry, second, out.shape(), first);
      default -> throw new IllegalArgumentException("[cpu] no convolution: " + op.label());
    };
  }

  /** Whether a convolution or a gradient of one takes an epilogue: all but those that are widened and narrowed, or added up at the end. */
  static boolean takesAlong(Op op, List<TensorType> inputs, TensorType out, CpuDevice.Machine machine) {
    try (var holds = new DnnlHolds()) {
      return !(op instanceof Op.ConvWeightGradient) && (out.dtype() == DType.F32 || (out.dtype() == DType.BF16
          && DnnlConvolution.passes(DnnlPass.Kind.of(op), sizes(op, inputs, out), out.dtype(), machine.natives(), holds).isPresent()));
    }
  }

  /** An unfolded matrix. */
  private static long matrixBytes(ConvolutionSizes sizes, DType dtype) {
    return (long) sizes.taps() * sizes.positions() * dtype.bytes();
  }

  /** The weights' gradients of {@value #SAMPLES} samples each. */
  private static long sumsBytes(ConvolutionSizes sizes, DType dtype) {
    return (sizes.batch() + SAMPLES - 1) / SAMPLES * sizes.groups() * sizes.groupWeights() * dtype.bytes();
  }

  private long work() {
    return Math.max(1, (long) sizes.groupFilters() * sizes.taps() * sizes.positions() / 16);
  }

  /** A loop over samples and groups with an unfolded matrix for each part. */
  private abstract class Items implements RangeKernel {

    @Override
    public long items() {
      return sizes.batch() * sizes.groups();
    }

    @Override
    public long itemWork() {
      return work();
    }

    long scratchBytes() {
      return matrixBytes(sizes, dtype);
    }

    @Override
    public void range(Frame frame, Registers registers, long first, long end) {
      long matrix = matrices(frame) + registers.part * scratchBytes();
      for (long item = first; item < end; item++) {
        item(frame, registers, item / sizes.groups(), item % sizes.groups(), matrix);
      }
    }

    /** Where the parts' matrices lie. */
    long matrices(Frame frame) {
      return workspace.address(frame);
    }

    abstract void item(Frame frame, Registers registers, long sample, long group, long matrix);
  }

  /** Elements of the result that have their values. */
  private void follow(Frame frame, long from, long n) {
    if (epilogue != null) {
      epilogue.elements(frame, from, from + n);
    }
  }

  private final class Forward extends Items {
    private final Place x;
    private final Place w;
    private final Place result;

    Forward(Place x, Place w, Place result) {
      this.x = x;
      this.w = w;
      this.result = result;
    }

    @Override
    void item(Frame frame, Registers registers, long sample, long group, long matrix) {
      unfolding.unfold(x.address(frame) + sizes.inputOffset(sample, group) * width, matrix);
      product(sizes.groupFilters(), sizes.positions(), sizes.taps(),
          w.address(frame) + group * sizes.groupWeights() * width, sizes.taps(), 1,
          matrix, sizes.positions(), 1,
          result.address(frame) + sizes.outputOffset(sample, group) * width);
      follow(frame, sizes.outputOffset(sample, group), (long) sizes.groupFilters() * sizes.positions());
    }
  }

  private final class InputGradient extends Items {
    private final Place cotangent;
    private final Place w;
    private final Place result;

    InputGradient(Place cotangent, Place w, Place result) {
      this.cotangent = cotangent;
      this.w = w;
      this.result = result;
    }

    @Override
    void item(Frame frame, Registers registers, long sample, long group, long matrix) {
      long channels = result.address(frame) + sizes.inputOffset(sample, group) * width;
      product(sizes.taps(), sizes.positions(), sizes.groupFilters(),
          w.address(frame) + group * sizes.groupWeights() * width, 1, sizes.taps(),
          cotangent.address(frame) + sizes.outputOffset(sample, group) * width, sizes.positions(), 1,
          matrix);
      OffHeap.clear(channels, sizes.groupInput() * width);
      unfolding.fold(matrix, channels);
      follow(frame, sizes.inputOffset(sample, group), sizes.groupInput());
    }
  }

  /** First the sums of {@value #SAMPLES} samples each, then their sum. */
  private final class WeightGradient extends Items implements Kernel {
    private final Place cotangent;
    private final Place x;
    private final Place result;
    private final long chunks = (sizes.batch() + SAMPLES - 1) / SAMPLES;
    private final long bytes = sizes.groupWeights() * width;
    private final Kernel loop;
    private long sums;

    WeightGradient(Place cotangent, Place x, Place result) {
      this.cotangent = cotangent;
      this.x = x;
      this.result = result;
      this.loop = parts.loop(this);
    }

    @Override
    public void run(Frame frame) {
      sums = workspace.address(frame);
      loop.run(frame);
      long to = result.address(frame);
      OffHeap.clear(to, sizes.groups() * bytes);
      for (long chunk = 0; chunk < chunks; chunk++) {
        add(parts.registers(0), sums + chunk * sizes.groups() * bytes, to, sizes.groups() * sizes.groupWeights());
      }
    }

    @Override
    long matrices(Frame frame) {
      return sums + sumsBytes(sizes, dtype);
    }

    @Override
    public long items() {
      return chunks * sizes.groups();
    }

    @Override
    public long itemWork() {
      return work() * SAMPLES;
    }

    @Override
    long scratchBytes() {
      return matrixBytes(sizes, dtype) + bytes;
    }

    @Override
    void item(Frame frame, Registers registers, long chunk, long group, long matrix) {
      chunk(registers, cotangent.address(frame), x.address(frame), chunk * SAMPLES, group,
          sums + (chunk * sizes.groups() + group) * bytes, matrix);
    }
  }

  /** The sum over some samples of cotangent x unfolded', in their order. */
  private void chunk(Registers registers, long cotangent, long x, long sample, long group, long to, long scratch) {
    long product = scratch + matrixBytes(sizes, dtype);
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
    DType sums = dtype.accumulator();
    Object x = registers.array(kind, 0);
    Object y = registers.array(kind, 1);
    for (long at = 0; at < n; at += Registers.BLOCK) {
      int count = (int) Math.min(Registers.BLOCK, n - at);
      read(sums, x, to + at * sums.bytes(), count);
      read(sums, y, from + at * sums.bytes(), count);
      accumulate.apply(x, y, count);
      BlockStorer.store(sums, x, count, to + at * sums.bytes(), registers);
    }
  }

  private static void read(DType dtype, Object register, long address, int n) {
    if (dtype == DType.F32) {
      Rows.floats(address, dtype.bytes(), (float[]) register, 0, n);
    } else {
      Rows.doubles(address, dtype.bytes(), (double[]) register, 0, n);
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
