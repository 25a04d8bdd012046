package dev.chainrule.schedule;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What one instruction of a schedule does, for people: plans' reports and profiles show it.
 *
 * @param label its operations in short, such as {@code dot} or {@code add mul max}; without any, {@code commit} where it writes a
 *     variable, else {@code copy}
 * @param operations all of its operations in the order in which they are computed, those of bodies included
 * @param paths the module paths that asked for them; none outside modules
 * @param outputs types of what it writes
 * @param bytesRead bytes of memory that it reads: what a broadcast or a window repeats counts once for each operand, of a gathered
 *     tensor the chosen elements
 * @param bytesWritten bytes of memory that it writes
 * @param flops scalar operations, of whatever type: 2mnk for a matrix product, likewise for convolutions and their gradients (padding
 *     included), 1 for each pointwise operation and element, conversions and comparisons included, of what is the same for all elements
 *     or along a kernel's reduced axes only once, 1 for each element that is reduced, summed up or added in; 0 for movement, indexing,
 *     sorting, random bits and checks
 * @param repetitions how often it runs its body: the length of a loop; else 1, as for a loop whose length depends on the data
 * @param body what it runs at each repetition; of a choice both parts, of which its own figures count the larger; of a group the kernels
 *     that run side by side, of which its own figures count what several read once
 */
public record Work(String label, List<String> operations, List<String> paths, List<TensorType> outputs, long bytesRead,
    long bytesWritten, long flops, long repetitions, List<Work> body) {

  /** Names in a label at most. */
  private static final int LABEL = 6;

  /** Copies the lists. */
  public Work {
    operations = List.copyOf(operations);
    paths = List.copyOf(paths);
    outputs = List.copyOf(outputs);
    body = List.copyOf(body);
  }

  /** The work of an instruction. */
  public static Work of(Instruction instruction) {
    return switch (instruction) {
      case Instruction.Compute compute -> compute(compute);
      case Instruction.Call call -> call(call);
      case Instruction.WithEpilogue both -> withEpilogue(both);
      case Instruction.Loop loop -> loop(loop);
      case Instruction.While loop -> {
        List<Work> parts = new ArrayList<>(all(loop.condition()));
        parts.addAll(all(loop.body()));
        yield around("while", loop, List.of(), 1, parts, read(loop) + sum(parts, Work::bytesRead), sum(parts, Work::bytesWritten),
            sum(parts, Work::flops));
      }
      case Instruction.Cond cond -> choice(cond);
      case Instruction.Group group -> group(group);
    };
  }

  private static List<Work> all(List<Instruction> instructions) {
    return instructions.stream().map(Work::of).toList();
  }

  private static Work compute(Instruction.Compute compute) {
    List<String> operations = operations(compute.kernel());
    String label = operations.isEmpty() && compute.isCommit() ? "commit" : label(operations);
    return new Work(label, operations, paths(compute.origins()), stored(compute.outputs()), read(compute), written(compute),
        Flops.of(compute.kernel()), 1, List.of());
  }

  private static List<String> operations(GeneratedKernel kernel) {
    List<String> names = new ArrayList<>();
    for (KernelExpression value : kernel.values()) {
      switch (value) {
        case KernelExpression.Load _ -> { }
        case KernelExpression.Index _ -> names.add("iota");
        case KernelExpression.Apply apply -> names.add(apply.op().label());
        case KernelExpression.Fold fold -> names.add(name(fold.fold()));
      }
    }
    if (!kernel.checks().isEmpty()) {
      names.add("check");
    }
    return names;
  }

  private static Work group(Instruction.Group group) {
    List<Work> kernels = group.kernels().stream().map(Work::compute).toList();
    boolean alike = kernels.stream().map(Work::label).distinct().count() == 1;
    String label = alike ? kernels.size() + " x " + kernels.getFirst().label : "group of " + kernels.size();
    return around(label, group, stored(group.writes()), 1, kernels, read(group), written(group), sum(kernels, Work::flops));
  }

  private static String label(List<String> operations) {
    if (operations.isEmpty()) {
      return "copy";
    }
    String shown = String.join(" ", operations.subList(0, Math.min(LABEL, operations.size())));
    return operations.size() <= LABEL ? shown : shown + " and " + (operations.size() - LABEL) + " more";
  }

  private static Work call(Instruction.Call call) {
    List<TensorType> inputs = types(call.inputs());
    List<TensorType> outputs = types(call.outputs());
    String name = name(call.op());
    long read = call.op() instanceof Op.Gather ? gathered(call) : read(call);
    return new Work(name, List.of(name), paths(List.of(call.origin())), outputs, read, written(call),
        Flops.of(call.op(), inputs, outputs), 1, List.of());
  }

  /** What the kernel reads and writes of the call's result has not left the caches. */
  private static Work withEpilogue(Instruction.WithEpilogue both) {
    Work call = call(both.call());
    Work epilogue = compute(both.epilogue());
    List<String> operations = Stream.concat(call.operations.stream(), epilogue.operations.stream()).toList();
    List<String> paths = Stream.concat(call.paths.stream(), epilogue.paths.stream()).distinct().toList();
    return new Work(call.label + ", " + epilogue.label, operations, paths, stored(results(both)), read(both), written(both),
        call.flops + epilogue.flops, 1, List.of());
  }

  private static String name(Op op) {
    return switch (op) {
      case Op.Reduce(Op.Fold fold, _) -> name(fold);
      case Op.ArgReduce(Op.Fold fold, _) -> "arg" + name(fold);
      case Op.Cumulate(Op.Fold fold, _, _) -> "cum" + name(fold);
      default -> op.label();
    };
  }

  private static String name(Op.Fold fold) {
    return fold.name().toLowerCase(Locale.ROOT);
  }

  /** As many elements as are chosen, and the indices. */
  private static long gathered(Instruction.Call call) {
    return written(call) + Footprint.bytes(call.inputs().get(1));
  }

  private static Work loop(Instruction.Loop loop) {
    List<Work> body = all(loop.body());
    long n = loop.length();
    List<TensorType> stacked = loop.outputs().stream().map(slice -> slice.whole().type()).toList();
    return around("loop x" + n, loop, stacked, n, body, n * sum(body, Work::bytesRead),
        n * (sum(body, Work::bytesWritten) + loop.number().type().bytes()), n * sum(body, Work::flops));
  }

  private static Work choice(Instruction.Cond cond) {
    List<Work> then = all(cond.then());
    List<Work> otherwise = all(cond.otherwise());
    return around("cond", cond, List.of(), 1, Stream.concat(then.stream(), otherwise.stream()).toList(),
        read(cond) + Math.max(sum(then, Work::bytesRead), sum(otherwise, Work::bytesRead)),
        Math.max(sum(then, Work::bytesWritten), sum(otherwise, Work::bytesWritten)),
        Math.max(sum(then, Work::flops), sum(otherwise, Work::flops)));
  }

  private static Work around(String label, Instruction instruction, List<TensorType> outputs, long repetitions, List<Work> body, long read,
      long written, long flops) {
    List<String> operations = body.stream().flatMap(w -> w.operations().stream()).toList();
    List<String> paths = Stream.concat(paths(List.of(instruction.origin())).stream(), body.stream().flatMap(w -> w.paths().stream()))
        .distinct().toList();
    return new Work(label, operations, paths, outputs, read, written, flops, repetitions, body);
  }

  private static List<TensorType> types(List<Operand> operands) {
    return operands.stream().map(Operand::type).toList();
  }

  /** A layout over a kernel's domain repeats what is stored once. */
  private static List<TensorType> stored(List<Operand> operands) {
    return operands.stream().map(operand -> {
      Layout layout = operand.layout();
      long[] dims = IntStream.range(0, layout.shape().rank()).filter(i -> layout.stride(i) != 0 || layout.shape().dim(i) == 1)
          .mapToLong(layout.shape()::dim).toArray();
      return TensorType.of(operand.dtype(), dims);
    }).toList();
  }

  private static List<String> paths(Collection<Origin> origins) {
    return origins.stream().map(Origin::path).filter(path -> !path.isEmpty()).distinct().toList();
  }

  private static long read(Instruction instruction) {
    return instruction.reads().stream().distinct().mapToLong(Footprint::bytes).sum();
  }

  private static long written(Instruction instruction) {
    return written(results(instruction));
  }

  private static long written(List<Operand> operands) {
    return operands.stream().mapToLong(Footprint::bytes).sum();
  }

  /** What it writes for others to read. */
  private static List<Operand> results(Instruction instruction) {
    List<Operand> workspace = switch (instruction) {
      case Instruction.Call call -> call.workspace();
      case Instruction.WithEpilogue both -> both.call().workspace();
      default -> List.of();
    };
    return instruction.writes().stream().filter(operand -> !workspace.contains(operand)).toList();
  }

  private static long sum(List<Work> parts, ToLongFunction<Work> figure) {
    return parts.stream().mapToLong(figure).sum();
  }
}
