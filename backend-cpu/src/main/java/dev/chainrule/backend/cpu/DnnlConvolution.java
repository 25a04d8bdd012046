package dev.chainrule.backend.cpu;

import dev.chainrule.backend.cpu.DnnlPass.Kind;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Convolution of F32 and its gradients by oneDNN's own kernels, and of BF16 where the processor multiplies that, a sample at a time: what
 * it reads and writes is brought into oneDNN's layouts and back while it lies in a thread's cache, unless the planner has it lie so, the
 * weights once for all samples. The weights' gradient is computed of {@value #SAMPLES} samples at a time, and these sums, of F32, are
 * added in order, so that the bits don't depend on the number of threads. Traffic: operands and result once.
 */
final class DnnlConvolution {

  /** Samples of a weights' gradient that oneDNN adds up. */
  private static final int SAMPLES = 8;

  /** Fewer samples leave threads without work. */
  private static final int LEAST_SAMPLES = 4;

  /** Multiply-adds of a sample that are worth its calls. */
  private static final long LEAST_WORK = 1 << 16;

  /** The gradient of an input with few channels, as images have, is slow in rows of channels. */
  private static final int FEW_CHANNELS = 8;

  /** Channels that the planner may have come last fill vectors. */
  private static final int CHANNELS_OF_VECTORS = 16;

  /** Multiply-adds in the time of an elementary operation. */
  private static final int ELEMENTARY = 16;

  /** Adds {@code n} floats from an address to those at another. */
  interface Addition {
    void add(Registers registers, long from, long to, long n);
  }

  /**
   * A tensor.
   *
   * @param arranged whether it lies in the pass's own layout, else it is dense
   */
  record Tensor(Place place, boolean arranged) {
    long address(Frame frame) {
      return place.address(frame);
    }
  }

  private final Passes passes;
  private final ConvolutionSizes sizes;
  private final int width;
  private final Parts parts;
  private final Addition sum;
  private final @Nullable Epilogue epilogue;
  private final Tensor first;
  private final Tensor second;
  private final Tensor result;
  private final Place workspace;

  DnnlConvolution(Passes passes, Tensor first, Tensor second, Tensor result, Place workspace, @Nullable Epilogue epilogue, Addition sum,
      Parts parts) {
    this.passes = passes;
    this.sizes = passes.sizes;
    this.width = passes.dtype.bytes();
    this.sum = sum;
    this.parts = parts;
    this.epilogue = epilogue;
    this.first = first;
    this.second = second;
    this.result = result;
    this.workspace = workspace;
  }

  /**
   * What computes a convolution.
   *
   * @param pass of one sample, or of some if the samples are added up
   * @param last of what is left of the samples then; the same if nothing is
   */
  record Passes(Kind kind, ConvolutionSizes sizes, DType dtype, DnnlPass pass, DnnlPass last) {

    /** The operands, first, second and result, that the planner had better have with their channels last. */
    NativeKernel.ChannelsLast channelsLast() {
      boolean x = sizes.groupChannels() % CHANNELS_OF_VECTORS == 0;
      boolean y = sizes.groupFilters() % CHANNELS_OF_VECTORS == 0;
      List<Boolean> likes = switch (kind) {
        case FORWARD -> List.of(x, false, y);
        case INPUT_GRADIENT -> List.of(y, false, x);
        case WEIGHT_GRADIENT -> List.of(y, x, false);
      };
      return pass.hasChannelsLast() && last.hasChannelsLast()
          ? new NativeKernel.ChannelsLast(IntStream.range(0, 3).filter(likes::get).boxed().toList(), false)
          : NativeKernel.ChannelsLast.NONE;
    }

    /** What is there once: the weights as oneDNN wants them, or the weights' gradients of some samples each. */
    long sharedBytes() {
      return kind == Kind.WEIGHT_GRADIENT ? chunks(sizes) * gradientBytes() : pass.arrangedBytes(1);
    }

    /** A sum of weights' gradients. */
    long gradientBytes() {
      return DnnlPass.aligned(pass.bytes(2));
    }

    /** What each part has of its own. */
    long partBytes() {
      return Math.max(partBytes(pass), partBytes(last));
    }

    private long partBytes(DnnlPass of) {
      return of.arrangedBytes(0) + of.arrangedBytes(kind == Kind.WEIGHT_GRADIENT ? 1 : 2) + of.scratchpadBytes();
    }

    long workspaceBytes(Parts parts) {
      return sharedBytes() + Math.min(parts.most(), sizes.batch()) * partBytes();
    }
  }

  /** The passes of a convolution, if oneDNN is there and has good ones. The choice depends on sizes and types alone. */
  static Optional<Passes> passes(Kind kind, ConvolutionSizes sizes, DType dtype, Natives natives, DnnlHolds holds) {
    return isWorthIt(kind, sizes)
        ? natives.dnnl().filter(dnnl -> computes(dnnl, dtype)).flatMap(dnnl -> passes(kind, sizes, dtype, dnnl, holds)) : Optional.empty();
  }

  private static boolean computes(Dnnl dnnl, DType dtype) {
    return dtype == DType.F32 || (dtype == DType.BF16 && dnnl.hasBf16());
  }

  private static Optional<Passes> passes(Kind kind, ConvolutionSizes sizes, DType dtype, Dnnl dnnl, DnnlHolds holds) {
    try {
      if (kind != Kind.WEIGHT_GRADIENT) {
        DnnlPass pass = dnnl.pass(sizes.passOf(kind, dtype, 1), holds);
        return Optional.of(new Passes(kind, sizes, dtype, pass, pass));
      }
      DnnlPass pass = dnnl.pass(sizes.passOf(kind, dtype, chunk(sizes)), holds);
      long rest = sizes.batch() - (chunks(sizes) - 1) * chunk(sizes);
      DnnlPass last = rest == chunk(sizes) ? pass : dnnl.pass(sizes.passOf(kind, dtype, rest), pass, holds);
      return Optional.of(new Passes(kind, sizes, dtype, pass, last));
    } catch (Dnnl.RefusedException e) {
      return Optional.empty(); // strange borders, for one
    }
  }

  private static long chunk(ConvolutionSizes sizes) {
    return Math.min(SAMPLES, sizes.batch());
  }

  private static long chunks(ConvolutionSizes sizes) {
    return Math.ceilDiv(sizes.batch(), chunk(sizes));
  }

  Kernel kernel() {
    return passes.kind == Kind.WEIGHT_GRADIENT ? new WeightGradient() : new Samples();
  }

  private static boolean isWorthIt(Kind kind, ConvolutionSizes sizes) {
    boolean fewChannels = sizes.groups() == 1 && sizes.groupChannels() < FEW_CHANNELS;
    return sizes.batch() >= LEAST_SAMPLES && !sizes.axes().isEmpty() && work(sizes) >= LEAST_WORK
        && !(kind == Kind.INPUT_GRADIENT && fewChannels);
  }

  /** Multiply-adds of a sample. */
  private static long work(ConvolutionSizes sizes) {
    return (long) sizes.groups() * sizes.groupFilters() * sizes.taps() * sizes.positions();
  }

  /** The forward pass and the gradient of the input: a result for each sample. */
  private final class Samples implements RangeKernel, Kernel {
    private final DnnlPass pass = passes.pass;
    private final long from = passes.kind == Kind.FORWARD ? sizes.inputOffset(1, 0) : sizes.outputOffset(1, 0);
    private final long to = passes.kind == Kind.FORWARD ? sizes.outputOffset(1, 0) : sizes.inputOffset(1, 0);
    private final Kernel loop = parts.loop(this);
    private long weights;

    @Override
    public void run(Frame frame) {
      DnnlPass.Lane lane = pass.takeLane();
      try {
        weights = lane.arrange(1, second.address(frame), workspace.address(frame));
      } finally {
        pass.giveBack(lane);
      }
      loop.run(frame);
    }

    @Override
    public long items() {
      return sizes.batch();
    }

    @Override
    public long itemWork() {
      return work(sizes) / ELEMENTARY;
    }

    @Override
    public void range(Frame frame, Registers registers, long firstSample, long end) {
      long own = workspace.address(frame) + passes.sharedBytes() + registers.part * passes.partBytes();
      DnnlPass.Lane lane = pass.takeLane();
      try {
        for (long sample = firstSample; sample < end; sample++) {
          sample(frame, sample, lane, own);
        }
      } finally {
        pass.giveBack(lane);
      }
    }

    private void sample(Frame frame, long sample, DnnlPass.Lane lane, long own) {
      long at = own + pass.arrangedBytes(0);
      long out = result.address(frame) + sample * to * width;
      long given = first.address(frame) + sample * from * width;
      long in = first.arranged ? given : lane.arrange(0, given, own);
      boolean stays = result.arranged || pass.arrangedBytes(2) == 0;
      long arranged = stays ? out : at;
      lane.compute(in, weights, arranged, at + pass.arrangedBytes(2));
      if (!stays) {
        lane.giveOut(arranged, out);
      }
      if (epilogue != null) {
        epilogue.elements(frame, sample * to, (sample + 1) * to);
      }
    }
  }

  /** First the sums of {@value #SAMPLES} samples each, then their sum. */
  private final class WeightGradient implements RangeKernel, Kernel {
    private final long chunk = chunk(sizes);
    private final long chunks = chunks(sizes);
    private final long bytes = passes.gradientBytes();
    private final Kernel loop = parts.loop(this);
    private final Kernel total = parts.loop(new Total());

    @Override
    public void run(Frame frame) {
      loop.run(frame);
      total.run(frame);
      DnnlPass pass = passes.pass;
      long sums = workspace.address(frame);
      if (pass.arrangedBytes(2) == 0) {
        MemorySegment.copy(OffHeap.MEMORY, sums, OffHeap.MEMORY, result.address(frame), pass.bytes(2));
        return;
      }
      DnnlPass.Lane lane = pass.takeLane();
      try {
        lane.giveOut(sums, result.address(frame));
      } finally {
        pass.giveBack(lane);
      }
    }

    @Override
    public long items() {
      return chunks;
    }

    @Override
    public long itemWork() {
      return work(sizes) * chunk / ELEMENTARY;
    }

    @Override
    public void range(Frame frame, Registers registers, long firstChunk, long end) {
      long own = workspace.address(frame) + passes.sharedBytes() + registers.part * passes.partBytes();
      for (long number = firstChunk; number < end; number++) {
        DnnlPass of = number == chunks - 1 ? passes.last : passes.pass;
        DnnlPass.Lane lane = of.takeLane();
        try {
          sumUp(frame, number, of, lane, own);
        } finally {
          of.giveBack(lane);
        }
      }
    }

    private void sumUp(Frame frame, long number, DnnlPass of, DnnlPass.Lane lane, long own) {
      long sample = number * chunk;
      long behind = own + of.arrangedBytes(0);
      long cotangent = first.address(frame) + sizes.outputOffset(sample, 0) * width;
      cotangent = first.arranged ? cotangent : lane.arrange(0, cotangent, own);
      long x = second.address(frame) + sizes.inputOffset(sample, 0) * width;
      x = second.arranged ? x : lane.arrange(1, x, behind);
      lane.compute(cotangent, x, workspace.address(frame) + number * bytes, behind + of.arrangedBytes(1));
    }

    /** Adds the sums up, in the place of the first. */
    private final class Total implements RangeKernel {
      private final long elements = passes.pass.bytes(2) / Float.BYTES;

      @Override
      public long items() {
        return chunks == 1 ? 0 : Math.ceilDiv(elements, Registers.BLOCK);
      }

      @Override
      public long itemWork() {
        return chunks * Registers.BLOCK;
      }

      @Override
      public void range(Frame frame, Registers registers, long firstBlock, long end) {
        long sums = workspace.address(frame);
        for (long block = firstBlock; block < end; block++) {
          long to = sums + block * Registers.BLOCK * Float.BYTES;
          for (long i = 1; i < chunks; i++) {
            sum.add(registers, to + i * bytes, to, Math.min(Registers.BLOCK, elements - block * Registers.BLOCK));
          }
        }
      }
    }
  }
}
