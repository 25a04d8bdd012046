package dev.chainrule.backend.cpu;

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
import java.util.List;
import java.util.stream.IntStream;

/** A generated kernel written by hand, value by value: run as it is, or as one kernel for each value. */
final class WrittenKernel {

  final Shape domain;
  final Axes folded;
  final List<KernelExpression> values = new ArrayList<>();
  private final List<GeneratedKernel.Result> results = new ArrayList<>();
  private final List<HostArray> outputs = new ArrayList<>();
  private final List<Integer> checks = new ArrayList<>();
  private final List<HostArray> inputs = new ArrayList<>();
  private final List<Operand> arguments = new ArrayList<>();

  WrittenKernel(Shape domain, Axes folded) {
    this.domain = domain;
    this.folded = folded;
  }

  // --- values ------------------------------------------------------------------------------------------------------------------------

  int load(HostArray array, Layout layout) {
    var buffer = new BufferRef.Input(inputs.size());
    inputs.add(array);
    arguments.add(new Operand(buffer, array.type().dtype(), layout));
    return add(new KernelExpression.Load(arguments.size() - 1, array.type().dtype(), layout));
  }

  int index(DType dtype, int axis) {
    return add(new KernelExpression.Index(dtype, axis));
  }

  int apply(Op.Pointwise op, int... in) {
    DType dtype = switch (op) {
      case Op.Comparison _ -> DType.BOOL;
      case Op.Cast(DType to) -> to;
      case Op.Bitcast(DType to) -> to;
      case Op.Where _, Op.Unary _, Op.Binary _ -> dtype(in[in.length - 1]);
    };
    return add(new KernelExpression.Apply(op, IntStream.of(in).boxed().toList(), dtype));
  }

  int fold(Op.Fold fold, int argument) {
    DType from = dtype(argument);
    boolean counts = (fold == Op.Fold.SUM || fold == Op.Fold.PROD) && (from == DType.BOOL || from == DType.U8);
    return add(new KernelExpression.Fold(fold, argument, counts ? DType.I64 : from));
  }

  private int add(KernelExpression value) {
    values.add(value);
    return values.size() - 1;
  }

  DType dtype(int value) {
    return values.get(value).dtype();
  }

  // --- what becomes of them ----------------------------------------------------------------------------------------------------------

  void result(int value) {
    result(value, Layout.dense(domain), domain.elements());
  }

  void foldedResult(int value) {
    result(value, Layout.folded(domain, folded), domain.keeping(folded).elements());
  }

  /** Elements of the buffer that the layout does not name stay 0. */
  void result(int value, Layout layout, long bufferElements) {
    results.add(new GeneratedKernel.Result(value, layout));
    outputs.add(HostArray.zeros(TensorType.of(dtype(value), bufferElements)));
  }

  void check(int value) {
    checks.add(value);
  }

  GeneratedKernel kernel() {
    return new GeneratedKernel(domain, folded, values, results, checks);
  }

  /** With outputs from {@code firstInput} and {@code firstOutput} on. */
  Instruction.Compute compute(int firstInput, int firstOutput) {
    List<Operand> in = new ArrayList<>();
    for (Operand argument : arguments) {
      int slot = ((BufferRef.Input) argument.buffer()).slot() + firstInput;
      in.add(new Operand(new BufferRef.Input(slot), argument.dtype(), argument.layout()));
    }
    List<Operand> out = new ArrayList<>();
    for (GeneratedKernel.Result result : results) {
      out.add(new Operand(new BufferRef.Output(firstOutput + out.size()), dtype(result.value()), result.layout()));
    }
    return new Instruction.Compute(kernel(), in, out, checks, List.of(Origin.NONE));
  }

  List<HostArray> inputs() {
    return inputs;
  }

  List<HostArray> outputs() {
    return outputs;
  }

  KernelRun fused() {
    return new KernelRun(List.of(compute(0, 0)), inputs, outputs);
  }

  /** Each value by a kernel of its own, in an output behind those of the results, then the results by copies. */
  KernelRun apart() {
    List<Instruction> instructions = new ArrayList<>();
    List<HostArray> buffers = new ArrayList<>(outputs);
    List<Operand> there = new ArrayList<>();
    for (KernelExpression value : values) {
      List<Operand> in = new ArrayList<>();
      List<KernelExpression> body = new ArrayList<>();
      boolean fold = value instanceof KernelExpression.Fold;
      switch (value) {
        case KernelExpression.Load load -> {
          in.add(arguments.get(load.argument()));
          body.add(new KernelExpression.Load(0, load.dtype(), load.layout()));
        }
        case KernelExpression.Index index -> body.add(index);
        case KernelExpression.Apply apply -> {
          apply.arguments().forEach(number -> body.add(loaded(there.get(number), in)));
          body.add(new KernelExpression.Apply(apply.op(), IntStream.range(0, in.size()).boxed().toList(), apply.dtype()));
        }
        case KernelExpression.Fold f -> {
          body.add(loaded(there.get(f.argument()), in));
          body.add(new KernelExpression.Fold(f.fold(), 0, f.dtype()));
        }
      }
      Layout layout = fold ? Layout.folded(domain, folded) : Layout.dense(domain);
      var out = new Operand(new BufferRef.Output(buffers.size()), value.dtype(), layout);
      buffers.add(HostArray.zeros(TensorType.of(value.dtype(), fold ? domain.keeping(folded).elements() : domain.elements())));
      there.add(out);
      instructions.add(compute(fold ? folded : Axes.NONE, body, in, out));
    }
    for (int i = 0; i < results.size(); i++) {
      GeneratedKernel.Result result = results.get(i);
      Operand from = there.get(result.value());
      boolean once = result.isFolded(folded);
      Layout to = once ? first(result.layout()) : result.layout();
      Operand source = once ? from.with(first(from.layout())) : from;
      instructions.add(copy(source, new Operand(new BufferRef.Output(i), from.dtype(), to)));
    }
    return new KernelRun(instructions, inputs, buffers);
  }

  private static KernelExpression loaded(Operand operand, List<Operand> in) {
    in.add(operand);
    return new KernelExpression.Load(in.size() - 1, operand.dtype(), operand.layout());
  }

  private Layout first(Layout layout) {
    return layout.slice(IntStream.range(0, domain.rank())
        .mapToObj(axis -> new Op.Range(0, folded.contains(axis) ? 1 : domain.dim(axis), 1)).toList());
  }

  private Instruction compute(Axes axes, List<KernelExpression> body, List<Operand> in, Operand out) {
    var kernel = new GeneratedKernel(domain, axes, body, List.of(new GeneratedKernel.Result(body.size() - 1, out.layout())), List.of());
    return new Instruction.Compute(kernel, in, List.of(out), List.of(), List.of(Origin.NONE));
  }

  private static Instruction copy(Operand from, Operand to) {
    var kernel = new GeneratedKernel(from.shape(), Axes.NONE, List.of(new KernelExpression.Load(0, from.dtype(), from.layout())),
        List.of(new GeneratedKernel.Result(0, to.layout())), List.of());
    return new Instruction.Compute(kernel, List.of(from), List.of(to), List.of(), List.of(Origin.NONE));
  }

  @Override
  public String toString() {
    return kernel().toString();
  }
}
