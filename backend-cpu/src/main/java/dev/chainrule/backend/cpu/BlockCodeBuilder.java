package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Compiles a generated kernel to {@link BlockCode}, phase by phase. A value is computed at its {@link KernelLevels.Level}, once; a register
 * of elements is free again after its last reader. Where every group is a single tile, what one phase has computed the next ones take
 * from the registers; elsewhere they load and compute it again.
 */
final class BlockCodeBuilder {

  private final Instruction.Compute compute;
  private final GeneratedKernel kernel;
  private final int firstCheck;
  private final Bases bases;
  private final Tiling tiling;
  private final KernelLevels levels;
  private final boolean vectors;
  private final RegisterFile file = new RegisterFile();
  private final Map<Integer, Integer> registers = new HashMap<>();
  private final Map<Integer, Integer> spread = new HashMap<>();

  /**
   * What is the same for all tiles, such as weights of a norm or the numbers of classes: loaded or counted once, into registers of its own.
   */
  private final Set<Integer> repeated = new HashSet<>();

  private final Map<Integer, Integer> readers = new HashMap<>();
  private final Map<RegisterKind, Integer> scratch = new HashMap<>();
  private final List<BlockStep> constants = new ArrayList<>();
  private final List<BlockStep> group = new ArrayList<>();
  private final List<BlockStep> spreading = new ArrayList<>();
  private final List<BlockStep> once = new ArrayList<>();
  private final List<BlockStep> tile = new ArrayList<>();

  /**
   * @param firstCheck number that the kernel's first check has in its instruction
   * @param vectors whether phases become {@link VectorCode} where that covers them
   */
  BlockCodeBuilder(Instruction.Compute compute, int firstCheck, Tiling tiling, Bases bases, boolean vectors) {
    this.compute = compute;
    this.kernel = compute.kernel();
    this.firstCheck = firstCheck;
    this.bases = bases;
    this.tiling = tiling;
    this.levels = new KernelLevels(kernel);
    this.vectors = vectors;
  }

  List<Phase> build() {
    List<CompiledPhase> phases = new ArrayList<>();
    if (tiling.isSingle()) {
      for (int phase = 0; phase < levels.phases(); phase++) {
        countReaders(phase, levels.isNeeded(phase));
      }
    }
    for (int phase = 0; phase < levels.phases(); phase++) {
      phases.add(phase(phase));
    }
    List<? extends PhaseCode> codes = vectors ? new VectorPhases(compute, firstCheck, tiling, levels, bases, file).build(phases)
        : phases.stream().map(CompiledPhase::block).toList();
    return IntStream.range(0, codes.size()).mapToObj(i -> new Phase(codes.get(i), phases.get(i).foldings())).toList();
  }

  // --- a phase -----------------------------------------------------------------------------------------------------------------------

  private CompiledPhase phase(int phase) {
    boolean[] needed = levels.isNeeded(phase);
    spread.clear();
    if (!tiling.isSingle()) {
      forgetElements();
      countReaders(phase, needed);
    }
    Map<Integer, Folding> folds = new LinkedHashMap<>();
    List<Integer> elements = new ArrayList<>();
    for (int number = 0; number < needed.length; number++) {
      if (needed[number] && !registers.containsKey(number)) {
        define(number);
        if (levels.of(number) == KernelLevels.Level.ELEMENTS && !repeated.contains(number)) {
          elements.add(number);
        }
      }
      folds(phase, number, folds);
      checks(phase, number);
    }
    store(phase);
    var code = new BlockCode(constants, group, spreading, once, tile);
    List.of(constants, group, spreading, once, tile).forEach(List::clear);
    return new CompiledPhase(code, phase, elements, kept(elements), registers, spread, folds);
  }

  /** What a later phase takes from the registers. */
  private List<Integer> kept(List<Integer> elements) {
    return elements.stream().filter(number -> tiling.isSingle() && readers.getOrDefault(number, 0) > 0).toList();
  }

  /** What a later phase cannot find in the registers. */
  private void forgetElements() {
    registers.keySet().removeIf(number -> switch (levels.of(number)) {
      case ONE -> false;
      case PLACES -> !(kernel.values().get(number) instanceof KernelExpression.Fold);
      case ELEMENTS -> true;
    });
    readers.clear();
  }

  private void countReaders(int phase, boolean[] needed) {
    for (int number = 0; number < needed.length; number++) {
      if (needed[number] && !(tiling.isSingle() && isNeededBefore(phase, number))
          && kernel.values().get(number) instanceof KernelExpression.Apply apply) {
        apply.arguments().forEach(this::countReader);
      }
    }
    levels.folds(phase).forEach(fold -> countReader(fold(fold).argument()));
    levels.results(phase).forEach(result -> countReader(kernel.results().get(result).value()));
    levels.checks(phase).forEach(check -> countReader(kernel.checks().get(check)));
  }

  private boolean isNeededBefore(int phase, int number) {
    for (int earlier = 0; earlier < phase; earlier++) {
      if (levels.isNeeded(earlier)[number]) {
        return true;
      }
    }
    return false;
  }

  private void countReader(int number) {
    readers.merge(number, 1, Integer::sum);
  }

  private KernelExpression.Fold fold(int number) {
    return (KernelExpression.Fold) kernel.values().get(number);
  }

  // --- values ------------------------------------------------------------------------------------------------------------------------

  private void define(int number) {
    switch (kernel.values().get(number)) {
      case KernelExpression.Load load -> load(number, load);
      case KernelExpression.Index index -> index(number, index);
      case KernelExpression.Apply apply -> apply(number, apply);
      case KernelExpression.Fold fold -> throw new IllegalStateException("[cpu] " + fold + " is needed before it is there");
    }
    if (levels.of(number) == KernelLevels.Level.ONE) {
      RegisterKind kind = kind(number);
      int register = register(number);
      int length = (int) Math.min(Registers.BLOCK, kernel.domain().elements());
      constants.add((_, r, _, _) -> Spreading.first(r.array(kind, register), length));
    }
  }

  private void load(int number, KernelExpression.Load load) {
    boolean places = levels.of(number) == KernelLevels.Level.PLACES;
    var loader = new BlockLoader(places ? tiling.places(load.layout()) : tiling.elements(load.layout()), load.dtype());
    Place place = bases.place(compute.arguments().get(load.argument()).buffer());
    RegisterKind kind = kind(number);
    if (levels.of(number) == KernelLevels.Level.ELEMENTS && load.dtype() == DType.F32 && tiling.repeats(load.layout())) {
      int to = repeated(number);
      int elements = tiling.tileElements();
      constants.add((frame, r, _, _) -> loader.load(place.address(frame), 0, elements, r, r.array(kind, to)));
      return;
    }
    int to = target(number);
    emit(number, (frame, r, at, n) -> loader.load(place.address(frame), at, n, r, r.array(kind, to)));
  }

  private int repeated(int number) {
    repeated.add(number);
    int to = file.reserve(kind(number), 1);
    registers.put(number, to);
    return to;
  }

  private void index(int number, KernelExpression.Index index) {
    Layout domain = Layout.dense(kernel.domain());
    boolean places = levels.of(number) == KernelLevels.Level.PLACES;
    Shape shape = (places ? tiling.places(domain) : tiling.elements(domain)).shape();
    var counting = Counting.along(tiling.position(index.axis()), shape);
    if (levels.of(number) == KernelLevels.Level.ELEMENTS && index.dtype() == DType.I32 && tiling.repeats(counting)) {
      int counts = file.reserve(RegisterKind.LONG, 1);
      BlockStep narrowed = conversion(DType.I64, counts, index.dtype(), repeated(number));
      int elements = tiling.tileElements();
      constants.add((frame, r, _, _) -> {
        counting.count(r.longs(counts), 0, elements);
        narrowed.run(frame, r, 0, elements);
      });
      return;
    }
    if (index.dtype() == DType.I64) {
      int to = target(number);
      emit(number, (_, r, at, n) -> counting.count(r.longs(to), at, n));
      return;
    }
    int counts = temporary(number, RegisterKind.LONG);
    emit(number, (_, r, at, n) -> counting.count(r.longs(counts), at, n));
    emit(number, conversion(DType.I64, counts, index.dtype(), target(number)));
    releaseTemporary(number, RegisterKind.LONG, counts);
  }

  private void apply(int number, KernelExpression.Apply apply) {
    int[] in = apply.arguments().stream().mapToInt(argument -> read(argument, levels.of(number))).toArray();
    int to = target(number);
    DType operands = kernel.values().get(apply.arguments().getLast()).dtype();
    emit(number, step(apply, operands, to, in));
    boolean exact = apply.op() instanceof Op.Where || apply.op() instanceof Op.Cast;
    if (Conversions.needsRounding(apply.dtype()) && !exact) {
      DType dtype = apply.dtype();
      RegisterKind kind = kind(number);
      emit(number, (_, r, _, n) -> Conversions.round(dtype, r.array(kind, to), n));
    }
    apply.arguments().forEach(this::release);
  }

  private static BlockStep step(KernelExpression.Apply apply, DType operands, int to, int[] in) {
    return switch (apply.op()) {
      case Op.Unary op -> PointwiseSteps.unary(op, operands, to, in[0]);
      case Op.Binary op -> PointwiseSteps.binary(op, operands, to, in[0], in[1]);
      case Op.Comparison op -> PointwiseSteps.comparison(op, operands, to, in[0], in[1]);
      case Op.Where _ -> PointwiseSteps.where(RegisterKind.of(apply.dtype()), to, in[0], in[1], in[2]);
      case Op.Cast(DType dtype) -> conversion(operands, in[0], dtype, to);
      case Op.Bitcast(DType dtype) -> converting(Bits.between(operands, dtype), operands, in[0], dtype, to);
    };
  }

  private static BlockStep conversion(DType from, int x, DType dtype, int to) {
    return converting(Conversions.between(from, dtype), from, x, dtype, to);
  }

  private static BlockStep converting(Loops.Conversion<Object, Object> loop, DType from, int x, DType dtype, int to) {
    RegisterKind source = RegisterKind.of(from);
    RegisterKind target = RegisterKind.of(dtype);
    return (_, r, _, n) -> loop.apply(r.array(target, to), r.array(source, x), n);
  }

  // --- what becomes of values --------------------------------------------------------------------------------------------------------

  /** Those folds of a value that the phase makes. */
  private void folds(int phase, int argument, Map<Integer, Folding> folds) {
    for (int number : levels.folds(phase)) {
      if (fold(number).argument() == argument) {
        folds.put(number, folding(number, fold(number)));
        release(argument);
      }
    }
  }

  private Folding folding(int number, KernelExpression.Fold fold) {
    DType from = kernel.values().get(fold.argument()).dtype();
    DType combined = Folding.combined(fold.fold(), fold.dtype());
    RegisterKind kind = RegisterKind.of(combined);
    Folds.Accumulate accumulate = Folds.loop(fold.fold(), kind);
    int spare = scratch.computeIfAbsent(kind, k -> file.reserve(k, Folding.SCRATCH));
    var tree = new FoldTree(kind, accumulate, file.reserve(kind, FoldTree.levels(tiling.blocks())), spare + Folding.SCRATCH - 1);
    int accumulator = file.reserve(kind, 1);
    int result = Folding.isRounded(fold.dtype(), kind) ? file.reserve(RegisterKind.of(fold.dtype()), 1) : accumulator;
    registers.put(number, result);
    var folding = new Folding(fold.dtype(), kind, accumulate, tree, tiling.width() == 1, accumulator, result, spare);
    int argument = read(fold.argument(), KernelLevels.Level.ELEMENTS);
    if (RegisterKind.of(from) == kind) {
      tile.add((_, r, _, _) -> folding.combine(r, r.tile, argument));
    } else {
      int widened = file.take(kind);
      tile.add(conversion(from, argument, combined, widened));
      tile.add((_, r, _, _) -> folding.combine(r, r.tile, widened));
      file.release(kind, widened);
    }
    return folding;
  }

  private void checks(int phase, int number) {
    for (int check : levels.checks(phase)) {
      if (kernel.checks().get(check) == number) {
        DType dtype = kernel.values().get(number).dtype();
        (isOnce(number) ? once : tile).add(FiniteCheck.step(dtype, register(number), firstCheck + check));
        release(number);
      }
    }
  }

  /** Whether no element of a group differs from others of its place. */
  private boolean isOnce(int number) {
    return kernel.folded().count() > 0 && levels.of(number) != KernelLevels.Level.ELEMENTS;
  }

  /** After all loads: without folds a kernel may write where it reads. */
  private void store(int phase) {
    for (int i : levels.results(phase)) {
      GeneratedKernel.Result result = kernel.results().get(i);
      Operand output = compute.outputs().get(i);
      Place place = bases.place(output.buffer());
      boolean folded = result.isFolded(kernel.folded());
      int register = folded ? register(result.value()) : read(result.value(), KernelLevels.Level.ELEMENTS);
      var storer = new BlockStorer(folded ? tiling.places(output.layout()) : tiling.elements(output.layout()), output.dtype());
      RegisterKind kind = kind(result.value());
      (folded ? once : tile).add((frame, r, at, n) -> storer.store(place.address(frame), at, n, r, r.array(kind, register)));
    }
    levels.results(phase).forEach(result -> release(kernel.results().get(result).value()));
  }

  // --- registers ---------------------------------------------------------------------------------------------------------------------

  private RegisterKind kind(int number) {
    return RegisterKind.of(kernel.values().get(number).dtype());
  }

  private int register(int number) {
    return Objects.requireNonNull(registers.get(number));
  }

  /** A register for a value, never one of its operands'. Only those of elements are written in the order in which they are given out. */
  private int target(int number) {
    int register = temporary(number, kind(number));
    registers.put(number, register);
    return register;
  }

  private int temporary(int number, RegisterKind kind) {
    return levels.of(number) == KernelLevels.Level.ELEMENTS ? file.take(kind) : file.reserve(kind, 1);
  }

  private void releaseTemporary(int number, RegisterKind kind, int register) {
    if (levels.of(number) == KernelLevels.Level.ELEMENTS) {
      file.release(kind, register);
    }
  }

  /** The register in which a value is there for each element, or place. */
  private int read(int number, KernelLevels.Level reader) {
    if (reader != KernelLevels.Level.ELEMENTS || levels.of(number) != KernelLevels.Level.PLACES) {
      return register(number);
    }
    return spread.computeIfAbsent(number, _ -> {
      RegisterKind kind = kind(number);
      int places = register(number);
      int elements = file.reserve(kind, 1);
      spreading.add((_, r, _, _) -> Spreading.overRows(r.array(kind, places), r.array(kind, elements), r.tile));
      return elements;
    });
  }

  /** One reader less. */
  private void release(int number) {
    int left = Objects.requireNonNull(readers.merge(number, -1, Integer::sum));
    if (left == 0 && levels.of(number) == KernelLevels.Level.ELEMENTS && !repeated.contains(number)) {
      file.release(kind(number), register(number));
    }
  }

  private void emit(int number, BlockStep step) {
    (switch (levels.of(number)) {
      case ONE -> constants;
      case PLACES -> group;
      case ELEMENTS -> tile;
    }).add(step);
  }
}
