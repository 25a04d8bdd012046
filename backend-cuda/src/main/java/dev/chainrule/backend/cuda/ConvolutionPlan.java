package dev.chainrule.backend.cuda;

import dev.chainrule.schedule.Schedule;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What cuDNN would do for a convolution: the first engine of its heuristics whose arithmetic is ours and that the GPU has. Two runs of one
 * give the same bits. It knows no addresses, so executables share it. Of the context's thread alone.
 */
final class ConvolutionPlan {

  /** Numbers of x, w and y for the library. */
  static final long[] IDENTIFIERS = {1, 2, 3};

  /** Of a workspace's address, whatever an engine asks for; less is promised of what lies in a plan's arena. */
  static final long WORKSPACE_ALIGNMENT = 256;

  /** Workspace that an engine may have for small operands. */
  private static final long SMALL_WORKSPACE_BYTES = 32L << 20;

  /** An engine keeps the operands in a layout of its own, at most. */
  private static final long WORKSPACE_OF_OPERANDS = 2;

  private final DnnDescriptors descriptors;
  private final long descriptor;
  private final long workspaceBytes;
  private int users;

  private ConvolutionPlan(DnnDescriptors descriptors, long descriptor, long workspaceBytes) {
    this.descriptors = descriptors;
    this.descriptor = descriptor;
    this.workspaceBytes = workspaceBytes;
  }

  /**
   * Empty if no engine will do.
   *
   * @throws CudaException if the library takes the description amiss
   */
  static Optional<ConvolutionPlan> of(Cudnn library, long handle, DnnConvolution convolution) {
    var descriptors = new DnnDescriptors(library);
    try {
      long graph = graph(descriptors, handle, convolution);
      for (int mode : new int[] {Cudnn.CUDNN_HEUR_MODE_A, Cudnn.CUDNN_HEUR_MODE_FALLBACK}) {
        Optional<ConvolutionPlan> plan = first(library, handle, graph, mode, convolution, descriptors);
        if (plan.isPresent()) {
          return plan;
        }
      }
    } catch (CudaException e) {
      descriptors.close();
      throw e;
    }
    descriptors.close();
    return Optional.empty();
  }

  private static long graph(DnnDescriptors to, long handle, DnnConvolution convolution) {
    long x = tensor(to, convolution, convolution.x(), IDENTIFIERS[0]);
    long w = tensor(to, convolution, convolution.w(), IDENTIFIERS[1]);
    long y = tensor(to, convolution, convolution.y(), IDENTIFIERS[2]);
    long moving = to.of(Cudnn.CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR,
        Cudnn.Attribute.of(Cudnn.CUDNN_ATTR_CONVOLUTION_COMP_TYPE, Cudnn.Type.DATA_TYPE, Cudnn.CUDNN_DATA_FLOAT),
        Cudnn.Attribute.of(Cudnn.CUDNN_ATTR_CONVOLUTION_CONV_MODE, Cudnn.Type.CONVOLUTION_MODE, Cudnn.CUDNN_CROSS_CORRELATION),
        Cudnn.Attribute.integers(Cudnn.CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, List.of((long) convolution.strides().size())),
        Cudnn.Attribute.integers(Cudnn.CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, convolution.low()),
        Cudnn.Attribute.integers(Cudnn.CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, convolution.high()),
        Cudnn.Attribute.integers(Cudnn.CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, convolution.strides()),
        Cudnn.Attribute.integers(Cudnn.CUDNN_ATTR_CONVOLUTION_DILATIONS, convolution.dilations()));
    long operation = switch (convolution.kind()) {
      case FORWARD -> operation(to, Cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
          Cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, moving, w, x, y);
      case INPUT_GRADIENT -> operation(to, Cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
          Cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, moving, w, x, y);
      case WEIGHT_GRADIENT -> operation(to, Cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
          Cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, moving, w, x, y);
    };
    return to.of(Cudnn.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR,
        Cudnn.Attribute.of(Cudnn.CUDNN_ATTR_OPERATIONGRAPH_HANDLE, Cudnn.Type.HANDLE, handle),
        Cudnn.Attribute.descriptor(Cudnn.CUDNN_ATTR_OPERATIONGRAPH_OPS, operation));
  }

  private static long tensor(DnnDescriptors to, DnnConvolution convolution, DnnConvolution.Tensor tensor, long identifier) {
    return to.of(Cudnn.CUDNN_BACKEND_TENSOR_DESCRIPTOR,
        Cudnn.Attribute.of(Cudnn.CUDNN_ATTR_TENSOR_DATA_TYPE, Cudnn.Type.DATA_TYPE, convolution.data()),
        Cudnn.Attribute.integers(Cudnn.CUDNN_ATTR_TENSOR_DIMENSIONS, tensor.sizes()),
        Cudnn.Attribute.integers(Cudnn.CUDNN_ATTR_TENSOR_STRIDES, tensor.strides()),
        Cudnn.Attribute.integers(Cudnn.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, List.of(tensor.alignment())),
        Cudnn.Attribute.integers(Cudnn.CUDNN_ATTR_TENSOR_UNIQUE_ID, List.of(identifier)));
  }

  /** @param alpha the first of the operation's attributes: factors of the result and of what was there, how it moves, w, x, y, or their gradients */
  private static long operation(DnnDescriptors to, int type, int alpha, long moving, long w, long x, long y) {
    return to.of(type, Cudnn.Attribute.number(alpha, 1), Cudnn.Attribute.number(alpha + 1, 0), Cudnn.Attribute.descriptor(alpha + 2, moving),
        Cudnn.Attribute.descriptor(alpha + 3, w), Cudnn.Attribute.descriptor(alpha + 4, x), Cudnn.Attribute.descriptor(alpha + 5, y));
  }

  private static Optional<ConvolutionPlan> first(
      Cudnn library, long handle, long graph, int mode, DnnConvolution convolution, DnnDescriptors descriptors) {
    try (var tried = new DnnDescriptors(library)) {
      long heuristics = tried.of(Cudnn.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR,
          Cudnn.Attribute.descriptor(Cudnn.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph),
          Cudnn.Attribute.of(Cudnn.CUDNN_ATTR_ENGINEHEUR_MODE, Cudnn.Type.HEUR_MODE, mode));
      List<Long> configurations = tried.empty(Cudnn.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR,
          library.cudnnBackendGetAttribute(heuristics, Cudnn.CUDNN_ATTR_ENGINEHEUR_RESULTS));
      int found = library.cudnnBackendGetAttribute(heuristics, Cudnn.CUDNN_ATTR_ENGINEHEUR_RESULTS, configurations);
      for (long configuration : configurations.subList(0, found)) {
        if (computesAsMeant(library, configuration, convolution, tried)) {
          Optional<ConvolutionPlan> plan = of(library, handle, configuration, convolution, descriptors);
          if (plan.isPresent()) {
            tried.moveTo(descriptors, configuration);
            return plan;
          }
        }
      }
      return Optional.empty();
    } catch (CudaException e) {
      if (e.isPassing()) {
        throw e;
      }
      return Optional.empty();
    }
  }

  /**
   * Whether all that the library notes about an engine is harmless. Not so are: sums in whatever order parts are ready, sums in a narrower
   * type, transforms (Fourier's, Winograd's), which round otherwise and let one NaN reach its neighbours, and what is not known yet.
   */
  private static boolean computesAsMeant(Cudnn library, long configuration, DnnConvolution convolution, DnnDescriptors tried) {
    long engine = tried.empty(Cudnn.CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    library.cudnnBackendGetAttribute(configuration, Cudnn.CUDNN_ATTR_ENGINECFG_ENGINE, List.of(engine));
    return harmless(convolution).containsAll(library.getNotes(engine));
  }

  private static Set<Integer> harmless(DnnConvolution convolution) {
    if (convolution.data() != Cudnn.CUDNN_DATA_FLOAT) {
      return Set.of(Cudnn.CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP, Cudnn.CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
    }
    return convolution.tf32()
        ? Set.of(Cudnn.CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP, Cudnn.CUDNN_NUMERICAL_NOTE_TENSOR_CORE, Cudnn.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS)
        : Set.of(Cudnn.CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP);
  }

  /** Empty if the library does not have it for this GPU, whatever it calls that, or if it wants too much workspace. */
  private static Optional<ConvolutionPlan> of(
      Cudnn library, long handle, long configuration, DnnConvolution convolution, DnnDescriptors descriptors) {
    try {
      long plan = descriptors.of(Cudnn.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR,
          Cudnn.Attribute.of(Cudnn.CUDNN_ATTR_EXECUTION_PLAN_HANDLE, Cudnn.Type.HANDLE, handle),
          Cudnn.Attribute.descriptor(Cudnn.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration));
      long bytes = library.getInteger(plan, Cudnn.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
      return bytes <= Math.max(SMALL_WORKSPACE_BYTES, WORKSPACE_OF_OPERANDS * convolution.bytes())
          ? Optional.of(new ConvolutionPlan(descriptors, plan, bytes)) : Optional.empty();
    } catch (CudaException e) {
      if (e.isPassing()) {
        throw e;
      }
      return Optional.empty();
    }
  }

  long descriptor() {
    return descriptor;
  }

  /** Enough for a workspace that begins where the planner has it begin. */
  long workspaceBytes() {
    return workspaceBytes == 0 ? 0 : workspaceBytes + WORKSPACE_ALIGNMENT - Schedule.ALIGNMENT;
  }

  /** For as long as it is not {@link #giveBack given back}. */
  ConvolutionPlan taken() {
    users++;
    return this;
  }

  void giveBack() {
    users--;
  }

  boolean isInUse() {
    return users > 0;
  }

  void destroy() {
    descriptors.close();
  }
}
