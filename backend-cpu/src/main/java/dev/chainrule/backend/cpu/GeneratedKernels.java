package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;

/** Links generated kernels, several that do not depend on one another as one loop. */
final class GeneratedKernels {

  private final Bases bases;
  private final Parts parts;
  private final VectorSwitch vectors;

  GeneratedKernels(Bases bases, Parts parts, VectorSwitch vectors) {
    this.bases = bases;
    this.vectors = vectors;
    this.parts = parts;
  }

  Kernel link(List<Instruction.Compute> computes) {
    List<RangeKernel> loops = new ArrayList<>();
    List<Kernel> shared = new ArrayList<>();
    int checks = 0;
    for (Instruction.Compute compute : computes) {
      if (compute.kernel().domain().elements() > 0) {
        add(compute, checks, loops, shared);
      }
      checks += compute.kernel().checks().size();
    }
    if (!loops.isEmpty()) {
      shared.add(new ParallelLoop(loops, parts));
    }
    return Sequence.of(shared);
  }

  private void add(Instruction.Compute compute, int firstCheck, List<RangeKernel> loops, List<Kernel> shared) {
    GeneratedKernel kernel = compute.kernel();
    if (isCopy(kernel)) {
      Operand from = compute.arguments().getFirst();
      Operand to = compute.outputs().getFirst();
      loops.add(new StridedCopy(bases.place(from.buffer()), from.layout(), bases.place(to.buffer()), to.layout(), to.dtype().bytes()));
      return;
    }
    var tiling = new Tiling(kernel.domain(), kernel.folded());
    List<Phase> phases = phases(compute, firstCheck, tiling);
    long elementWork = kernel.values().size() + 1L;
    if (tiling.chunks() > 1 && tiling.groups() < parts.most()) {
      shared.add(new SharedGroups(tiling, phases, elementWork, parts));
    } else {
      loops.add(new GeneratedLoop(tiling, phases, elementWork));
    }
  }

  private List<Phase> phases(Instruction.Compute compute, int firstCheck, Tiling tiling) {
    List<Phase> phases = new BlockCodeBuilder(compute, firstCheck, tiling, bases, vectors.isOn()).build();
    for (Phase phase : phases) {
      if (phase.code() instanceof VectorCode code) {
        vectors.add(code);
      }
    }
    return phases;
  }

  /** A kernel as one loop, which somebody runs a part of at a time. */
  RangeKernel loop(Instruction.Compute compute) {
    var tiling = new Tiling(compute.kernel().domain(), compute.kernel().folded());
    return new GeneratedLoop(tiling, phases(compute, 0, tiling), compute.kernel().values().size() + 1L);
  }

  /** A kernel without folds that another has computed part by part. */
  Epilogue epilogue(Instruction.Compute compute) {
    var tiling = new Tiling(compute.kernel().domain(), compute.kernel().folded());
    return new Epilogue(tiling, phases(compute, 0, tiling).getFirst().code(), parts.spare());
  }

  private static boolean isCopy(GeneratedKernel kernel) {
    return kernel.values().size() == 1 && kernel.values().getFirst() instanceof KernelExpression.Load
        && kernel.results().size() == 1 && kernel.checks().isEmpty() && !kernel.results().getFirst().isFolded(kernel.folded());
  }

  // --- reductions that are calls -----------------------------------------------------------------------------------------------------

  /** A reduction to a dense result, also of nothing, and along no axes. */
  Kernel reduction(Op.Reduce op, Operand in, Operand out) {
    Layout layout = Layout.folded(in.shape(), op.axes());
    if (in.shape().elements() == 0) {
      return identities(op.fold(), out);
    }
    var load = new KernelExpression.Load(0, in.dtype(), in.layout());
    KernelExpression result = op.axes().count() > 0
        ? new KernelExpression.Fold(op.fold(), 0, out.dtype())
        : new KernelExpression.Apply(new Op.Cast(out.dtype()), List.of(0), out.dtype());
    var kernel = new GeneratedKernel(in.shape(), op.axes().count() > 0 ? op.axes() : Axes.NONE, List.of(load, result),
        List.of(new GeneratedKernel.Result(1, layout)), List.of());
    return link(List.of(new Instruction.Compute(kernel, List.of(in), List.of(out.with(layout)), List.of(), List.of(Origin.NONE))));
  }

  private Kernel identities(Op.Fold fold, Operand out) {
    DType dtype = out.dtype();
    long elements = out.shape().elements();
    Place place = bases.place(out.buffer());
    Object identities = Folds.identities(fold, dtype, Registers.BLOCK);
    return frame -> {
      for (long at = 0; at < elements; at += Registers.BLOCK) {
        int n = (int) Math.min(Registers.BLOCK, elements - at);
        BlockStorer.store(dtype, identities, n, place.address(frame) + at * dtype.bytes(), parts.registers(0));
      }
    };
  }
}
