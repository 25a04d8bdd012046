package dev.chainrule.benchmarks.floor;

import java.lang.foreign.MemorySegment;

/** Calls as oneDNN does them fastest: convolutions in the layouts that it chooses, with nothing counted for getting into these. */
final class DnnlCalls {

  // Numbers of the C API's enumerations (dnnl_types.h).
  private static final int ANY = 1;
  private static final int ABC = 4;
  private static final int FORWARD_TRAINING = 64;
  private static final int CONVOLUTION_DIRECT = 1;
  private static final int QUERY_SRC = 129;
  private static final int QUERY_DIFF_SRC = 130;
  private static final int QUERY_WEIGHTS = 131;
  private static final int QUERY_DIFF_WEIGHTS = 132;
  private static final int QUERY_DST = 133;
  private static final int QUERY_DIFF_DST = 134;
  private static final int SRC = 1;
  private static final int DST = 17;
  private static final int WEIGHTS = 33;
  private static final int DIFF_SRC = 129;
  private static final int DIFF_DST = 145;
  private static final int DIFF_WEIGHTS = 161;

  private static final MemorySegment NONE = MemorySegment.NULL;

  private final Dnnl dnnl;

  DnnlCalls(Dnnl dnnl) {
    this.dnnl = dnnl;
  }

  Runnable prepare(Call call) {
    return switch (call) {
      case Call.Product product when product.batch() == 1 -> product(product);
      case Call.Product product -> products(product);
      case Call.Convolution convolution -> convolution(convolution);
    };
  }

  private Runnable product(Call.Product call) {
    MemorySegment a = Dnnl.floats(call.m() * call.k());
    MemorySegment b = Dnnl.floats(call.k() * call.n());
    MemorySegment c = Dnnl.floats(call.m() * call.n());
    return () -> dnnl.sgemm(call.m(), call.k(), call.n(), a, b, c);
  }

  /** All of a batch in one call. */
  private Runnable products(Call.Product call) {
    MemorySegment a = dnnl.descriptor(ABC, call.batch(), call.m(), call.k());
    MemorySegment b = dnnl.descriptor(ABC, call.batch(), call.k(), call.n());
    MemorySegment c = dnnl.descriptor(ABC, call.batch(), call.m(), call.n());
    MemorySegment matmul = dnnl.create("dnnl_matmul_primitive_desc_create", dnnl.engine(), a, b, NONE, c, NONE);
    return dnnl.primitive(matmul, SRC, dnnl.memory(matmul, QUERY_SRC), WEIGHTS, dnnl.memory(matmul, QUERY_WEIGHTS),
        DST, dnnl.memory(matmul, QUERY_DST));
  }

  private Runnable convolution(Call.Convolution call) {
    MemorySegment x = dnnl.descriptor(ANY, call.batch(), call.channels(), call.size(), call.size());
    MemorySegment w = dnnl.descriptor(ANY, call.filters(), call.channels(), call.kernel(), call.kernel());
    MemorySegment y = dnnl.descriptor(ANY, call.batch(), call.filters(), call.size(), call.size());
    MemorySegment stride = Dnnl.dims(1, 1);
    MemorySegment dilation = Dnnl.dims(0, 0);
    MemorySegment padding = Dnnl.dims(call.kernel() / 2, call.kernel() / 2);
    MemorySegment forward = dnnl.create("dnnl_convolution_forward_primitive_desc_create", dnnl.engine(), FORWARD_TRAINING,
        CONVOLUTION_DIRECT, x, w, NONE, y, stride, dilation, padding, padding, NONE);
    return switch (call.pass()) {
      case FORWARD -> dnnl.primitive(forward, SRC, dnnl.memory(forward, QUERY_SRC), WEIGHTS, dnnl.memory(forward, QUERY_WEIGHTS),
          DST, dnnl.memory(forward, QUERY_DST));
      case INPUT_GRADIENT -> {
        MemorySegment gradient = dnnl.create("dnnl_convolution_backward_data_primitive_desc_create", dnnl.engine(), CONVOLUTION_DIRECT,
            x, w, y, stride, dilation, padding, padding, forward, NONE);
        yield dnnl.primitive(gradient, DIFF_DST, dnnl.memory(gradient, QUERY_DIFF_DST), WEIGHTS, dnnl.memory(gradient, QUERY_WEIGHTS),
            DIFF_SRC, dnnl.memory(gradient, QUERY_DIFF_SRC));
      }
      case WEIGHT_GRADIENT -> {
        MemorySegment gradient = dnnl.create("dnnl_convolution_backward_weights_primitive_desc_create", dnnl.engine(), CONVOLUTION_DIRECT,
            x, w, NONE, y, stride, dilation, padding, padding, forward, NONE);
        yield dnnl.primitive(gradient, SRC, dnnl.memory(gradient, QUERY_SRC), DIFF_DST, dnnl.memory(gradient, QUERY_DIFF_DST),
            DIFF_WEIGHTS, dnnl.memory(gradient, QUERY_DIFF_WEIGHTS));
      }
    };
  }
}
