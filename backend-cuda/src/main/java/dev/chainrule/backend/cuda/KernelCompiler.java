package dev.chainrule.backend.cuda;

/** Makes machine code for a GPU of CUDA C++. */
interface KernelCompiler {

  /** Name and version, which decide with source and architecture what comes out. */
  String version();

  /**
   * Compiles a program.
   *
   * @param architecture such as {@code sm_90}
   * @return a cubin
   * @throws CompilationFailure if the compiler refuses the source
   */
  byte[] compile(String source, String architecture);

  /** A compiler refused a program. */
  final class CompilationFailure extends RuntimeException {

    /** @param log what the compiler says */
    CompilationFailure(String log) {
      super(log);
    }
  }
}
