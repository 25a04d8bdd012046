package dev.chainrule.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NvccTest {

  @TempDir
  private Path folder;

  private Path nvcc(String where) throws IOException {
    Path file = folder.resolve(where);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "");
    assertTrue(file.toFile().setExecutable(true));
    return file;
  }

  @Test
  void isFoundWhereverTheEnvironmentSaysAndElseInTheNewestToolkit() throws IOException {
    assertEquals(Optional.empty(), Nvcc.find(Map.of(), folder.resolve("absent")));
    nvcc("local/cuda-12.4/bin/nvcc");
    Path newest = nvcc("local/cuda-13.0/bin/nvcc");
    Path onPath = nvcc("programs/nvcc");
    Path home = nvcc("home/bin/nvcc");
    Path named = nvcc("mine/nvcc-13");
    Path local = folder.resolve("local");
    String path = "/absent:" + onPath.getParent();
    String toolkit = folder.resolve("home").toString();
    assertEquals(Optional.of(newest), Nvcc.find(Map.of("PATH", "/absent", "CUDA_HOME", ""), local));
    assertEquals(Optional.of(onPath), Nvcc.find(Map.of("PATH", path), local));
    assertEquals(Optional.of(home), Nvcc.find(Map.of("PATH", path, "CUDA_HOME", toolkit), local));
    assertEquals(Optional.of(home), Nvcc.find(Map.of("CUDA_PATH", toolkit), local));
    assertEquals(Optional.of(named), Nvcc.find(Map.of("NVCC", named.toString(), "CUDA_HOME", toolkit), local));
  }
}
