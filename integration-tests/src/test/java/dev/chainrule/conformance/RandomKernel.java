package dev.chainrule.conformance;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** A generated kernel with a random domain, folded axes, layouts and values, mostly of one type; the same for the same seed and type. */
final class RandomKernel {

  private static final long[] SIZES = {1, 1, 2, 3, 4, 5, 7, 16, 17, 33, 65, 100};
  private static final int MOST_ELEMENTS = 600;
  private static final List<Op.Unary> REAL_UNARY = List.of(new Op.Neg(), new Op.Abs(), new Op.Sign(), new Op.Floor(), new Op.Ceil(),
      new Op.Round(), new Op.Exp(), new Op.Expm1(), new Op.Log(), new Op.Log1p(), new Op.Sqrt(), new Op.Rsqrt(), new Op.Sin(), new Op.Cos(),
      new Op.Tan(), new Op.Tanh(), new Op.Erf());
  private static final List<Op.Unary> INTEGER_UNARY = List.of(new Op.Neg(), new Op.Abs(), new Op.Sign(), new Op.Not());
  private static final List<Op.Binary> REAL_BINARY = List.of(new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Div(), new Op.Pow(),
      new Op.Max(), new Op.Min(), new Op.Mod());
  private static final List<Op.Binary> INTEGER_BINARY = List.of(new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Max(), new Op.Min(),
      new Op.And(), new Op.Or(), new Op.Xor(), new Op.ShiftLeft(), new Op.ShiftRight(), new Op.ShiftRightLogical());
  private static final List<Op.Binary> BOOL_BINARY = List.of(new Op.And(), new Op.Or(), new Op.Xor(), new Op.Max(), new Op.Min());
  private static final List<Op.Comparison> COMPARISONS = List.of(new Op.Equal(), new Op.Less(), new Op.LessEqual());

  private final SplittableRandom random;
  private final Shape domain;
  private final Axes folded;
  private final DType dtype;
  private final List<KernelExpression> values = new ArrayList<>();
  private final List<HostArray> inputs = new ArrayList<>();
  private final List<Operand> arguments = new ArrayList<>();

  private RandomKernel(long seed, DType dtype) {
    this.random = new SplittableRandom(DType.values().length * seed + dtype.ordinal());
    this.dtype = dtype;
    long[] dims = new long[random.nextInt(4) + 1];
    do {
      Arrays.setAll(dims, _ -> SIZES[random.nextInt(SIZES.length)]);
    } while (Shape.of(dims).elements() > MOST_ELEMENTS);
    this.domain = Shape.of(dims);
    this.folded = Axes.of(IntStream.range(0, dims.length).filter(_ -> random.nextInt(2) == 0).toArray());
    for (int i = 0; i < 1 + random.nextInt(3); i++) {
      load(random.nextInt(5) == 0 ? anyType() : dtype);
    }
    for (int i = 0; i < 4 + random.nextInt(12); i++) {
      operation();
    }
  }

  static RandomKernel of(long seed, DType dtype) {
    return new RandomKernel(seed, dtype);
  }

  // --- values ------------------------------------------------------------------------------------------------------------------------

  private void operation() {
    int x = random.nextInt(values.size());
    switch (random.nextInt(12)) {
      case 0 -> load(dtype);
      case 1 -> add(new KernelExpression.Index(dtype == DType.BOOL ? DType.I32 : dtype, random.nextInt(domain.rank())));
      case 2 -> {
        DType to = random.nextInt(3) == 0 ? anyType() : dtype;
        apply(new Op.Cast(to), to, x);
      }
      case 3, 4 -> {
        if (folded.count() > 0) {
          fold(of(List.of(Op.Fold.values())), x);
        }
      }
      case 5 -> apply(new Op.Where(), dtype(x), apply(of(COMPARISONS), DType.BOOL, x, like(x)), x, like(x));
      case 6 -> bitcast(x);
      case 7 -> {
        if (dtype(x).isInteger()) { // a divisor that is not 0
          int one = constant(HostArray.ofLongs(TensorType.of(dtype(x), 1), 1));
          apply(random.nextInt(2) == 0 ? new Op.IDiv() : new Op.Mod(), dtype(x), x, apply(new Op.Or(), dtype(x), like(x), one));
        }
      }
      case 8, 9 -> apply(of(unary(dtype(x))), dtype(x), x);
      default -> apply(of(binary(dtype(x))), dtype(x), x, like(x));
    }
  }

  private static List<Op.Unary> unary(DType dtype) {
    return dtype.isFloating() ? REAL_UNARY : dtype == DType.BOOL ? List.of(new Op.Not()) : INTEGER_UNARY;
  }

  private static List<Op.Binary> binary(DType dtype) {
    return dtype.isFloating() ? REAL_BINARY : dtype == DType.BOOL ? BOOL_BINARY : INTEGER_BINARY;
  }

  /**
   * Of integers or loaded floats: which bits a NaN has that an operation makes is for the processor to say. Not of 16 bits: the planner
   * makes views of such conversions, and the CPU's registers, floats that the processor converts to, do not keep a signalling NaN.
   */
  private void bitcast(int x) {
    boolean bitsAreKnown = dtype(x).isInteger() || dtype(x).isFloating() && values.get(x) instanceof KernelExpression.Load;
    if (bitsAreKnown && dtype(x).bytes() != Short.BYTES) {
      DType to = of(Samples.NUMERIC.stream().filter(d -> d.bytes() == dtype(x).bytes()).toList());
      apply(new Op.Bitcast(to), to, x);
    }
  }

  private void fold(Op.Fold fold, int x) {
    boolean counts = (fold == Op.Fold.SUM || fold == Op.Fold.PROD) && (dtype(x) == DType.BOOL || dtype(x) == DType.U8);
    add(new KernelExpression.Fold(fold, x, counts ? DType.I64 : dtype(x)));
  }

  private int apply(Op.Pointwise op, DType to, int... in) {
    return add(new KernelExpression.Apply(op, IntStream.of(in).boxed().toList(), to));
  }

  private int add(KernelExpression value) {
    values.add(value);
    return values.size() - 1;
  }

  private DType dtype(int value) {
    return values.get(value).dtype();
  }

  /** A value of the same type. */
  private int like(int x) {
    int y = random.nextInt(values.size());
    while (dtype(y) != dtype(x)) {
      y = random.nextInt(values.size());
    }
    return y;
  }

  private DType anyType() {
    return of(List.of(Samples.ALL));
  }

  private <T> T of(List<? extends T> options) {
    return options.get(random.nextInt(options.size()));
  }

  // --- operands ----------------------------------------------------------------------------------------------------------------------

  private int constant(HostArray one) {
    return load(one, Layout.dense(Shape.SCALAR).expand(domain));
  }

  private int load(HostArray array, Layout layout) {
    inputs.add(array);
    arguments.add(new Operand(new BufferRef.Input(inputs.size() - 1), array.type().dtype(), layout));
    return add(new KernelExpression.Load(arguments.size() - 1, array.type().dtype(), layout));
  }

  /** Dense, or broadcast, permuted, flipped and with gaps. */
  private void load(DType type) {
    if (random.nextInt(3) == 0) {
      load(content(type, domain.elements()), Layout.dense(domain));
      return;
    }
    List<Integer> order = order();
    List<Op.Range> ranges = new ArrayList<>();
    for (int axis : order) {
      long dim = random.nextInt(3) == 0 ? 1 : domain.dim(axis);
      long step = random.nextInt(3) == 0 ? 2 : 1;
      ranges.add(random.nextInt(4) == 0 ? new Op.Range(dim * step - 1, dim, -step) : new Op.Range(0, dim, step));
    }
    load(content(type, room(ranges).elements()), moved(ranges, order));
  }

  private List<Integer> order() {
    List<Integer> order = new ArrayList<>(IntStream.range(0, domain.rank()).boxed().toList());
    Collections.shuffle(order, random);
    return order;
  }

  private static Shape room(List<Op.Range> ranges) {
    return Shape.of(ranges.stream().mapToLong(r -> r.size() * Math.abs(r.step())).toArray());
  }

  private Layout moved(List<Op.Range> ranges, List<Integer> order) {
    Axes back = Axes.of(order.stream().mapToInt(axis -> axis).toArray()).inverse();
    return Layout.dense(room(ranges)).slice(ranges).permute(back).expand(domain);
  }

  private HostArray content(DType type, long elements) {
    return RandomData.of(TensorType.of(type, elements), Choices.drawn(random.nextLong()));
  }

  // --- kernels -----------------------------------------------------------------------------------------------------------------------

  List<KernelExpression> values() {
    return values;
  }

  Shape domain() {
    return domain;
  }

  Axes folded() {
    return folded;
  }

  List<HostArray> inputs() {
    return inputs;
  }

  /** What a value's dense result holds. */
  TensorType type(int value) {
    return new TensorType(dtype(value), values.get(value) instanceof KernelExpression.Fold ? domain.keeping(folded) : domain);
  }

  /** Every value is a result: those of folds once, the others at each index. */
  Instruction.Compute withAllValues(int firstInput, int firstOutput) {
    List<GeneratedKernel.Result> results = IntStream.range(0, values.size()).mapToObj(i -> new GeneratedKernel.Result(i,
        values.get(i) instanceof KernelExpression.Fold ? Layout.folded(domain, folded) : Layout.dense(domain))).toList();
    return compute(results, firstInput, firstOutput);
  }

  /** The last value alone is a result, where that is the same along the folded axes once, permuted and with gaps. */
  Instruction.Compute withLastValue(Layout layout, int firstInput, int firstOutput) {
    return compute(List.of(new GeneratedKernel.Result(values.size() - 1, layout)), firstInput, firstOutput);
  }

  /** Where the last value might go, and how many elements are there. */
  Place lastPlace() {
    boolean once = new GeneratedKernel(domain, folded, values, List.of(), List.of()).uniform().getLast();
    Shape kept = once ? domain.keeping(folded) : domain;
    List<Integer> order = order();
    List<Op.Range> ranges = new ArrayList<>();
    for (int axis : order) {
      ranges.add(new Op.Range(0, kept.dim(axis), random.nextInt(3) == 0 ? 2 : 1));
    }
    return new Place(moved(ranges, order), room(ranges).elements());
  }

  /** A layout over the domain in a buffer. */
  record Place(Layout layout, long elements) {}

  private Instruction.Compute compute(List<GeneratedKernel.Result> results, int firstInput, int firstOutput) {
    List<Operand> in = IntStream.range(0, arguments.size())
        .mapToObj(i -> new Operand(new BufferRef.Input(firstInput + i), arguments.get(i).dtype(), arguments.get(i).layout())).toList();
    List<Operand> out = IntStream.range(0, results.size()).mapToObj(i ->
        new Operand(new BufferRef.Output(firstOutput + i), dtype(results.get(i).value()), results.get(i).layout())).toList();
    var kernel = new GeneratedKernel(domain, folded, values, results, List.of());
    return new Instruction.Compute(kernel, in, out, List.of(), List.of(Origin.NONE));
  }

  @Override
  public String toString() {
    return values + " over " + domain + " folded along " + folded;
  }
}
