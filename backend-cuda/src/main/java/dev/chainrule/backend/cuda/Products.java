package dev.chainrule.backend.cuda;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.Step;
import dev.chainrule.schedule.Instruction;
import java.lang.foreign.SegmentAllocator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The matrix products of a device's plans by cuBLASLt: the library's handle, and the workspace that all share, since one stream runs them
 * one after the other. Sums are f32 (f64 of f64), strictly, unless a product allows TF32; what is summed apart is put together in that type
 * and in an order that does not change, so that a run gives the same bits again.
 */
final class Products {

  /** As NVIDIA advises from Hopper on, where algorithms use it; a few megabytes do before. */
  private static final long WORKSPACE_BYTES = 32L << 20;

  private static final long SMALL_WORKSPACE_BYTES = 4L << 20;

  private static final System.Logger LOG = System.getLogger(Products.class.getName());

  private final CublasLt library;
  private final Context context;
  private final Streams streams;
  private final MemoryCache memory;
  private final ProductAlgorithms algorithms;
  private final long handle;
  private final long workspaceBytes;

  /** From the first product on. */
  private final AtomicReference<CudaMemory> workspace = new AtomicReference<>();

  /**
   * How the library is to compute.
   *
   * @param data type of operands and result
   * @param compute type of sums
   * @param scale type of the factors of product and old result
   */
  record Arithmetic(int data, int compute, int scale) {

    /** The library's numbers of the types. */
    @Override
    public String toString() {
      return data + "/" + compute + "/" + scale;
    }

    /** Empty where the library has none with our meaning: integers wrap. */
    static Optional<Arithmetic> of(DType dtype, boolean tf32) {
      return switch (dtype) {
        case F32 -> Optional.of(new Arithmetic(CublasLt.CUDA_R_32F,
            tf32 ? CublasLt.CUBLAS_COMPUTE_32F_FAST_TF32 : CublasLt.CUBLAS_COMPUTE_32F, CublasLt.CUDA_R_32F));
        case F16 -> Optional.of(new Arithmetic(CublasLt.CUDA_R_16F, CublasLt.CUBLAS_COMPUTE_32F, CublasLt.CUDA_R_32F));
        case BF16 -> Optional.of(new Arithmetic(CublasLt.CUDA_R_16BF, CublasLt.CUBLAS_COMPUTE_32F, CublasLt.CUDA_R_32F));
        case F64 -> Optional.of(new Arithmetic(CublasLt.CUDA_R_64F, CublasLt.CUBLAS_COMPUTE_64F, CublasLt.CUDA_R_64F));
        case I32, I64, U8, BOOL -> Optional.empty();
      };
    }
  }

  private Products(CublasLt library, Context context, Streams streams, MemoryCache memory, ProductAlgorithms algorithms, long handle,
      long workspaceBytes) {
    this.library = library;
    this.context = context;
    this.streams = streams;
    this.memory = memory;
    this.algorithms = algorithms;
    this.handle = handle;
    this.workspaceBytes = workspaceBytes;
  }

  /** Empty if the library does not start on this device, which the log says. */
  static Optional<Products> on(Context context, Streams streams, Card card, MemoryCache memory, CublasLt library,
      ProductAlgorithms algorithms) {
    long bytes = card.major() >= 9 ? WORKSPACE_BYTES : SMALL_WORKSPACE_BYTES;
    return context.call(() -> {
      try {
        var products = new Products(library, context, streams, memory, algorithms, context.taking(library::cublasLtCreate), bytes);
        context.atEnd(products::end);
        return Optional.of(products);
      } catch (CudaException e) {
        if (e.isPassing()) {
          throw e; // else bits would depend on what else is in memory
        }
        Libraries.sayOwnKernels("Matrix products", e.problem());
        return Optional.empty();
      }
    });
  }

  /** On the context's thread. */
  private void end() {
    CudaMemory mine = workspace.get();
    if (mine != null) {
      mine.free();
    }
    library.cublasLtDestroy(handle);
  }

  /** Whether the operation is a product that the library has words for, if operands lie as it likes. */
  static boolean takes(Op op, TensorType result) {
    return op instanceof Op.Dot(boolean tf32) && Arithmetic.of(result.dtype(), tf32).isPresent();
  }

  /** Whether the call is a product that the library can express. */
  static boolean takes(Instruction.Call call) {
    return takes(call.op(), call.outputs().getFirst().type())
        && ColumnMajor.of(call.inputs().get(0).layout(), call.inputs().get(1).layout()).isPresent();
  }

  /**
   * A product that {@link #takes} was told of, ready to be enqueued; empty if the library has no algorithm for it.
   *
   * @param step the call and where its operands lie
   * @param alignments bytes that the addresses in the table of memories are multiples of
   */
  Optional<PreparedProduct> prepared(Step.LibraryCall step, SegmentAllocator allocator, long... alignments) {
    Instruction.Call call = step.call();
    Arithmetic arithmetic = Arithmetic.of(call.outputs().getFirst().dtype(), ((Op.Dot) call.op()).tf32()).orElseThrow();
    ColumnMajor product = ColumnMajor.of(call.inputs().get(0).layout(), call.inputs().get(1).layout()).orElseThrow();
    long shared = workspace();
    Optional<PreparedProduct> made = context.call(() -> PreparedProduct.of(this, shared, product, arithmetic, step.places(),
        call.outputs().getFirst().dtype(), allocator, alignments));
    made.filter(ready -> algorithms.isToBeMeasured(ready.description())).ifPresent(this::measure);
    return made;
  }

  /** Has the product take the fastest of the library's algorithms from now on. */
  private void measure(PreparedProduct product) {
    try (var trial = new ProductTrial(product, context, streams, memory)) {
      algorithms.keep(product.description(), trial.fastest());
    } catch (DeviceOutOfMemoryException e) {
      LOG.log(System.Logger.Level.WARNING, "No algorithm of {0} is measured: {1}", product.description(), e.getMessage());
    } catch (RuntimeException e) {
      if (!context.isLost()) {
        context.run(product::destroy);
      }
      throw e;
    }
  }

  ProductAlgorithms algorithms() {
    return algorithms;
  }

  CublasLt library() {
    return library;
  }

  long handle() {
    return handle;
  }

  /** Bytes of workspace that an algorithm may want. */
  long workspaceBytes() {
    return workspaceBytes;
  }

  /** Address of the workspace. */
  private long workspace() {
    CudaMemory mine = workspace.get();
    if (mine == null) {
      mine = memory.allocate(workspaceBytes);
      workspace.set(mine);
    }
    return mine.address();
  }
}
