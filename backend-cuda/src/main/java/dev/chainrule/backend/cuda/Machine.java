package dev.chainrule.backend.cuda;

/** What all plans of a device share. */
record Machine(Context context, Streams streams, MemoryCache memory, PinnedMemory pinned, Modules modules, Settings settings) {

  static Machine of(Context context, Card card, KernelCompiler compiler, Settings settings) {
    Streams streams = context.call(() -> new Streams(context));
    return new Machine(context, streams, new MemoryCache(context), new PinnedMemory(context),
        new Modules(context, compiler, card.architecture(), settings), settings);
  }
}
