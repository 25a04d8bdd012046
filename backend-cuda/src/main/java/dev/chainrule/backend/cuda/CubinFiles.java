package dev.chainrule.backend.cuda;

import dev.chainrule.kernels.Source;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Compiled kernels on disk, so that each is compiled once on a machine. A folder holds those of one compiler with its options,
 * architecture and head; for each kernel a file there names the cubin that it is in. Files appear whole, also where several processes
 * write them. Without a disk everything is compiled again.
 */
final class CubinFiles {

  private final Path folder;

  CubinFiles(Path cubins, KernelCompiler compiler, String architecture, String head) {
    String rest = Source.digest(String.join("\n", compiler.options()) + "\n" + head);
    this.folder = cubins.resolve(compiler.version() + "-" + architecture + "-" + rest.substring(0, 16));
  }

  /** What a cubin of these kernels is called. */
  static String name(Collection<Source> kernels) {
    return "cubin-" + Source.digest(kernels.stream().map(Source::name).collect(Collectors.joining("\n")));
  }

  /** Name of the cubin that a kernel is in. */
  Optional<String> cubinOf(Source kernel) {
    return read(kernel.name()).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  Optional<byte[]> cubin(String name) {
    return read(name);
  }

  private Optional<byte[]> read(String name) {
    try {
      Path file = folder.resolve(name);
      return Files.isRegularFile(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    } catch (IOException _) {
      return Optional.empty(); // then it is compiled
    }
  }

  void keep(String name, byte[] cubin, Collection<Source> kernels) {
    try {
      Files.createDirectories(folder);
      write(name, cubin);
      for (Source kernel : kernels) {
        write(kernel.name(), name.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      System.getLogger(CubinFiles.class.getName()).log(System.Logger.Level.DEBUG, "Compiled kernels are not kept: {0}", e.toString());
    }
  }

  private void write(String name, byte[] content) throws IOException {
    Path part = Files.createTempFile(folder, name, ".part");
    Files.write(part, content);
    Files.move(part, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
