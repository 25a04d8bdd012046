package dev.chainrule.backend.cuda;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.PinnedMemory;
import dev.chainrule.kernels.Step;
import dev.chainrule.kernels.TuningFile;
import dev.chainrule.schedule.Instruction;
import java.lang.foreign.SegmentAllocator;
import java.util.List;
import java.util.Optional;

/**
 * What all plans of a device share.
 *
 * @param products if there is a library for them
 * @param convolutions likewise
 */
record Machine(Context context, Streams streams, MemoryCache memory, PinnedMemory pinned, Frame frame, Modules modules,
    Optional<Products> products, Optional<Convolutions> convolutions, Settings settings) {

  static Machine of(Context context, Card card, KernelCompiler compiler, Libraries libraries, TuningFile tuning, Settings settings) {
    Streams streams = context.call(() -> new Streams(context));
    var memory = new MemoryCache(context);
    return new Machine(context, streams, memory, new PinnedMemory(bytes -> HostData.pinned(context, bytes)), new Frame(context, streams, memory),
        new Modules(context, compiler, card.architecture(), settings),
        libraries.products().flatMap(library -> Products.on(context, streams, card, memory, library,
            ProductAlgorithms.of(tuning, library.version(), settings.tunes()))),
        libraries.convolutions().flatMap(library -> Convolutions.on(context, streams, library)), settings);
  }

  /** What the planner must know of an operation that a kernel of our own can do: a library takes no generated kernel along. */
  NativeKernel kernel(NativeKernel own, Op op, List<TensorType> inputs, List<TensorType> outputs) {
    if (products.isPresent() && Products.takes(op, outputs.getFirst())) {
      return new NativeKernel(own.strided(), false, own.workspaceBytes(), own.channelsLast());
    }
    return convolutions.map(library -> library.instead(own, op, inputs, outputs)).orElse(own);
  }

  /** Whether a library may do the call. */
  boolean takes(Instruction.Call call) {
    return (products.isPresent() && Products.takes(call)) || (convolutions.isPresent() && Convolutions.takes(call));
  }

  /**
   * A call that {@link #takes} was told of, ready to be enqueued; empty if the library cannot do it after all.
   *
   * @param alignments bytes that the addresses in the table of memories are multiples of
   */
  Optional<? extends LibraryWork> prepared(Step.LibraryCall call, SegmentAllocator allocator, long... alignments) {
    return call.call().op() instanceof Op.Dot
        ? products.orElseThrow().prepared(call, allocator, alignments) : convolutions.orElseThrow().prepared(call, alignments);
  }
}
