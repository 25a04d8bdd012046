package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Libraries are looked for where toolkits, Python's packages and the system have them, in this order. */
class LibrarySearchTest {

  @TempDir
  private Path root;

  private Path folder(String name) throws IOException {
    return Files.createDirectories(root.resolve(name));
  }

  @Test
  void toolkitsThenPackagesOfPythonThenTheSystem() throws IOException {
    List<Path> expected = List.of(folder("opt/toolkit/targets/x86_64-linux/lib"), folder("venv/lib/python3.12/site-packages/nvidia/cu13/lib"),
        folder("conda/lib/python3.11/dist-packages/nvidia/cuda_nvrtc/lib"), folder("home/.local/lib/python3.13/site-packages/nvidia/cudnn/lib"),
        folder("usr/local/cuda-12.4/lib64"), folder("usr/local/cuda-13.0/lib64"), folder("usr/lib64"));
    folder("venv/lib/python3.12/site-packages/numpy/lib");
    LibrarySearch search = LibrarySearch.of(Map.of("CUDA_HOME", root.resolve("opt/toolkit").toString(), "CUDA_PATH", "",
        "VIRTUAL_ENV", root.resolve("venv").toString(), "PATH", "relative/bin:" + root.resolve("conda/bin")), root.resolve("home"), root);
    assertEquals(expected, search.folders());
    assertEquals(List.of(root.resolve("opt/toolkit"), root.resolve("usr/local/cuda-12.4"), root.resolve("usr/local/cuda-13.0")),
        search.toolkits());
  }

  @Test
  void theFirstNameInTheFirstFolder() throws IOException {
    Path older = Files.writeString(folder("usr/local/cuda-12.4/lib64").resolve("libx.so.12"), "");
    Path newer = Files.writeString(folder("usr/local/cuda-13.0/lib64").resolve("libx.so.13"), "");
    LibrarySearch search = LibrarySearch.of(Map.of(), root, root);
    assertEquals(Optional.of(newer), search.file(List.of("libx.so.13", "libx.so.12")));
    assertEquals(Optional.of(older), search.file(List.of("libx.so.12")));
    assertEquals(Optional.empty(), search.file(List.of("libx.so.11")));
  }
}
