package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.chainrule.graph.DType;
import dev.chainrule.kernels.Place;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A matrix product with the library's descriptors and algorithm settled. What differs from run to run are the operands' addresses. Of the
 * context's thread alone.
 */
final class PreparedProduct implements LibraryWork {

  /** More than any algorithm asks for. */
  private static final long LARGEST_ALIGNMENT = 256;

  private final CublasLt library;
  private final long handle;
  private final Descriptors descriptors;
  private final String description;
  private final DType dtype;
  private final long[] elements;
  private final long[] alignments;

  /** The best by the library's estimate, that one first. */
  private final List<CublasLt.Algorithm> candidates;

  private CublasLt.Algorithm algorithm;
  private final long workspace;
  private final long one;
  private final long zero;

  /** Of the library's a, b and d: entries of the table of memories, and for each call offsets in bytes. */
  private final int[] bases;

  private final long[][] offsets;

  /** Of a, b and d, as they were taken last. */
  private final long[] addresses;

  /** The library's objects that say what is multiplied. */
  private record Descriptors(long product, long a, long b, long d) {

    static Descriptors of(CublasLt library, ColumnMajor product, Products.Arithmetic arithmetic) {
      long descriptor = library.cublasLtMatmulDescCreate(arithmetic.compute(), arithmetic.scale());
      library.cublasLtMatmulDescSetAttribute(descriptor, CublasLt.CUBLASLT_MATMUL_DESC_TRANSA, product.a().transposed() ? 1 : 0);
      library.cublasLtMatmulDescSetAttribute(descriptor, CublasLt.CUBLASLT_MATMUL_DESC_TRANSB, product.b().transposed() ? 1 : 0);
      return new Descriptors(descriptor, layout(library, product.a(), product.batch(), arithmetic),
          layout(library, product.b(), product.batch(), arithmetic), layout(library, product.d(), product.batch(), arithmetic));
    }

    private static long layout(CublasLt library, ColumnMajor.Matrix matrix, int batch, Products.Arithmetic arithmetic) {
      long layout = library.cublasLtMatrixLayoutCreate(arithmetic.data(), matrix.rows(), matrix.columns(), matrix.leading());
      if (batch > 1) {
        library.cublasLtMatrixLayoutSetAttribute(layout, CublasLt.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, batch);
        library.cublasLtMatrixLayoutSetAttribute(layout, CublasLt.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, matrix.batchStride());
      }
      return layout;
    }

    void destroy(CublasLt library) {
      library.cublasLtMatmulDescDestroy(product);
      library.cublasLtMatrixLayoutDestroy(a);
      library.cublasLtMatrixLayoutDestroy(b);
      library.cublasLtMatrixLayoutDestroy(d);
    }
  }

  private PreparedProduct(Products products, Descriptors descriptors, long workspace, String description, DType dtype, long[] elements,
      long[] alignments, List<CublasLt.Algorithm> candidates, int[] bases, long[][] offsets, MemorySegment factors) {
    this.library = products.library();
    this.handle = products.handle();
    this.descriptors = descriptors;
    this.description = description;
    this.dtype = dtype;
    this.elements = elements;
    this.alignments = alignments;
    this.candidates = candidates;
    this.algorithm = candidates.getFirst();
    this.workspace = workspace;
    this.one = factors.address();
    this.zero = factors.address() + Double.BYTES;
    this.bases = bases;
    this.offsets = offsets;
    this.addresses = new long[bases.length];
  }

  /**
   * Empty if the library has no algorithm.
   *
   * @param workspace its address
   * @param places of x, w and their product
   * @param dtype of operands and result
   * @param alignments of the addresses in the table of memories
   */
  static Optional<PreparedProduct> of(Products products, long workspace, ColumnMajor product, Products.Arithmetic arithmetic,
      List<Place> places, DType dtype, SegmentAllocator allocator, long... alignments) {
    int bytes = dtype.bytes();
    Place[] operands = {places.get(1), places.get(0), places.get(2)};
    int[] bases = new int[operands.length];
    long[] aligned = new long[operands.length];
    long[][] offsets = new long[product.starts().size()][];
    for (int call = 0; call < offsets.length; call++) {
      ColumnMajor.Start start = product.starts().get(call);
      offsets[call] = new long[] {operands[0].offset() + start.a() * bytes, operands[1].offset() + start.b() * bytes,
          operands[2].offset() + start.d() * bytes};
    }
    for (int i = 0; i < operands.length; i++) {
      bases[i] = operands[i].base();
      long all = LARGEST_ALIGNMENT | alignments[bases[i]];
      for (long[] call : offsets) {
        all |= call[i];
      }
      aligned[i] = Long.lowestOneBit(all);
    }
    String description = "%s %s by %s to %s x%d aligned %d,%d,%d".formatted(arithmetic, product.a(), product.b(), product.d(),
        product.batch(), aligned[0], aligned[1], aligned[2]);
    Descriptors descriptors = Descriptors.of(products.library(), product, arithmetic);
    List<CublasLt.Algorithm> candidates = List.of();
    try {
      candidates = candidates(products, descriptors, products.algorithms().candidates(description), allocator, aligned);
    } finally {
      if (candidates.isEmpty()) {
        descriptors.destroy(products.library());
      }
    }
    if (candidates.isEmpty()) {
      return Optional.empty();
    }
    long[] elements = {product.a().elements(product.batch()), product.b().elements(product.batch()), product.d().elements(product.batch())};
    var prepared = new PreparedProduct(products, descriptors, workspace, description, dtype, elements, aligned, candidates, bases, offsets,
        factors(arithmetic, allocator));
    prepared.take(products.algorithms().chosen(description, candidates.size()));
    return Optional.of(prepared);
  }

  private static List<CublasLt.Algorithm> candidates(Products products, Descriptors descriptors, int most,
      SegmentAllocator allocator, long... aligned) {
    CublasLt library = products.library();
    long preference = library.cublasLtMatmulPreferenceCreate();
    try {
      library.cublasLtMatmulPreferenceSetAttribute(preference, CublasLt.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, products.workspaceBytes());
      // Parts of a sum are added up neither in the result's type nor in whatever order they are ready.
      library.cublasLtMatmulPreferenceSetAttribute(preference, CublasLt.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
          CublasLt.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
      library.cublasLtMatmulPreferenceSetAttribute(preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, (int) aligned[0]);
      library.cublasLtMatmulPreferenceSetAttribute(preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, (int) aligned[1]);
      library.cublasLtMatmulPreferenceSetAttribute(preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, (int) aligned[2]);
      library.cublasLtMatmulPreferenceSetAttribute(preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, (int) aligned[2]);
      return library.cublasLtMatmulAlgoGetHeuristic(products.handle(), descriptors.product, descriptors.a, descriptors.b, descriptors.d,
          descriptors.d, preference, most, allocator);
    } finally {
      library.cublasLtMatmulPreferenceDestroy(preference);
    }
  }

  /** 1 and 0 in the type of the factors, 8 bytes each. */
  private static MemorySegment factors(Products.Arithmetic arithmetic, SegmentAllocator allocator) {
    MemorySegment factors = allocator.allocate(JAVA_DOUBLE, 2);
    if (arithmetic.scale() == CublasLt.CUDA_R_64F) {
      factors.set(JAVA_DOUBLE, 0, 1);
    } else {
      factors.set(JAVA_FLOAT, 0, 1);
    }
    return factors;
  }

  /** What is multiplied, and how: the library has the same algorithms for all of one description. */
  String description() {
    return description;
  }

  DType dtype() {
    return dtype;
  }

  int candidates() {
    return candidates.size();
  }

  /** Computes by that candidate from now on. */
  void take(int candidate) {
    algorithm = candidates.get(candidate);
  }

  /** Bytes that the addresses of the library's a, b or d are multiples of, as it was told; at most 256. */
  long alignment(int operand) {
    return alignments[operand];
  }

  /** Bytes from the first to the last that all calls need of the library's a, b or d. */
  long span(int operand) {
    return last(operand) - first(operand) + elements[operand] * dtype.bytes();
  }

  /** Puts the library's a, b and d where there is room for their {@link #span}. */
  void bindTo(long... operands) {
    for (int i = 0; i < operands.length; i++) {
      addresses[i] = operands[i] - first(i);
    }
  }

  private long first(int operand) {
    return Arrays.stream(offsets).mapToLong(call -> call[operand]).min().orElse(0);
  }

  private long last(int operand) {
    return Arrays.stream(offsets).mapToLong(call -> call[operand]).max().orElse(0);
  }

  @Override
  public String name() {
    return "a matrix product of the library's";
  }

  @Override
  public void bind(long... memories) {
    for (int i = 0; i < bases.length; i++) {
      addresses[i] = memories[bases[i]];
    }
  }

  @Override
  public long[] addresses() {
    return addresses.clone();
  }

  @Override
  public void enqueue(Driver driver, long stream) {
    for (long[] offset : offsets) {
      long d = addresses[2] + offset[2];
      library.cublasLtMatmul(handle, descriptors.product, one, addresses[0] + offset[0], descriptors.a, addresses[1] + offset[1],
          descriptors.b, zero, d, descriptors.d, d, descriptors.d, algorithm.address(), workspace, algorithm.workspaceBytes(), stream);
    }
  }

  @Override
  public void destroy() {
    descriptors.destroy(library);
  }
}
