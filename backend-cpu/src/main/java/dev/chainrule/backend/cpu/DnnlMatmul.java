package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import java.util.List;

/**
 * C[m, n] = A[m, k] B[k, n] of bf16, accumulated in f32 and rounded once, as a primitive of oneDNN's for one size and one set of strides.
 * It packs B, and A where that is transposed, into scratch memory. It is made once for all who hold it; {@link Lane} is what a thread
 * needs to execute it.
 */
final class DnnlMatmul {

  private static final int A = 129;
  private static final int B = 131;
  private static final int C = 133;
  private static final int ARG_A = 1;
  private static final int ARG_B = 33;
  private static final int ARG_C = 17;

  /**
   * What a product is made for; strides are in elements.
   *
   * @param a strides of A from row to row and from column to column, one of them 1; those of {@code b} likewise
   * @param cRow from row to row of C, whose rows are dense
   */
  record Shape(long m, long n, long k, List<Long> a, List<Long> b, long cRow) {
    Shape {
      a = List.copyOf(a);
      b = List.copyOf(b);
    }
  }

  private final Dnnl dnnl;
  private final DnnlHandles handles;
  private final long primitive;
  private final long a;
  private final long b;
  private final long c;
  private final long scratchpad;
  private final long scratchpadBytes;
  private final Pool<Lane> lanes = new Pool<>(Lane::new);

  /** @throws Dnnl.RefusedException if oneDNN does not multiply such operands */
  DnnlMatmul(Dnnl dnnl, DnnlHandles handles, Shape shape) {
    this.dnnl = dnnl;
    this.handles = handles;
    long descriptor = handles.descriptor("dnnl_matmul_primitive_desc_create", dnnl.engine(),
        handles.layout(DType.BF16, List.of(shape.m, shape.k), shape.a),
        handles.layout(DType.BF16, List.of(shape.k, shape.n), shape.b), 0L,
        handles.layout(DType.BF16, List.of(shape.m, shape.n), List.of(shape.cRow, 1L)), dnnl.attributes());
    a = dnnl.layout(descriptor, A);
    b = dnnl.layout(descriptor, B);
    c = dnnl.layout(descriptor, C);
    scratchpad = dnnl.layout(descriptor, Dnnl.QUERY_SCRATCHPAD);
    scratchpadBytes = dnnl.bytes(scratchpad);
    primitive = handles.primitive(descriptor);
  }

  /** Multiplies matrices at addresses, on this thread. */
  void multiply(long atA, long atB, long atC) {
    Lane lane = lanes.take();
    NativeScratch scratch = dnnl.scratch().take();
    try {
      lane.multiply(atA, atB, atC, scratch.atLeast(scratchpadBytes));
    } finally {
      dnnl.scratch().giveBack(scratch);
      lanes.giveBack(lane);
    }
  }

  /** The memory objects and the stream by which one thread at a time executes the product. */
  private final class Lane {
    private final long stream = handles.stream();
    private final long memoryA = handles.memory(a);
    private final long memoryB = handles.memory(b);
    private final long memoryC = handles.memory(c);
    private final long memoryScratchpad = handles.memory(scratchpad);
    private final long arguments = handles.arguments(4);

    private Lane() {
      Dnnl.setArgument(arguments, 0, ARG_A, memoryA);
      Dnnl.setArgument(arguments, 1, ARG_B, memoryB);
      Dnnl.setArgument(arguments, 2, ARG_C, memoryC);
      Dnnl.setArgument(arguments, 3, Dnnl.ARG_SCRATCHPAD, memoryScratchpad);
    }

    private void multiply(long atA, long atB, long atC, long atScratchpad) {
      dnnl.setAddress(memoryA, atA);
      dnnl.setAddress(memoryB, atB);
      dnnl.setAddress(memoryC, atC);
      dnnl.setAddress(memoryScratchpad, atScratchpad);
      dnnl.execute(primitive, stream, 4, arguments);
    }
  }
}
