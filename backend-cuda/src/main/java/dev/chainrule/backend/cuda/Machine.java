package dev.chainrule.backend.cuda;

import java.util.Optional;

/**
 * What all plans of a device share.
 *
 * @param products if there is a library for them
 */
record Machine(Context context, Streams streams, MemoryCache memory, PinnedMemory pinned, Frame frame, Modules modules,
    Optional<Products> products, Settings settings) {

  static Machine of(Context context, Card card, KernelCompiler compiler, Optional<CublasLt> library, Settings settings) {
    Streams streams = context.call(() -> new Streams(context));
    var memory = new MemoryCache(context);
    return new Machine(context, streams, memory, new PinnedMemory(context), new Frame(context, streams, memory),
        new Modules(context, compiler, card.architecture(), settings),
        library.flatMap(products -> Products.on(context, card, memory, products)), settings);
  }
}
