package dev.chainrule.backend.cuda;

/** What a library of NVIDIA's enqueues itself; in a graph it is a graph of its own, captured from the stream. */
sealed interface LibraryWork extends Prepared permits PreparedProduct, PreparedConvolution {

  /** Gives back what the library keeps on the host for it. */
  void destroy();
}
