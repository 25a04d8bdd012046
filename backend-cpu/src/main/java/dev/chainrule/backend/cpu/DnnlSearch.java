package dev.chainrule.backend.cpu;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Whether this process computes with oneDNN, and why or why not. It is looked for once.
 *
 * @param library oneDNN, if it can be used
 * @param finding a clause for users
 */
record DnnlSearch(Optional<Dnnl> library, String finding) {

  private static final DnnlSearch NOT_YET = none("it is still being opened");

  /** A class of its own, so that nothing is looked for before someone asks. */
  private static final class Here {
    private static final CompletableFuture<DnnlSearch> FOUND =
        CompletableFuture.supplyAsync(() -> find(() -> DnnlFiles.unpacked(DnnlFiles.cache())), Here::onAThread);

    private static void onAThread(Runnable search) {
      Thread.ofPlatform().name("chainrule-dnnl").daemon().start(search);
    }
  }

  /** Begins to look for oneDNN, if nobody has: that takes a tenth of a second or two, which the first trace and plan take as well. */
  static void begin() {
    here(NOT_YET);
  }

  /** What was found in this process; waits for the end of the search. */
  static DnnlSearch here() {
    return Here.FOUND.join();
  }

  /** oneDNN, if it has been found by now. */
  static Optional<Dnnl> byNow() {
    return here(NOT_YET).library;
  }

  private static DnnlSearch here(DnnlSearch otherwise) {
    return Here.FOUND.getNow(otherwise);
  }

  /** A folder with oneDNN's libraries. */
  interface Source {
    Path folder() throws IOException;
  }

  /** Looks for oneDNN. The log says why products are computed in Java if it is of no use. */
  static DnnlSearch find(Source source) {
    DnnlSearch found = search(source);
    if (found.library.isEmpty()) {
      log(found.finding);
    }
    return found;
  }

  /** Says in the log, once, that products are computed in Java because someone wants it so. */
  static void omit() {
    Omitted.log();
  }

  private static final class Omitted {
    private static final String WHY = "oneDNN is switched off";

    static {
      DnnlSearch.log(WHY);
    }

    /** Once, by the class's initialisation. */
    static void log() {}
  }

  private static void log(String finding) {
    System.getLogger(DnnlSearch.class.getName()).log(System.Logger.Level.INFO, "Matrix products are computed in Java: " + finding);
  }

  private static DnnlSearch search(Source source) {
    if (!DnnlFiles.fit()) {
      return none("there is no oneDNN for %s on %s".formatted(System.getProperty("os.name"), System.getProperty("os.arch")));
    }
    try {
      return examined(Dnnl.open(source.folder()));
    } catch (IOException e) {
      return none("oneDNN cannot be unpacked: " + e);
    } catch (RuntimeException | LinkageError e) { // whatever it is, products in Java are as good
      return none("oneDNN cannot be opened: " + e);
    }
  }

  private static DnnlSearch examined(Dnnl dnnl) {
    if (dnnl.threads() != 1) {
      return none("oneDNN would start threads of its own: something in this process uses OpenMP on %d".formatted(dnnl.threads()));
    }
    if (!dnnl.hasAvx512()) {
      return none("oneDNN adds up in an order of its own where there is no AVX-512");
    }
    if (!DnnlExamination.passed(dnnl)) {
      return none("oneDNN adds up in an order of its own on this processor");
    }
    return new DnnlSearch(Optional.of(dnnl), "oneDNN");
  }

  private static DnnlSearch none(String finding) {
    return new DnnlSearch(Optional.empty(), finding);
  }
}
