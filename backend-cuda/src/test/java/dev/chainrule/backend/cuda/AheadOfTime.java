package dev.chainrule.backend.cuda;

import dev.chainrule.kernels.Dialect;
import dev.chainrule.kernels.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** Has nvcc compile kernels for all GPUs, in the form in which the backend looks for them. */
public final class AheadOfTime {

  /** Machine code for these, and PTX of the last for GPUs that are newer. */
  static final List<String> ARCHITECTURES = List.of("75", "80", "86", "89", "90");

  /** Kernels in a file: of a file all are loaded when one is wanted. */
  private static final int BATCH = 64;

  private AheadOfTime() {}

  /** Where the backend looks on the class path. */
  public static Path folder(Path classes) {
    return classes.resolve("dev/chainrule/backend/cuda/precompiled");
  }

  /** Compiles kernels into a folder of their own, as {@code -Dchainrule.cuda.precompiled} may name it. */
  public static void compile(Collection<Source> kernels, Path folder, Path nvcc) throws IOException {
    Files.createDirectories(folder);
    List<Source> all = List.copyOf(kernels);
    List<String> index = new ArrayList<>(List.of(Precompiled.head()));
    for (int at = 0; at < all.size(); at += BATCH) {
      List<Source> batch = all.subList(at, Math.min(all.size(), at + BATCH));
      String file = "kernels-" + at / BATCH + ".fatbin";
      Path source = Files.writeString(folder.resolve("kernels.cu"),
          Dialect.CUDA.head(true) + batch.stream().map(Source::text).collect(Collectors.joining("\n")));
      StandIn.run(folder, command(nvcc, source, file));
      Files.delete(source);
      batch.forEach(kernel -> index.add(kernel.name() + " " + file));
    }
    Files.write(folder.resolve(Precompiled.INDEX), index);
  }

  private static List<String> command(Path nvcc, Path source, String file) {
    List<String> command = new ArrayList<>(List.of(nvcc.toString(), "-fatbin", "--threads", "0", "-o", file));
    command.addAll(Nvrtc.OPTIONS);
    for (String architecture : ARCHITECTURES) {
      command.addAll(List.of("-gencode", "arch=compute_%1$s,code=sm_%1$s".formatted(architecture)));
    }
    command.addAll(List.of("-gencode", "arch=compute_%1$s,code=compute_%1$s".formatted(ARCHITECTURES.getLast())));
    command.add(source.toString());
    return command;
  }
}
