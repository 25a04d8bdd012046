package dev.chainrule.backend.cpu;

import dev.chainrule.schedule.Instruction;
import java.util.List;

/** Makes {@link VectorCode} of a kernel's phases, of all together where all go by rows. */
final class VectorPhases {

  private final Instruction.Compute compute;
  private final int firstCheck;
  private final Tiling tiling;
  private final KernelLevels levels;
  private final Bases bases;
  private final RegisterFile file;
  private final RowForm rows;

  VectorPhases(Instruction.Compute compute, int firstCheck, Tiling tiling, KernelLevels levels, Bases bases, RegisterFile file) {
    this.compute = compute;
    this.firstCheck = firstCheck;
    this.tiling = tiling;
    this.levels = levels;
    this.bases = bases;
    this.file = file;
    this.rows = RowForm.of(compute, tiling);
  }

  /** The code of all phases: the block code where nothing else covers it. */
  List<PhaseCode> build(List<CompiledPhase> phases) {
    List<PhaseCode> together = together(phases);
    return !together.isEmpty() ? together : phases.stream().map(this::alone).toList();
  }

  private VectorPhaseBuilder builder(CompiledPhase phase) {
    return new VectorPhaseBuilder(compute, firstCheck, tiling, rows, levels, bases, file, phase);
  }

  private PhaseCode alone(CompiledPhase phase) {
    VectorPhaseBuilder builder = builder(phase);
    return builder.covers() ? builder.build(new LoopSet(), Recomputation.NONE, builder.work()) : phase.block();
  }

  /** Phases that need little of what is in earlier ones' registers, if all that have tiles go by rows; else empty. */
  private List<PhaseCode> together(List<CompiledPhase> phases) {
    List<VectorPhaseBuilder> builders = phases.stream().map(this::builder).toList();
    List<VectorPhaseBuilder> withTiles = builders.stream().filter(VectorPhaseBuilder::hasTiles).toList();
    if (withTiles.isEmpty() || !withTiles.stream().allMatch(builder -> builder.isByRows() && builder.covers())) {
      return List.of();
    }
    var loops = new LoopSet();
    var again = new Recomputation(compute.kernel(), tiling, levels, rows);
    long work = withTiles.stream().mapToLong(VectorPhaseBuilder::work).sum();
    List<PhaseCode> codes = builders.stream()
        .map(builder -> builder.hasTiles() ? builder.build(loops, again, work) : builder.block()).toList();
    return withTiles.stream().anyMatch(VectorPhaseBuilder::hasTooManyStreams) ? List.of() : codes;
  }
}
