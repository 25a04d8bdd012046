package dev.chainrule.backend.cpu;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * {@link MaxPooling} of windows of two by two side by side where channels come last in memory: then the four elements of a window, in four
 * rows of channels, are four tensors, and the maximum and its gradient are scalar operations on them, a kernel to be generated. Threads
 * share the rows of windows. Traffic: operands and results once.
 */
final class ChannelPooling implements RangeKernel {

  /** So many elements of a result are computed before an epilogue takes them from the cache. */
  private static final long BLOCK = 16_384;

  private static final int CHANNELS_OF_VECTORS = 16;
  private static final int WINDOW = 4;

  private final Epilogue windows;
  private final @Nullable Epilogue epilogue;
  private final long rows;

  /** Windows of a row, channels counted, and elements of the result. */
  private final long rowWindows;
  private final long rowResults;

  private ChannelPooling(Shape rowsOfWindows, boolean gradient, Epilogue windows, @Nullable Epilogue epilogue) {
    this.windows = windows;
    this.epilogue = epilogue;
    this.rows = rowsOfWindows.dim(0);
    this.rowWindows = rowsOfWindows.dim(1) * rowsOfWindows.dim(2);
    this.rowResults = gradient ? WINDOW * rowWindows : rowWindows;
  }

  /** The operands of a pooling that had better have their channels last. */
  static NativeKernel.ChannelsLast operands(Op.Composite op, Shape x) {
    var sizes = new PoolingSizes(op.attributes(), x);
    boolean fits = x.rank() == 4 && sizes.quarters() && !sizes.leavesOut() && sizes.length(0) == 1 && x.dim(1) % CHANNELS_OF_VECTORS == 0;
    int count = isGradient(op) ? 4 : 2;
    return fits ? new NativeKernel.ChannelsLast(IntStream.range(0, count).boxed().toList(), true) : NativeKernel.ChannelsLast.NONE;
  }

  private static boolean isGradient(Op.Composite op) {
    return op.name().equals("maxPoolGradient");
  }

  /** @param in all with their channels last */
  static ChannelPooling of(Op.Composite op, List<Operand> in, Operand out, @Nullable Epilogue epilogue, GeneratedKernels generated) {
    Shape x = in.getFirst().shape();
    var domain = Shape.of(x.dim(0) * (x.dim(2) / 2), x.dim(3) / 2, x.dim(1));
    Instruction.Compute kernel = isGradient(op) ? gradient(in, out, domain) : maximum(in.getFirst(), out, domain);
    return new ChannelPooling(domain, isGradient(op), generated.epilogue(kernel), epilogue);
  }

  /** The elements of all windows that lie at one place in them. */
  private static List<Operand> quarters(Operand whole, Shape domain) {
    Layout pairs = Layout.dense(Shape.of(domain.dim(0), 2, domain.dim(1), 2, domain.dim(2)));
    List<Operand> quarters = new ArrayList<>();
    for (int place = 0; place < WINDOW; place++) {
      Layout one = pairs.slice(List.of(all(domain.dim(0)), new Op.Range(place / 2, 1, 1), all(domain.dim(1)), new Op.Range(place % 2, 1, 1),
          all(domain.dim(2))));
      quarters.add(whole.with(one.reshape(domain).orElseThrow()));
    }
    return quarters;
  }

  private static Op.Range all(long size) {
    return new Op.Range(0, size, 1);
  }

  private static Instruction.Compute maximum(Operand x, Operand out, Shape domain) {
    var kernel = new Writer(quarters(x, domain));
    int top = kernel.apply(new Op.Max(), 0, 1);
    int bottom = kernel.apply(new Op.Max(), 2, 3);
    int largest = kernel.apply(new Op.Max(), top, bottom);
    return kernel.storing(List.of(largest), List.of(out.with(Layout.dense(domain))), domain);
  }

  /** As {@link MaxPooling}: in a window with NaN nothing equals the maximum, and 0 / 0 is what each gets. */
  private static Instruction.Compute gradient(List<Operand> in, Operand out, Shape domain) {
    List<Operand> arguments = quarters(in.getFirst(), domain);
    arguments.add(in.get(1).with(Layout.dense(domain)));
    arguments.add(in.get(2).with(Layout.dense(domain)));
    var kernel = new Writer(arguments);
    List<Integer> equal = IntStream.range(0, WINDOW).mapToObj(place -> kernel.compare(new Op.Equal(), place, WINDOW)).toList();
    int count = kernel.number(equal.getFirst());
    for (int place = 1; place < WINDOW; place++) {
      count = kernel.apply(new Op.Add(), count, kernel.number(equal.get(place)));
    }
    int one = kernel.apply(new Op.Div(), count, count);
    int share = kernel.apply(new Op.Mul(), WINDOW + 1, kernel.apply(new Op.Div(), one, count));
    int zero = kernel.number(kernel.compare(new Op.Less(), count, count));
    int none = kernel.apply(new Op.Add(), kernel.apply(new Op.Mul(), share, zero), zero); // a sum of one number: -0 becomes 0
    int some = kernel.apply(new Op.Add(), share, zero);
    List<Integer> results = equal.stream().map(is -> kernel.apply(new Op.Where(), is, some, none)).toList();
    return kernel.storing(results, quarters(out, domain), domain);
  }

  /** Writes a kernel of f32, whose first values are its arguments. */
  private static final class Writer {
    private final List<KernelExpression> values = new ArrayList<>();
    private final List<Operand> arguments;

    Writer(List<Operand> arguments) {
      this.arguments = arguments;
      for (Operand argument : arguments) {
        values.add(new KernelExpression.Load(values.size(), argument.dtype(), argument.layout()));
      }
    }

    int apply(Op.Pointwise op, Integer... arguments) {
      return add(op, DType.F32, List.of(arguments));
    }

    int compare(Op.Comparison op, int x, int y) {
      return add(op, DType.BOOL, List.of(x, y));
    }

    int number(int truth) {
      return add(new Op.Cast(DType.F32), DType.F32, List.of(truth));
    }

    private int add(Op.Pointwise op, DType dtype, List<Integer> arguments) {
      values.add(new KernelExpression.Apply(op, arguments, dtype));
      return values.size() - 1;
    }

    Instruction.Compute storing(List<Integer> results, List<Operand> outputs, Shape domain) {
      List<GeneratedKernel.Result> stored = IntStream.range(0, results.size())
          .mapToObj(i -> new GeneratedKernel.Result(results.get(i), outputs.get(i).layout())).toList();
      var kernel = new GeneratedKernel(domain, Axes.NONE, values, stored, List.of());
      return new Instruction.Compute(kernel, arguments, outputs, List.of(), List.of());
    }
  }

  @Override
  public long items() {
    return rows;
  }

  @Override
  public long itemWork() {
    return 2 * WINDOW * rowWindows;
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    long block = Math.max(1, BLOCK / rowResults);
    for (long from = first; from < end; from += block) {
      long to = Math.min(end, from + block);
      windows.elements(frame, from * rowWindows, to * rowWindows);
      if (epilogue != null) {
        epilogue.elements(frame, from * rowResults, to * rowResults);
      }
    }
  }
}
