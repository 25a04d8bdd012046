package dev.chainrule.backend.cuda;

import dev.chainrule.kernels.Dialect;
import dev.chainrule.kernels.Source;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Kernels compiled many at a time and on all processors, before a suite wants them one after the other. */
public final class Compilation {

  /** Kernels in a program. More take less time together; fewer are shared out better. */
  private static final int BATCH = 64;

  private Compilation() {}

  /** Has the backend of this process find these kernels compiled for its first device, if it has one. */
  public static void of(Collection<Source> kernels) {
    Installation found = Installation.of(LibrarySearch.here());
    if (!found.isUsable()) {
      return;
    }
    String head = Dialect.CUDA.head(true);
    Nvrtc compiler = found.compiler().orElseThrow();
    Card card = found.cards().getFirst();
    String architecture = card.architecture();
    var files = new CubinFiles(Settings.here().cubins(), compiler, architecture, head);
    List<Source> missing = kernels.stream()
        .filter(kernel -> card.hasTensorCores() || !kernel.tensorCores()).filter(kernel -> files.cubinOf(kernel).isEmpty()).toList();
    int batches = Math.ceilDiv(missing.size(), BATCH);
    IntStream.range(0, batches).parallel().forEach(i -> {
      List<Source> batch = missing.subList(i * BATCH, Math.min(missing.size(), (i + 1) * BATCH));
      String text = head + batch.stream().map(Source::text).collect(Collectors.joining("\n"));
      files.keep(CubinFiles.name(batch), compiler.compile(text, architecture), batch);
    });
  }
}
