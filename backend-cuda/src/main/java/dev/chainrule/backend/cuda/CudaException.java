package dev.chainrule.backend.cuda;

import java.util.Set;

/** A call of one of NVIDIA's libraries failed. Never leaves this package: what users see is made of it where they called. */
final class CudaException extends RuntimeException {

  static final int NO_DEVICE = 100;
  static final int OPERATING_SYSTEM = 304;

  /**
   * After these nothing can be done with the context any more: deinitialised, device unavailable, uncorrectable ECC error, illegal
   * address, launch timeout, context is destroyed, assertion, hardware stack error, illegal instruction, misaligned address, invalid
   * address space, invalid program counter, launch failure, contained and poison-like errors, unknown.
   */
  private static final Set<Integer> FATAL = Set.of(4, 46, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 999);

  /** The driver's status of too little memory, and cuDNN's of the host and of the device. */
  private static final Set<Integer> OUT_OF_MEMORY = Set.of(2, 4003, 4004);

  /** cuBLASLt's, whose number is another thing to the driver. */
  private static final String NO_MEMORY_FOR_PRODUCTS = "gave CUBLAS_STATUS_ALLOC_FAILED ";

  private final String call;
  private final int status;
  private final String problem;

  /**
   * @param call the function, as the library names it
   * @param name of the status, such as {@code CUDA_ERROR_OUT_OF_MEMORY}
   * @param text what the library says about it
   */
  CudaException(String call, int status, String name, String text) {
    this(call, status, "%s gave %s (%d): %s".formatted(call, name, status, text));
  }

  private CudaException(String call, int status, String problem) {
    super("[cuda] " + problem);
    this.call = call;
    this.status = status;
    this.problem = problem;
  }

  /** The same, with more about where it happened. */
  CudaException during(String what) {
    var more = new CudaException(call, status, problem + ", " + what);
    more.initCause(this);
    return more;
  }

  String call() {
    return call;
  }

  int status() {
    return status;
  }

  /** The message without the backend's name. */
  String problem() {
    return problem;
  }

  boolean isOutOfMemory() {
    return OUT_OF_MEMORY.contains(status) || problem.contains(NO_MEMORY_FOR_PRODUCTS);
  }

  /** Whether it is about the device or its memory now, so that it says nothing of what was asked for. */
  boolean isPassing() {
    return isFatal() || isOutOfMemory();
  }

  /** Whether the context is lost with all that lies on the device. */
  boolean isFatal() {
    return FATAL.contains(status);
  }
}
