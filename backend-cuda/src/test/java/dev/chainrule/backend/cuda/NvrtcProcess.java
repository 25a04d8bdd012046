package dev.chainrule.backend.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Compiles files with the NVRTC of this machine, for some architectures each. A process of its own: NVRTC asks for the driver, and must
 * not be given one that only stands in.
 */
final class NvrtcProcess {

  private NvrtcProcess() {}

  public static void main(String[] files) throws IOException {
    Nvrtc nvrtc = Nvrtc.find(LibrarySearch.here(), 13).orElseThrow();
    for (String file : files) {
      for (String architecture : CompilersTest.ARCHITECTURES) {
        byte[] cubin = nvrtc.compile(Files.readString(Path.of(file)), architecture);
        System.out.println(architecture + (cubin[1] == 'E' && cubin[2] == 'L' && cubin[3] == 'F' ? " ELF" : " of unknown kind"));
      }
    }
    try {
      nvrtc.compile("__global__ void f() { wrong }", "sm_90");
    } catch (KernelCompiler.CompilationFailure refused) {
      System.out.println("refused: " + refused.getMessage());
    }
  }
}
