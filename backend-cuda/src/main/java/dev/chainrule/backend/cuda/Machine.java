package dev.chainrule.backend.cuda;

/** What all plans of a device share. */
record Machine(Context context, Streams streams, MemoryCache memory, PinnedMemory pinned, Frame frame, Modules modules, Settings settings) {

  static Machine of(Context context, Card card, KernelCompiler compiler, Settings settings) {
    Streams streams = context.call(() -> new Streams(context));
    var memory = new MemoryCache(context);
    return new Machine(context, streams, memory, new PinnedMemory(context), new Frame(context, streams, memory),
        new Modules(context, compiler, card.architecture(), settings), settings);
  }
}
