package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One of a convolution's three passes over a fixed number of samples, as a primitive of oneDNN's. Its operands have layouts of their own,
 * input and output with channels last where oneDNN has a good kernel for that, else those that it chooses, and are brought into them and
 * back by primitives as well. It is made once for all who hold it; {@link Lane} is what a thread needs to execute it.
 */
final class DnnlPass {

  // Numbers of the C API's enumerations (dnnl_types.h).
  private static final int ANY = 1;
  private static final int PLAIN_OF_NO_AXES = 1; // then dnnl_a, dnnl_ab and so on
  private static final int FORWARD_TRAINING = 64;
  private static final int DIRECT = 1;
  private static final int ARG_FROM = 1;
  private static final int ARG_TO = 17;
  private static final long NONE = 0;

  /** The passes, each with what identifies its two inputs and its output among arguments and in queries. */
  enum Kind {
    FORWARD(new int[] {1, 33, 17}, new int[] {129, 131, 133}),
    INPUT_GRADIENT(new int[] {145, 33, 129}, new int[] {134, 131, 130}),
    WEIGHT_GRADIENT(new int[] {145, 1, 161}, new int[] {134, 129, 132});

    private final int[] arguments;
    private final int[] queries;

    static Kind of(Op convolution) {
      return switch (convolution) {
        case Op.ConvInputGradient _ -> INPUT_GRADIENT;
        case Op.ConvWeightGradient _ -> WEIGHT_GRADIENT;
        default -> FORWARD;
      };
    }

    /** Which operand the weights are, or their gradient. */
    private int weights() {
      return this == WEIGHT_GRADIENT ? 2 : 1;
    }

    Kind(int[] arguments, int[] queries) {
      this.arguments = arguments;
      this.queries = queries;
    }
  }

  /**
   * What a pass is made for.
   *
   * @param dtype of the operands; the weights' gradient is F32 in the pass's own layout, to be added up
   * @param x dimensions of the input, samples first; those of {@code w} begin with the groups if there are several
   */
  record Shape(Kind kind, DType dtype, List<Long> x, List<Long> w, List<Long> y, List<Op.Spatial> axes) {
    private boolean hasGroups() {
      return w.size() > x.size();
    }

    /** With one channel it does not matter where that is. */
    private boolean hasOneChannel(int number) {
      return number != kind.weights() && operand(number).get(1) == 1;
    }

    /** The type of an operand in the pass's own layout. */
    private DType own(int number) {
      return kind == Kind.WEIGHT_GRADIENT && number == 2 ? DType.F32 : dtype;
    }

    private List<Long> operand(int number) {
      return switch (kind) {
        case FORWARD -> List.of(x, w, y).get(number);
        case INPUT_GRADIENT -> List.of(y, w, x).get(number);
        case WEIGHT_GRADIENT -> List.of(y, x, w).get(number);
      };
    }
  }

  private final Dnnl dnnl;
  private final DnnlHandles handles;
  private final Shape shape;
  private final long primitive;
  private final long[] plain = new long[3];
  private final long[] own = new long[3];
  private final long[] reorders = new long[3];
  private final long[] bytes = new long[3];
  private final long scratchpad;
  private final long scratchpadBytes;
  private final Kind kind;
  private final boolean channelsLast;
  private final Pool<Lane> lanes = new Pool<>(Lane::new);

  /**
   * Makes the pass.
   *
   * @param like a pass with whose weights' layout its own are, null to leave that to oneDNN
   * @throws Dnnl.RefusedException if oneDNN has no good kernel for it
   */
  DnnlPass(Dnnl dnnl, DnnlHandles handles, Shape shape, @Nullable DnnlPass like) {
    this.dnnl = dnnl;
    this.handles = handles;
    this.shape = shape;
    long weights = like == null ? NONE : like.own[like.kind.weights()];
    this.kind = shape.kind;
    try (Arena arena = Arena.ofConfined()) {
      channelsLast = !shape.hasGroups() && isGeneratedFor(shape, weights, arena);
      long descriptor = descriptor(shape, weights, channelsLast, arena);
      if (dnnl.implementation(descriptor).startsWith("ref")) {
        throw new Dnnl.RefusedException("dnnl has a reference implementation only");
      }
      for (int i = 0; i < 3; i++) {
        plain[i] = handles.layout(shape.dtype, shape.operand(i), PLAIN_OF_NO_AXES + shape.operand(i).size());
        own[i] = dnnl.layout(descriptor, kind.queries[i]);
        bytes[i] = dnnl.bytes(own[i]);
        boolean same = channelsLast && shape.hasOneChannel(i) || dnnl.equal(plain[i], own[i]);
        reorders[i] = same ? NONE : reorder(i == 2 ? own[i] : plain[i], i == 2 ? plain[i] : own[i]);
      }
      scratchpad = dnnl.layout(descriptor, Dnnl.QUERY_SCRATCHPAD);
      scratchpadBytes = aligned(dnnl.bytes(scratchpad));
      primitive = handles.primitive(descriptor);
    }
  }

  private long reorder(long from, long to) {
    return handles.primitive(handles.descriptor("dnnl_reorder_primitive_desc_create", from, dnnl.engine(), to, dnnl.engine(), NONE));
  }

  /** Whether oneDNN generates code for channels last. */
  private boolean isGeneratedFor(Shape shape, long weights, Arena arena) {
    try {
      String implementation = dnnl.implementation(descriptor(shape, weights, true, arena));
      return implementation.startsWith("brg") || implementation.startsWith("jit");
    } catch (Dnnl.RefusedException e) {
      return false;
    }
  }

  private long descriptor(Shape shape, long weights, boolean last, Arena arena) {
    long x = layout(shape.dtype, shape.x, last);
    long w = weights == NONE ? handles.layout(shape.own(shape.kind.weights()), shape.w, ANY) : weights;
    long y = layout(shape.dtype, shape.y, last);
    long strides = dims(shape, Op.Spatial::stride, arena);
    long dilations = dims(shape, axis -> axis.dilation() - 1, arena);
    long low = dims(shape, Op.Spatial::low, arena);
    long high = dims(shape, Op.Spatial::high, arena);
    long given = shape.own(shape.kind.weights()) == shape.dtype ? w : handles.layout(shape.dtype, shape.w, ANY);
    long forward = handles.descriptor("dnnl_convolution_forward_primitive_desc_create", dnnl.engine(), FORWARD_TRAINING, DIRECT, x, given, NONE, y,
        strides, dilations, low, high, dnnl.attributes());
    return switch (kind) {
      case FORWARD -> forward;
      case INPUT_GRADIENT -> handles.descriptor("dnnl_convolution_backward_data_primitive_desc_create", dnnl.engine(), DIRECT, x, w, y,
          strides, dilations, low, high, forward, dnnl.attributes());
      case WEIGHT_GRADIENT -> handles.descriptor("dnnl_convolution_backward_weights_primitive_desc_create", dnnl.engine(), DIRECT, x, w, NONE, y,
          strides, dilations, low, high, forward, dnnl.attributes());
    };
  }

  private long layout(DType dtype, List<Long> dims, boolean channelsLast) {
    return channelsLast ? channelsLast(dtype, dims) : handles.layout(dtype, dims, ANY);
  }

  private long channelsLast(DType dtype, List<Long> dims) {
    Long[] strides = new Long[dims.size()];
    long step = dims.get(1);
    for (int i = dims.size() - 1; i > 1; i--) {
      strides[i] = step;
      step *= dims.get(i);
    }
    strides[1] = 1L;
    strides[0] = step;
    return handles.layout(dtype, dims, List.of(strides));
  }

  private static long dims(Shape shape, ToLongFunction<Op.Spatial> number, Arena arena) {
    return Dnnl.dims(shape.axes.stream().map(number::applyAsLong).toList(), arena);
  }

  /** What it was made for. */
  Shape shape() {
    return shape;
  }

  /** Whether input and output have their channels last in the layouts of the pass. */
  boolean hasChannelsLast() {
    return channelsLast;
  }

  /** Bytes of an operand, 2 being the result, in its own layout; 0 if that is the plain one. */
  long arrangedBytes(int operand) {
    return reorders[operand] == NONE ? 0 : aligned(bytes[operand]);
  }

  long bytes(int operand) {
    return bytes[operand];
  }

  long scratchpadBytes() {
    return scratchpadBytes;
  }

  static long aligned(long bytes) {
    return (bytes + 63) & -64;
  }

  Lane takeLane() {
    return lanes.take();
  }

  void giveBack(Lane lane) {
    lanes.giveBack(lane);
  }

  /** The memory objects and the stream by which one thread at a time executes the pass. Addresses are set anew for each execution. */
  final class Lane {
    private final long stream = handles.stream();
    private final long[] plainMemory = new long[3];
    private final long[] ownMemory = new long[3];
    private final long[] reorderArguments = new long[3];
    private final long scratchpadMemory = handles.memory(scratchpad);
    private final long arguments = handles.arguments(4);

    private Lane() {
      for (int i = 0; i < 3; i++) {
        plainMemory[i] = handles.memory(plain[i]);
        ownMemory[i] = handles.memory(own[i]);
        reorderArguments[i] = handles.arguments(2);
        Dnnl.setArgument(reorderArguments[i], 0, ARG_FROM, i == 2 ? ownMemory[i] : plainMemory[i]);
        Dnnl.setArgument(reorderArguments[i], 1, ARG_TO, i == 2 ? plainMemory[i] : ownMemory[i]);
        Dnnl.setArgument(arguments, i, kind.arguments[i], ownMemory[i]);
      }
      Dnnl.setArgument(arguments, 3, Dnnl.ARG_SCRATCHPAD, scratchpadMemory);
    }

    /** Brings an input into its own layout, at {@code arranged}; gives where it then lies, {@code given} if it may stay. */
    long arrange(int operand, long given, long arranged) {
      if (reorders[operand] == NONE) {
        return given;
      }
      reorder(operand, given, arranged);
      return arranged;
    }

    /** Brings the result, which lies at {@code arranged}, into the plain layout, if it does not have that. */
    void giveOut(long arranged, long result) {
      if (reorders[2] != NONE) {
        reorder(2, result, arranged);
      }
    }

    private void reorder(int operand, long atPlain, long atOwn) {
      dnnl.setAddress(plainMemory[operand], atPlain);
      dnnl.setAddress(ownMemory[operand], atOwn);
      dnnl.execute(reorders[operand], stream, 2, reorderArguments[operand]);
    }

    /** Computes the pass of operands in their own layouts. */
    void compute(long first, long second, long result, long scratchpadAt) {
      dnnl.setAddress(ownMemory[0], first);
      dnnl.setAddress(ownMemory[1], second);
      dnnl.setAddress(ownMemory[2], result);
      dnnl.setAddress(scratchpadMemory, scratchpadAt);
      dnnl.execute(primitive, stream, 4, arguments);
    }
  }
}
