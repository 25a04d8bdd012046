package dev.chainrule.backend.cuda;

import java.util.List;

/**
 * Makes machine code for a GPU of CUDA C++. Version and options decide with source and architecture what comes out, so what is compiled
 * is kept by all of them.
 */
interface KernelCompiler {

  /** Name and version. */
  String version();

  /** What it is told besides source and architecture. */
  List<String> options();

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
