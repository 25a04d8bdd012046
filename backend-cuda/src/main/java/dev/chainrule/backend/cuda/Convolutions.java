package dev.chainrule.backend.cuda;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.Place;
import dev.chainrule.kernels.Step;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The convolutions of a device's plans and their gradients by cuDNN: the library's handle, and the plans that it has made. Sums are f32;
 * operands of f32 are taken as they are. What runs depends on shapes, the library's version and the GPU, never on time, and gives the same
 * bits again.
 */
final class Convolutions {

  /** Plans that are kept while nobody uses them. */
  private static final int MOST_UNUSED = 256;

  /** Of what lies at the beginning of a buffer: more than any engine asks for. */
  private static final long LARGEST_ALIGNMENT = 16;

  private final Cudnn library;
  private final Context context;
  private final long handle;

  /** By what they compute, those used last at the end; of the context's thread. Empty for what the library cannot do. */
  private final Map<DnnConvolution, Optional<ConvolutionPlan>> plans = new LinkedHashMap<>(16, 0.75f, true);

  private Convolutions(Cudnn library, Context context, long handle) {
    this.library = library;
    this.context = context;
    this.handle = handle;
  }

  /** Empty if the library does not start on this device, which the log says. */
  static Optional<Convolutions> on(Context context, Streams streams, Cudnn library) {
    return context.call(() -> {
      try {
        var convolutions = new Convolutions(library, context, context.taking(library::cudnnCreate));
        context.atEnd(convolutions::end);
        library.cudnnSetStream(convolutions.handle, streams.compute());
        return Optional.of(convolutions);
      } catch (CudaException e) {
        if (e.isPassing()) {
          throw e; // else bits would depend on what else is in memory
        }
        Libraries.sayOwnKernels("Convolutions", e.problem());
        return Optional.empty();
      }
    });
  }

  /** On the context's thread. */
  private void end() {
    plans.values().forEach(plan -> plan.ifPresent(ConvolutionPlan::destroy));
    plans.clear();
    library.cudnnDestroy(handle);
  }

  /** A kernel of our own with the workspace that the library wants in its place, and without epilogues, which it does not take along. */
  NativeKernel instead(NativeKernel own, Op op, List<TensorType> inputs, List<TensorType> outputs) {
    List<TensorType> operands = Stream.concat(inputs.stream(), outputs.stream()).toList();
    return DnnConvolution.of(op, operands, Collections.nCopies(operands.size(), LARGEST_ALIGNMENT)).map(convolution -> {
      long bytes = context.call(() -> plan(convolution).map(ConvolutionPlan::workspaceBytes).orElse(0L));
      return new NativeKernel(own.strided(), false, Math.max(own.workspaceBytes(), bytes), own.channelsLast());
    }).orElse(own);
  }

  /** Whether the call is something that the library has words for. */
  static boolean takes(Instruction.Call call) {
    List<TensorType> operands = operands(call).map(Operand::type).toList();
    return DnnConvolution.of(call.op(), operands, Collections.nCopies(operands.size(), LARGEST_ALIGNMENT)).isPresent();
  }

  private static Stream<Operand> operands(Instruction.Call call) {
    return Stream.concat(call.inputs().stream(), call.outputs().stream());
  }

  /**
   * A convolution that {@link #takes} was told of, ready to be enqueued; empty if the library cannot do it, or not with the workspace that
   * there is, since operands may lie at odder addresses than was expected.
   *
   * @param step the call, where its operands lie, then its workspace
   * @param alignments bytes that the addresses in the table of memories are multiples of
   */
  Optional<PreparedConvolution> prepared(Step.LibraryCall step, long... alignments) {
    List<TensorType> operands = operands(step.call()).map(Operand::type).toList();
    List<Long> aligned = new ArrayList<>();
    for (Place place : step.places().subList(0, operands.size())) {
      aligned.add(Long.lowestOneBit(LARGEST_ALIGNMENT | alignments[place.base()] | place.offset()));
    }
    DnnConvolution convolution = DnnConvolution.of(step.call().op(), operands, aligned).orElseThrow();
    long there = step.call().workspace().stream().mapToLong(workspace -> workspace.type().bytes()).sum();
    return context.call(() -> plan(convolution).filter(plan -> plan.workspaceBytes() <= there)
        .map(plan -> new PreparedConvolution(library, handle, plan.taken(), convolution.kind(), step.places())));
  }

  private Optional<ConvolutionPlan> plan(DnnConvolution convolution) {
    Optional<ConvolutionPlan> known = plans.get(convolution);
    if (known != null) {
      return known;
    }
    Optional<ConvolutionPlan> made = made(convolution);
    plans.put(convolution, made);
    forgetUnused();
    return made;
  }

  private Optional<ConvolutionPlan> made(DnnConvolution convolution) {
    try {
      return context.taking(() -> ConvolutionPlan.of(library, handle, convolution));
    } catch (CudaException e) {
      if (e.isPassing()) {
        throw e;
      }
      if (!Cudnn.isRefusal(e)) {
        System.getLogger(Convolutions.class.getName()).log(System.Logger.Level.WARNING,
            "A convolution runs on a kernel of Chainrule's own: " + e.problem() + "; " + convolution);
      }
      return Optional.empty();
    }
  }

  private void forgetUnused() {
    long unused = plans.values().stream().filter(plan -> plan.filter(ConvolutionPlan::isInUse).isEmpty()).count();
    Iterator<Optional<ConvolutionPlan>> oldest = plans.values().iterator();
    while (unused > MOST_UNUSED && oldest.hasNext()) {
      Optional<ConvolutionPlan> plan = oldest.next();
      if (plan.filter(ConvolutionPlan::isInUse).isEmpty()) {
        plan.ifPresent(ConvolutionPlan::destroy);
        oldest.remove();
        unused--;
      }
    }
  }
}
