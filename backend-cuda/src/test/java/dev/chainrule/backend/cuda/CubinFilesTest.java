package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.kernels.Source;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was compiled is found again by all that decides what comes out, and by nothing less. */
class CubinFilesTest {

  private static final Source KERNEL = new Source("k", "KERNEL(256) void k() {}");

  @TempDir
  private Path folder;

  private record Compiler(String version, List<String> options) implements KernelCompiler {
    @Override
    public byte[] compile(String source, String architecture) {
      throw new UnsupportedOperationException();
    }
  }

  private CubinFiles files(String version, String option, String architecture, String head) {
    return new CubinFiles(folder, new Compiler(version, List.of(option, "--std=c++17")), architecture, head);
  }

  @Test
  void eachCompilerOptionArchitectureAndHeadHasItsOwn() {
    CubinFiles files = files("nvrtc-13.0", "--fmad=false", "sm_90", "head");
    files.keep("cubin", new byte[] {1, 2}, List.of(KERNEL));
    CubinFiles same = files("nvrtc-13.0", "--fmad=false", "sm_90", "head");
    assertEquals(Optional.of("cubin"), same.cubinOf(KERNEL));
    assertArrayEquals(new byte[] {1, 2}, same.cubin("cubin").orElseThrow());
    for (CubinFiles other : List.of(files("nvrtc-13.1", "--fmad=false", "sm_90", "head"), files("nvrtc-13.0", "--fmad=true", "sm_90", "head"),
        files("nvrtc-13.0", "--fmad=false", "sm_75", "head"), files("nvrtc-13.0", "--fmad=false", "sm_90", "another"))) {
      assertEquals(Optional.empty(), other.cubinOf(KERNEL));
    }
  }
}
