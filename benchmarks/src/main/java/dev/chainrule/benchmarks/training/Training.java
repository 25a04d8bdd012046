package dev.chainrule.benchmarks.training;

/** A workload that a library is ready to train. */
public interface Training {

  /** The library and its version, as the name of its jar has it; see {@link #jar}. */
  String library();

  /** How many numbers are trained. */
  long parameters();

  /** One step on the batch: forward pass, gradients, update. Returns when the host has read the loss of before the update. */
  double step();

  /** What a step's kernels that are no products move to and from memory, where the library can tell; else 0. */
  default long bytesMoved() {
    return 0;
  }

  /** What a step needs of memory, where the library can tell; else 0. */
  default long bytesNeeded() {
    return 0;
  }

  /** The name of the jar that a class came from, without its ending. */
  static String jar(Class<?> type) {
    String path = type.getProtectionDomain().getCodeSource().getLocation().getPath();
    return path.substring(path.lastIndexOf('/') + 1).replace(".jar", "");
  }
}
