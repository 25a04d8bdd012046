package dev.chainrule.backend.cuda;

/** Work for the device of which all but addresses is settled. Of the context's thread alone. */
sealed interface Prepared permits PreparedLaunch, LibraryWork {

  /** For messages, such as {@code kernel add_0123}. */
  String name();

  /** Takes the addresses of a run's memories. */
  void bind(long... memories);

  /** The addresses that were taken last. */
  long[] addresses();

  /** Enqueues it with the addresses that were taken last. */
  void enqueue(Driver driver, long stream);
}
