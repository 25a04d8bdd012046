package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A loop whose rows have nothing to do with one another, as the sequences of a batch have not in a recurrent layer: all that its body
 * writes has the same number of rows, which lie one behind the other, and what it writes in a row depends of that on the same row alone.
 * So some of the rows may go through all repetitions without looking at the others.
 *
 * <p>Known are generated kernels that cannot fault, and products of F32 and F64 whose left operand has the rows. The bits of neither
 * depend on how many rows are computed at once.
 */
final class LoopRows {

  private final long count;
  private final Instruction.Loop loop;
  private final Map<BufferRef, Operand> wholes = new HashMap<>();

  /** Of each buffer that a repetition writes, the bytes of a row. */
  private final Map<BufferRef, Long> rowBytes = new HashMap<>();

  private final List<Step> steps = new ArrayList<>();

  /** An instruction and the axis along which the rows are; of an epilogue that of its domain. */
  private record Step(Instruction instruction, int axis, int ofEpilogue) {}

  private LoopRows(Instruction.Loop loop, long count) {
    this.loop = loop.withBodies(LoopRows::oneByOne);
    this.count = count;
    Stream.concat(loop.inputs().stream(), loop.outputs().stream()).forEach(slice -> wholes.put(slice.buffer(), slice.whole()));
  }

  /** Empty if the loop's rows depend on one another, or for all that is known here may do so. */
  static Optional<LoopRows> of(Instruction.Loop loop, Schedule schedule) {
    var rows = new LoopRows(loop, likelyCount(loop));
    boolean known = rows.count > 1 && rows.findWritten(schedule) && rows.lieApart(schedule) && rows.findSteps();
    return known ? Optional.of(rows) : Optional.empty();
  }

  private static List<Instruction> oneByOne(List<Instruction> body) {
    return body.stream().flatMap(each -> each instanceof Instruction.Group(var kernels) ? kernels.stream() : Stream.of(each)).toList();
  }

  private static long likelyCount(Instruction.Loop loop) {
    List<Operand> first = loop.body().stream().filter(LoopRows::isProduct).findFirst().or(() -> loop.body().stream().findFirst())
        .map(Instruction::writes).orElse(List.of());
    return first.isEmpty() || first.getFirst().shape().rank() == 0 ? 0 : first.getFirst().shape().dim(0);
  }

  private static boolean isProduct(Instruction instruction) {
    return product(instruction) instanceof Instruction.Call call && call.op() instanceof Op.Dot;
  }

  private static Instruction product(Instruction instruction) {
    return instruction instanceof Instruction.WithEpilogue(var call, var _) ? call : instruction;
  }

  long count() {
    return count;
  }

  /** Bytes that all rows read alike: the right operands of products. */
  long sharedBytes() {
    return steps.stream().map(step -> product(step.instruction)).filter(LoopRows::isProduct)
        .mapToLong(product -> product.reads().getLast().type().bytes()).sum();
  }

  // --- what the body writes ------------------------------------------------------------------------------------------------------------

  private boolean findWritten(Schedule schedule) {
    boolean known = note(loop.number(), schedule);
    for (Instruction instruction : loop.body()) {
      for (Operand operand : instruction.writes()) {
        known &= note(operand, schedule);
      }
    }
    return known;
  }

  private BufferRef underlying(BufferRef buffer) {
    Operand whole = wholes.get(buffer);
    return whole == null ? buffer : whole.buffer();
  }

  /** Nothing is a row of the repetition's number, so that nobody may read it. */
  private boolean note(Operand operand, Schedule schedule) {
    long bytes;
    if (wholes.get(operand.buffer()) instanceof Operand whole) {
      Layout part = whole.layout().first();
      if (!part.isContiguous() || Math.abs(whole.layout().stride(0)) != part.shape().elements()) {
        return false;
      }
      bytes = part.shape().elements() * whole.dtype().bytes();
    } else if (operand.buffer() instanceof BufferRef.Temporary(int id)) {
      bytes = operand.buffer().equals(loop.number().buffer()) ? 0 : schedule.temporaryBytes().get(id);
    } else {
      return false;
    }
    Long before = rowBytes.put(underlying(operand.buffer()), bytes / count);
    return bytes % count == 0 && (before == null || before == bytes / count);
  }

  /** Temporaries may share bytes of the arena one after the other, which is not the same moment for all rows. */
  private boolean lieApart(Schedule schedule) {
    long[][] places = rowBytes.keySet().stream().filter(BufferRef.Temporary.class::isInstance).map(BufferRef.Temporary.class::cast)
        .map(t -> new long[] {schedule.offset(t), schedule.offset(t) + schedule.temporaryBytes().get(t.id())})
        .sorted((a, b) -> Long.compare(a[0], b[0])).toArray(long[][]::new);
    return IntStream.range(1, places.length).allMatch(i -> places[i - 1][1] <= places[i][0]);
  }

  /** Whether an operand that lies where the body writes has row r of that, and nothing else, at index r of the axis. */
  private boolean isByRows(Operand operand, int axis) {
    Long bytes = rowBytes.get(underlying(operand.buffer()));
    if (bytes == null) {
      return true;
    }
    Layout layout = operand.layout();
    long width = operand.dtype().bytes();
    long last = layout.offset();
    boolean forward = last >= 0;
    for (int other = 0; other < layout.shape().rank(); other++) {
      if (other != axis) {
        forward &= layout.stride(other) >= 0;
        last += (layout.shape().dim(other) - 1) * layout.stride(other);
      }
    }
    return forward && layout.stride(axis) * width == bytes && (last + 1) * width <= bytes;
  }

  // --- the instructions ----------------------------------------------------------------------------------------------------------------

  private boolean findSteps() {
    for (Instruction instruction : loop.body()) {
      OptionalInt axis = switch (instruction) {
        case Instruction.Compute compute -> ofKernel(compute);
        case Instruction.Call call -> ofProduct(call);
        case Instruction.WithEpilogue(var call, var _) -> ofProduct(call);
        case Instruction.Group _, Instruction.Loop _, Instruction.While _, Instruction.Cond _ -> OptionalInt.empty();
      };
      OptionalInt ofEpilogue =
          instruction instanceof Instruction.WithEpilogue(var _, var epilogue) ? ofEpilogue(epilogue) : OptionalInt.of(0);
      if (axis.isEmpty() || ofEpilogue.isEmpty()) {
        return false;
      }
      steps.add(new Step(instruction, axis.getAsInt(), ofEpilogue.getAsInt()));
    }
    return true;
  }

  private OptionalInt firstAxis(Shape domain, IntPredicate isRight) {
    return IntStream.range(0, domain.rank()).filter(axis -> domain.dim(axis) == count && isRight.test(axis)).findFirst();
  }

  private OptionalInt ofKernel(Instruction.Compute compute) {
    GeneratedKernel kernel = compute.kernel();
    return mayFault(compute) ? OptionalInt.empty() : firstAxis(kernel.domain(), axis -> !kernel.folded().contains(axis)
        && kernel.values().stream().noneMatch(value -> value instanceof KernelExpression.Index(var _, int along) && along == axis)
        && Stream.concat(compute.reads().stream(), compute.writes().stream()).allMatch(operand -> isByRows(operand, axis)));
  }

  private static boolean mayFault(Instruction.Compute compute) {
    return !compute.checks().isEmpty() || compute.kernel().values().stream().anyMatch(value ->
        value instanceof KernelExpression.Apply apply && (apply.op() instanceof Op.IDiv || apply.op() instanceof Op.Mod));
  }

  /** It goes through the rows in their order. */
  private OptionalInt ofEpilogue(Instruction.Compute epilogue) {
    OptionalInt axis = ofKernel(epilogue);
    return axis.isPresent() && isFirst(axis.getAsInt(), epilogue.kernel().domain()) ? axis : OptionalInt.empty();
  }

  private static boolean isFirst(int axis, Shape shape) {
    return shape.slice(0, axis).elements() == 1;
  }

  private OptionalInt ofProduct(Instruction.Call call) {
    DType dtype = call.outputs().getFirst().dtype();
    if (!(call.op() instanceof Op.Dot) || !call.workspace().isEmpty() || dtype != DType.F32 && dtype != DType.F64) {
      return OptionalInt.empty();
    }
    Operand right = call.inputs().getLast();
    Shape result = call.outputs().getFirst().shape();
    return firstAxis(result, axis -> axis == result.rank() - 2 && isFirst(axis, result) && isByRows(call.inputs().getFirst(), axis)
        && isByRows(call.outputs().getFirst(), axis) && !rowBytes.containsKey(underlying(right.buffer())));
  }

  // --- some of the rows ----------------------------------------------------------------------------------------------------------------

  /** The loop for rows {@code from} to {@code to}, excluded. */
  Instruction.Loop range(long from, long to) {
    List<Instruction> body = steps.stream().<Instruction>map(step -> switch (step.instruction) {
      case Instruction.Compute compute -> range(compute, step.axis, from, to);
      case Instruction.Call call -> range(call, step.axis, from, to);
      case Instruction.WithEpilogue(var call, var epilogue) ->
          new Instruction.WithEpilogue(range(call, step.axis, from, to), range(epilogue, step.ofEpilogue, from, to));
      case Instruction other -> throw new IllegalStateException("[cpu] no rows in " + other);
    }).toList();
    return loop.withBodies(_ -> body);
  }

  private static Instruction.Call range(Instruction.Call call, int axis, long from, long to) {
    return new Instruction.Call(call.op(), List.of(range(call.inputs().getFirst(), axis, from, to), call.inputs().getLast()),
        List.of(range(call.outputs().getFirst(), axis, from, to)), call.origin());
  }

  private static Instruction.Compute range(Instruction.Compute compute, int axis, long from, long to) {
    GeneratedKernel kernel = compute.kernel();
    List<Operand> arguments = compute.arguments().stream().map(operand -> range(operand, axis, from, to)).toList();
    List<Operand> outputs = compute.outputs().stream().map(operand -> range(operand, axis, from, to)).toList();
    List<KernelExpression> values = kernel.values().stream()
        .map(value -> value instanceof KernelExpression.Load(int number, var dtype, var _)
        ? new KernelExpression.Load(number, dtype, arguments.get(number).layout()) : value).toList();
    List<GeneratedKernel.Result> results = IntStream.range(0, outputs.size())
        .mapToObj(i -> new GeneratedKernel.Result(kernel.results().get(i).value(), outputs.get(i).layout())).toList();
    return new Instruction.Compute(new GeneratedKernel(kernel.domain().with(axis, to - from), kernel.folded(), values, results, List.of()),
        arguments, outputs, List.of(), compute.origins());
  }

  private static Operand range(Operand operand, int axis, long from, long to) {
    Shape shape = operand.shape();
    return operand.with(operand.layout().slice(IntStream.range(0, shape.rank())
        .mapToObj(i -> i == axis ? new Op.Range(from, to - from, 1) : new Op.Range(0, shape.dim(i), 1)).toList()));
  }
}
