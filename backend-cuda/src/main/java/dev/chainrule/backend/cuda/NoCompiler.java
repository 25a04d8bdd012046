package dev.chainrule.backend.cuda;

import dev.chainrule.KernelCompilationException;
import java.util.List;

/**
 * Stands where NVRTC is not there: what was compiled ahead can be run, and nothing else.
 *
 * @param remedy how to get NVRTC
 */
record NoCompiler(String remedy) implements KernelCompiler {

  @Override
  public String version() {
    return "none";
  }

  @Override
  public List<String> options() {
    return List.of();
  }

  @Override
  public byte[] compile(String source, String architecture) {
    throw new KernelCompilationException(CudaBackend.NAME,
        "this computation needs kernels that were not compiled ahead, and NVRTC, NVIDIA's compiler, is not there", remedy);
  }
}
