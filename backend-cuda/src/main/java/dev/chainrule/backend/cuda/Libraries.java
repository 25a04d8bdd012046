package dev.chainrule.backend.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Function;

/**
 * NVIDIA's libraries of what is much of a network's work. Nothing is amiss without them, but slower.
 *
 * @param products of matrices, by cuBLASLt
 * @param convolutions by cuDNN
 * @param findings a line for each of the two
 */
record Libraries(Optional<CublasLt> products, Optional<Cudnn> convolutions, List<String> findings) {

  /** None: all runs on kernels of our own. */
  static final Libraries NONE = new Libraries(Optional.empty(), Optional.empty(), List.of());

  /** Whether matrix products go to NVIDIA's library; {@code false} has them run on kernels of our own. */
  static final String PRODUCTS = "chainrule.cuda.cublas";

  /** Likewise for convolutions. */
  static final String CONVOLUTIONS = "chainrule.cuda.cudnn";

  Libraries {
    findings = List.copyOf(findings);
  }

  /** @param cuda the driver's major version */
  static Libraries find(LibrarySearch search, int cuda) {
    List<String> findings = new ArrayList<>();
    String packages = cuda >= 13 ? "" : "-cu12";
    Optional<CublasLt> products = find(PRODUCTS, "products", "cuBLASLt", () -> CublasLt.find(search, cuda),
        library -> "%s (%s)".formatted(library.version(), library.path()), findings,
        "(%s) is not there".formatted(String.join(", ", CublasLt.names(cuda))), search.where() + "; pip install nvidia-cublas" + packages);
    Optional<Cudnn> convolutions = find(CONVOLUTIONS, "convolutions", "cuDNN", () -> Cudnn.find(search),
        library -> "%s (%s)".formatted(library.version(), library.path()), findings,
        "(%s) is not there".formatted(Cudnn.LIBRARY), search.where() + "; pip install nvidia-cudnn-cu" + Math.min(cuda, 13));
    return new Libraries(products, convolutions, findings);
  }

  private interface Search<T> {
    Optional<T> library();
  }

  private static <T> Optional<T> find(String property, String what, String name, Search<T> search, Function<T, String> found,
      List<String> findings, String missing, String remedy) {
    if (!Settings.flag(property, true)) {
      findings.add(what + " run on Chainrule's own kernels, as -D" + property + "=false says");
      return Optional.empty();
    }
    try {
      Optional<T> library = search.library();
      findings.add(library.map(found).orElseGet(
          () -> "%s %s, %s run on Chainrule's own kernels, more slowly: %s".formatted(name, missing, what, remedy)));
      return library;
    } catch (IllegalArgumentException | NoSuchElementException e) {
      findings.add("%s cannot be opened, %s run on Chainrule's own kernels, more slowly: %s".formatted(name, what, e.getMessage()));
      return Optional.empty();
    }
  }

  /** Has the log say which of them are not there. */
  void sayWhatIsMissing() {
    if (products.isEmpty()) {
      sayOwnKernels("Matrix products", findings.getFirst());
    }
    if (convolutions.isEmpty()) {
      sayOwnKernels("Convolutions", findings.getLast());
    }
  }

  static void sayOwnKernels(String what, String finding) {
    System.getLogger(Libraries.class.getName()).log(System.Logger.Level.INFO, what + " run on Chainrule's own kernels: " + finding);
  }
}
