package dev.chainrule.backend.cpu;

/** Chooses the matrix product's kernel: the Vector API's if this JVM has it, else plain Java. */
final class GemmKernels {
  private static final GemmKernel FASTEST = find();

  private GemmKernels() {}

  static GemmKernel fastest() {
    return FASTEST;
  }

  private static GemmKernel find() {
    // VectorGemmKernel may only be touched if the module is there: without it, it does not link.
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      return new VectorGemmKernel();
    }
    System.getLogger(GemmKernels.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "The Vector API is missing, matrix products take about ten times as long."
                + " Start java with --add-modules=jdk.incubator.vector");
    return new ScalarGemmKernel();
  }
}
