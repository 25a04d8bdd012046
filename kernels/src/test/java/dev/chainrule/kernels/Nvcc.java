package dev.chainrule.kernels;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** NVIDIA's compiler, for tests that have it compile kernels, in the order in which {@code scripts/compile-kernels} looks for it. */
public final class Nvcc {

  private Nvcc() {}

  /** The one of this machine. */
  public static Optional<Path> here() throws IOException {
    return find(System.getenv(), Path.of("/usr/local"));
  }

  /**
   * What the variable NVCC names, or is in a toolkit that CUDA_HOME or CUDA_PATH names, or on the PATH, or in the newest toolkit.
   *
   * @param toolkits the folder with toolkits' folders
   */
  static Optional<Path> find(Map<String, String> environment, Path toolkits) throws IOException {
    Stream<Path> named = value(environment, "NVCC").map(Path::of);
    Stream<Path> homes = Stream.of("CUDA_HOME", "CUDA_PATH").flatMap(name -> value(environment, name)).map(home -> Path.of(home, "bin", "nvcc"));
    Stream<Path> path = value(environment, "PATH").flatMap(p -> Stream.of(p.split(File.pathSeparator, -1))).map(folder -> Path.of(folder, "nvcc"));
    return Stream.of(named, homes, path, newestFirst(toolkits).stream()).flatMap(all -> all)
        .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file)).findFirst();
  }

  private static Stream<String> value(Map<String, String> environment, String name) {
    return Stream.of(environment.getOrDefault(name, "")).filter(value -> !value.isEmpty());
  }

  private static List<Path> newestFirst(Path toolkits) throws IOException {
    if (!Files.isDirectory(toolkits)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(toolkits)) {
      return folders.filter(folder -> folder.getFileName().toString().startsWith("cuda")).sorted(Comparator.reverseOrder())
          .map(folder -> folder.resolve("bin/nvcc")).toList();
    }
  }
}
