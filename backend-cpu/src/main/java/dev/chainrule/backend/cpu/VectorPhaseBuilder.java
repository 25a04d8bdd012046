package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Makes {@link VectorCode} of a phase that {@link BlockCodeBuilder} has compiled, if it {@link #covers} it. What a later phase finds in
 * registers lies in those that the block code leaves it in; all other registers that are written here nobody else has.
 */
final class VectorPhaseBuilder {

  /** Operations of a loop at most: beyond about 45 C2 stops to inline, and each vector that crosses a call is an object. */
  private static final int MOST_OPERATIONS = 60;

  private final Instruction.Compute compute;
  private final GeneratedKernel kernel;
  private final int firstCheck;
  private final Tiling tiling;
  private final KernelLevels levels;
  private final Bases bases;
  private final RegisterFile file;
  private final CompiledPhase compiled;

  private final List<VectorProgram.Value> values = new ArrayList<>();
  private final List<VectorProgram.Sink> sinks = new ArrayList<>();
  private final List<VectorCode.Stream> streams = new ArrayList<>();
  private final List<VectorCode.Check> checks = new ArrayList<>();
  private final List<BlockStep> before = new ArrayList<>();
  private final List<BlockStep> after = new ArrayList<>();
  private final Map<Integer, Integer> program = new HashMap<>();
  private final Map<Integer, Integer> left = new HashMap<>();
  private final RowForm rows;
  private final boolean byRows;
  private int repeatedRows;
  private Recomputation again = Recomputation.NONE;
  private boolean spreads;

  VectorPhaseBuilder(Instruction.Compute compute, int firstCheck, Tiling tiling, RowForm rows, KernelLevels levels, Bases bases,
      RegisterFile file, CompiledPhase compiled) {
    this.compute = compute;
    this.kernel = compute.kernel();
    this.firstCheck = firstCheck;
    this.tiling = tiling;
    this.levels = levels;
    this.bases = bases;
    this.file = file;
    this.compiled = compiled;
    this.rows = rows;
    this.byRows = rows.isOfWholeVectors()
        && (levels.folds(compiled.phase()).stream().noneMatch(this::isVectorFold) || joinsWholeVectors());
  }

  /**
   * The phase's code, if it is covered.
   *
   * @param work of the loops of the set, in elementary operations
   */
  PhaseCode build(LoopSet loops, Recomputation recomputation, long work) {
    again = recomputation;
    compiled.elements().forEach(this::value);
    compiled.kept().stream().filter(number -> !again.covers(number)).forEach(number -> left.put(number, sinkTo(number, register(number))));
    levels.checks(compiled.phase()).forEach(this::check);
    levels.folds(compiled.phase()).forEach(this::fold);
    levels.results(compiled.phase()).forEach(this::store);
    if (hasTooManyStreams()) {
      return block();
    }
    return new VectorCode(compiled.block(), new VectorProgram(byRows, values, sinks), rows, streams, checks, before, after, work,
        spreads, kernel.folded().count() > 0, loops);
  }

  boolean hasTooManyStreams() {
    return streams.size() > Registers.STREAMS;
  }

  BlockCode block() {
    return compiled.block();
  }

  boolean hasTiles() {
    return block().hasTiles();
  }

  /** Elementary operations of the phase. */
  long work() {
    return kernel.domain().elements() * (operations() + levels.folds(compiled.phase()).size());
  }

  // --- what is covered ---------------------------------------------------------------------------------------------------------------

  /**
   * Whether a generated loop can compute the phase's tiles, and is worth it: there is an operation on elements, a fold of long rows of
   * floats or a sum of rows, there are at most {@value #MOST_OPERATIONS} operations, and all values that depend on the element are of 32
   * bits or narrower, computed by {@link VectorOperations}. F64 and I64, integer division, pow and tan stay with the block code.
   */
  boolean covers() {
    long operations = operations();
    return (operations > 0 || foldsLongRows() || foldsColumns()) && operations <= MOST_OPERATIONS
        && compiled.elements().stream().allMatch(this::covers)
        && levels.folds(compiled.phase()).stream().allMatch(fold -> isNarrow(argument(fold)))
        && levels.results(compiled.phase()).stream().allMatch(result -> isNarrow(kernel.results().get(result).value()));
  }

  /** Whether the loop goes row by row. Rows that are folded must join their lanes as {@link Folding} does. */
  boolean isByRows() {
    return byRows;
  }

  /** Lanes that no element has come to may be left out where halving leaves whole vectors. */
  private boolean joinsWholeVectors() {
    long last = (rows.length() - 1) % Tiling.BLOCK_OF_NUMBERS + 1;
    return VectorWidth.LANES >= 8 && (last >= Folding.LANES || Long.bitCount(last) == 1);
  }

  private boolean foldsLongRows() {
    return (byRows || tiling.rows() >= Folding.LANES) && levels.folds(compiled.phase()).stream().anyMatch(this::isVectorFold);
  }

  private boolean foldsColumns() {
    return levels.folds(compiled.phase()).stream().anyMatch(this::isSumOfRows);
  }

  /** Whether rows are added up, element by element; a tile then is a block of the tree or a part of one. */
  private boolean isSumOfRows(int fold) {
    return byRows && kernel.values().get(fold) instanceof KernelExpression.Fold(Op.Fold kind, _, _) && kind == Op.Fold.SUM
        && tiling.width() > 1 && !tiling.isSingle() && Objects.requireNonNull(compiled.folds().get(fold)).kind() == RegisterKind.FLOAT;
  }

  private boolean isVectorFold(int fold) {
    return tiling.width() == 1 && Objects.requireNonNull(compiled.folds().get(fold)).kind() == RegisterKind.FLOAT;
  }

  private long operations() {
    return compiled.elements().stream().filter(number -> kernel.values().get(number) instanceof KernelExpression.Apply).count();
  }

  private int argument(int fold) {
    return ((KernelExpression.Fold) kernel.values().get(fold)).argument();
  }

  private DType dtype(int number) {
    return kernel.values().get(number).dtype();
  }

  private boolean isNarrow(int number) {
    return !VectorOperations.isWide(dtype(number));
  }

  private boolean covers(int number) {
    return isNarrow(number) && switch (kernel.values().get(number)) {
      case KernelExpression.Load _, KernelExpression.Index _ -> true;
      case KernelExpression.Apply apply -> apply.op() instanceof Op.Where
          || VectorOperations.of(apply.op(), dtype(apply.arguments().getLast()), apply.dtype()).isPresent();
      case KernelExpression.Fold _ -> false;
    };
  }

  // --- values ------------------------------------------------------------------------------------------------------------------------

  private void value(int number) {
    switch (kernel.values().get(number)) {
      case KernelExpression.Load load -> load(number, load);
      case KernelExpression.Index index -> index(number, index);
      case KernelExpression.Apply(Op.Pointwise op, List<Integer> arguments, DType dtype) -> {
        List<Integer> in = arguments.stream().map(this::source).toList();
        add(number, new VectorProgram.Operation(op, in, dtype(arguments.getLast()), dtype));
      }
      case KernelExpression.Fold fold -> throw new IllegalStateException("[cpu] " + fold + " is no value of elements");
    }
  }

  private int add(int number, VectorProgram.Value value) {
    values.add(value);
    program.put(number, values.size() - 1);
    return values.size() - 1;
  }

  private RegisterKind kind(int number) {
    return RegisterKind.of(dtype(number));
  }

  private int register(int number) {
    return Objects.requireNonNull(compiled.registers().get(number));
  }

  /** Where in the program a value is. */
  private int source(int number) {
    Integer known = program.get(number);
    if (known != null) {
      return known;
    }
    RegisterKind kind = kind(number);
    KernelLevels.Level level = levels.of(number);
    if (level == KernelLevels.Level.ELEMENTS && again.covers(number)) {
      value(number);
      return Objects.requireNonNull(program.get(number));
    }
    if (level == KernelLevels.Level.ONE || (level == KernelLevels.Level.PLACES && tiling.places() == 1)) {
      return add(number, new VectorProgram.First(kind, register(number)));
    }
    if (byRows && level == KernelLevels.Level.PLACES && tiling.width() == 1) {
      return add(number, new VectorProgram.OfRow(kind, register(number)));
    }
    if (byRows && level == KernelLevels.Level.PLACES && !tiling.isSingle()) {
      return add(number, new VectorProgram.OfColumns(kind, register(number)));
    }
    Integer spread = compiled.spread().get(number);
    spreads |= spread != null;
    return add(number, new VectorProgram.Elements(kind, spread != null ? spread : register(number)));
  }

  private void load(int number, KernelExpression.Load load) {
    Layout layout = tiling.elements(load.layout());
    Place place = bases.place(compute.arguments().get(load.argument()).buffer());
    if (byRows && rows.isNumberOfRow(load.dtype(), layout)) {
      add(number, new VectorProgram.RowNumber(load.dtype(), stream(place, layout, load.dtype(), true)));
      return;
    }
    if (!byRows && isRepeatedRow(layout)) {
      repeated(number, load, layout, place);
      return;
    }
    if (isStream(load.dtype(), layout) || isLongRows(load.dtype(), layout)) {
      add(number, new VectorProgram.Stream(load.dtype(), stream(place, layout, load.dtype(), true)));
      return;
    }
    var loader = new BlockLoader(layout, load.dtype());
    RegisterKind kind = kind(number);
    int to = own(number);
    before.add((frame, r, at, n) -> loader.load(place.address(frame), at, n, r, r.array(kind, to)));
  }

  /** One row again and again, such as a bias of the last axis. Kernels with folds have several phases, which would share the notes. */
  private boolean isRepeatedRow(Layout layout) {
    Strides strides = Strides.of(layout);
    return strides.rowStride() == 1 && strides.isRepeated() && kernel.folded().count() == 0 && repeatedRows < Registers.STREAMS;
  }

  /** Rows are in a register as often as they fit, and stay there while tiles begin at the same element of the row. */
  private void repeated(int number, KernelExpression.Load load, Layout layout, Place place) {
    var loader = new BlockLoader(layout, load.dtype());
    long length = Strides.of(layout).rowLength();
    RegisterKind kind = kind(number);
    int to = own(number);
    int row = repeatedRows++;
    before.add((frame, r, at, n) -> {
      long from = at % length;
      if (r.repeatedFrom[row] != from || r.repeatedCount[row] < n) {
        loader.load(place.address(frame), from, n, r, r.array(kind, to));
        r.repeatedFrom[row] = from;
        r.repeatedCount[row] = n;
      }
    });
  }

  private static boolean isStream(DType dtype, Layout layout) {
    return VectorOperations.isStreamed(dtype) && layout.isContiguous();
  }

  /**
   * Whether rows of neighbours, such as a bias repeated for each row of a matrix, are worth a piece of the loop each. The last vector of
   * a piece reaches beyond it in registers, which must do no harm there: a later phase's may be those that this one reads.
   */
  private boolean isLongRows(DType dtype, Layout layout) {
    Strides strides = Strides.of(layout);
    if (byRows) {
      return rows.isOfNeighbours(dtype, layout);
    }
    boolean whole = strides.rowLength() % VectorWidth.LANES == 0;
    return VectorOperations.isStreamed(dtype) && strides.rowStride() == 1 && strides.rowLength() >= (whole ? 32 : 256)
        && (compiled.phase() == 0 || compiled.kept().isEmpty());
  }

  private int stream(Place place, Layout layout, DType dtype, boolean read) {
    streams.add(new VectorCode.Stream(place, Strides.of(layout), dtype.bytes(), read));
    return streams.size() - 1;
  }

  private void index(int number, KernelExpression.Index index) {
    var counting = Counting.along(tiling.position(index.axis()), tiling.elements(Layout.dense(kernel.domain())).shape());
    int counts = file.reserve(RegisterKind.LONG, 1);
    before.add((_, r, at, n) -> counting.count(r.longs(counts), at, n));
    Loops.Conversion<Object, Object> conversion = Conversions.between(DType.I64, index.dtype());
    RegisterKind kind = kind(number);
    int to = own(number);
    before.add((_, r, _, n) -> conversion.apply(r.array(kind, to), r.longs(counts), n));
  }

  /** A register for what is brought there before the loop. */
  private int own(int number) {
    int register = file.reserve(kind(number), 1);
    add(number, new VectorProgram.Elements(kind(number), register));
    left.put(number, register);
    return register;
  }

  // --- what becomes of them ----------------------------------------------------------------------------------------------------------

  /** A register that holds a value's elements behind the loop. */
  private int left(int number) {
    return left.computeIfAbsent(number, _ -> sinkTo(number, file.reserve(kind(number), 1)));
  }

  private int sinkTo(int number, int register) {
    sinks.add(new VectorProgram.ToRegister(source(number), kind(number), register));
    return register;
  }

  /** Those of places are {@link PhaseCode#once}'s. */
  private void check(int check) {
    int number = kernel.checks().get(check);
    if (kernel.folded().count() > 0 && levels.of(number) != KernelLevels.Level.ELEMENTS) {
      return;
    }
    int value = source(number);
    if (hasEdges() && values.stream().anyMatch(VectorProgram.Elements.class::isInstance)) { // behind a tile's elements registers hold anything
      after.add(FiniteCheck.step(dtype(number), left(number), firstCheck + check));
      return;
    }
    int register = file.reserve(RegisterKind.INT, 1);
    sinks.add(new VectorProgram.ToCheck(value, register));
    checks.add(new VectorCode.Check(register, firstCheck + check));
  }

  /** Whether tiles may end within vectors. */
  private boolean hasEdges() {
    return !byRows || kernel.folded().count() == 0;
  }

  private void fold(int number) {
    var fold = (KernelExpression.Fold) kernel.values().get(number);
    Folding folding = Objects.requireNonNull(compiled.folds().get(number));
    DType from = dtype(fold.argument());
    if (byRows && isVectorFold(number)) {
      int lanes = file.reserve(RegisterKind.FLOAT, 1);
      sinks.add(new VectorProgram.ToLanes(source(fold.argument()), fold.fold(), lanes));
      after.add((_, r, _, _) -> VectorFolds.lanes(fold.fold(), r.floats(lanes), r.tile.outers, (float[]) folding.accumulated(r)));
      return;
    }
    if (isSumOfRows(number)) {
      sinks.add(new VectorProgram.ToColumns(source(fold.argument()), folding.accumulator()));
      before.add((_, r, _, _) -> VectorFolds.beginSum(r.floats(folding.accumulator()), r.tile));
      return;
    }
    int argument = left(fold.argument());
    if (isVectorFold(number)) {
      after.add(rows(folding, VectorFolds.of(fold.fold()), argument));
      return;
    }
    if (RegisterKind.of(from) == folding.kind()) {
      after.add((_, r, _, _) -> folding.combine(r, r.tile, argument));
      return;
    }
    Loops.Conversion<Object, Object> conversion = Conversions.between(from, Folding.combined(fold.fold(), fold.dtype()));
    RegisterKind source = RegisterKind.of(from);
    int widened = file.reserve(folding.kind(), 1);
    after.add((_, r, _, n) -> conversion.apply(r.array(folding.kind(), widened), r.array(source, argument), n));
    after.add((_, r, _, _) -> folding.combine(r, r.tile, widened));
  }

  /** The last rows of a long fold may be too few for vectors, and short ones always are. */
  private static BlockStep rows(Folding folding, VectorFolds.Rows rows, int argument) {
    return (_, r, _, _) -> {
      if (r.tile.rows < Folding.LANES) {
        folding.combine(r, r.tile, argument);
      } else {
        float[] into = (float[]) folding.accumulated(r);
        rows.apply(r.floats(argument), r.tile.outers, r.tile.rows, into, r.floats(folding.scratch() + 1));
      }
    };
  }

  /** Those of places are {@link PhaseCode#once}'s. */
  private void store(int i) {
    GeneratedKernel.Result result = kernel.results().get(i);
    if (result.isFolded(kernel.folded())) {
      return;
    }
    Operand output = compute.outputs().get(i);
    Layout layout = tiling.elements(output.layout());
    Place place = bases.place(output.buffer());
    RegisterKind kind = kind(result.value());
    if (isStream(output.dtype(), layout) || isLongRows(output.dtype(), layout)) {
      sinks.add(new VectorProgram.ToMemory(source(result.value()), output.dtype(), stream(place, layout, output.dtype(), false)));
      return;
    }
    var storer = new BlockStorer(layout, output.dtype());
    int register = left(result.value());
    after.add((frame, r, at, n) -> storer.store(place.address(frame), at, n, r, r.array(kind, register)));
  }
}
