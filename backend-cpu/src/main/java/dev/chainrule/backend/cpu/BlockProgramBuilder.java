package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;

/**
 * Compiles a kernel expression: equal parts are computed once, a register is free again after its last reader, and what only depends on
 * single elements goes to the prologue.
 */
final class BlockProgramBuilder {

  private final Instruction.Compute compute;
  private final Bases bases;
  private final Shape domain;
  private final Map<KernelExpression, Integer> readers = new HashMap<>();
  private final Map<KernelExpression, Value> known = new HashMap<>();
  private final Map<RegisterKind, PriorityQueue<Integer>> free = new EnumMap<>(RegisterKind.class);
  private final Map<RegisterKind, Integer> used = new EnumMap<>(RegisterKind.class);
  private final List<BlockStep> prologue = new ArrayList<>();
  private final List<BlockStep> body = new ArrayList<>();

  /** An expression's place at run time. */
  private record Value(RegisterKind kind, int register, boolean uniform) {}

  BlockProgramBuilder(Instruction.Compute compute, Bases bases) {
    this.compute = compute;
    this.bases = bases;
    this.domain = compute.kernel().domain();
    for (RegisterKind kind : RegisterKind.values()) {
      free.put(kind, new PriorityQueue<>());
      used.put(kind, 0);
    }
  }

  Kernel build() {
    KernelExpression root = compute.kernel().values().get(compute.kernel().results().getFirst().value());
    countReaders(root);
    Value result = value(root);
    Operand output = compute.outputs().getFirst();
    return new BlockProgram(prologue, body, result.register, output.dtype(), bases.place(output.buffer()), domain.elements());
  }

  private void countReaders(KernelExpression expression) {
    if (readers.merge(expression, 1, Integer::sum) == 1 && expression instanceof KernelExpression.Apply apply) {
      apply.arguments().forEach(a -> countReaders(expression(a)));
    }
  }

  private KernelExpression expression(int number) {
    return compute.kernel().values().get(number);
  }

  private Value value(KernelExpression expression) {
    Value there = known.get(expression);
    if (there != null) {
      return there;
    }
    Value made = switch (expression) {
      case KernelExpression.Load load -> load(load);
      case KernelExpression.Index index -> index(index);
      case KernelExpression.Apply apply -> apply(apply);
      case KernelExpression.Fold _ -> throw new IllegalStateException("[cpu] no kernel for " + expression);
    };
    known.put(expression, made);
    return made;
  }

  // --- sources -----------------------------------------------------------------------------------------------------------------------

  private Value load(KernelExpression.Load load) {
    var loader = new BlockLoader(load.layout(), load.dtype());
    Operand argument = compute.arguments().get(load.argument());
    Place place = bases.place(argument.buffer());
    Value to = target(load.dtype(), loader.isUniform());
    emit(to, (frame, registers, at, n) -> loader.load(place.address(frame), at, n, registers, registers.array(to.kind, to.register)));
    return to;
  }

  private Value index(KernelExpression.Index index) {
    long length = domain.dim(index.axis());
    long inner = domain.slice(index.axis() + 1, domain.rank()).elements();
    Value counts = target(DType.I64, false);
    emit(counts, (_, registers, at, n) -> counts(registers.longs(counts.register), at, n, length, inner));
    if (index.dtype() == DType.I64) {
      return counts;
    }
    Value to = target(index.dtype(), false);
    emit(to, conversion(DType.I64, counts, index.dtype(), to));
    release(counts);
    return to;
  }

  private static void counts(long[] to, long start, int n, long length, long inner) {
    long k = start / inner % length;
    long repeated = start % inner;
    for (int i = 0; i < n; i++) {
      to[i] = k;
      if (++repeated == inner) {
        repeated = 0;
        k = k + 1 == length ? 0 : k + 1;
      }
    }
  }

  // --- operations --------------------------------------------------------------------------------------------------------------------

  private Value apply(KernelExpression.Apply apply) {
    List<KernelExpression> arguments = apply.arguments().stream().map(this::expression).toList();
    List<Value> in = arguments.stream().map(this::value).toList();
    Value to = target(apply.dtype(), in.stream().allMatch(Value::uniform));
    DType operands = arguments.getLast().dtype();
    emit(to, step(apply, operands, to, in));
    boolean exact = apply.op() instanceof Op.Where || apply.op() instanceof Op.Cast;
    if (Conversions.needsRounding(apply.dtype()) && !exact) {
      DType dtype = apply.dtype();
      emit(to, (_, registers, _, n) -> Conversions.round(dtype, registers.array(to.kind, to.register), n));
    }
    for (int i = 0; i < in.size(); i++) {
      if (readers.merge(arguments.get(i), -1, Integer::sum) == 0) {
        release(in.get(i));
      }
    }
    return to;
  }

  private static BlockStep step(KernelExpression.Apply apply, DType operands, Value to, List<Value> in) {
    Value x = in.getFirst();
    return switch (apply.op()) {
      case Op.Unary op -> PointwiseSteps.unary(op, operands, to.register, x.register);
      case Op.Binary op -> PointwiseSteps.binary(op, operands, to.register, x.register, in.get(1).register);
      case Op.Comparison op -> PointwiseSteps.comparison(op, operands, to.register, x.register, in.get(1).register);
      case Op.Where _ -> PointwiseSteps.where(to.kind, to.register, x.register, in.get(1).register, in.get(2).register);
      case Op.Cast(DType dtype) -> conversion(operands, x, dtype, to);
      case Op.Bitcast(DType dtype) -> {
        Loops.Conversion<Object, Object> loop = Bits.between(operands, dtype);
        yield (_, registers, _, n) ->
            loop.apply(registers.array(to.kind, to.register), registers.array(x.kind, x.register), n);
      }
    };
  }

  private static BlockStep conversion(DType from, Value x, DType dtype, Value to) {
    Loops.Conversion<Object, Object> loop = Conversions.between(from, dtype);
    return (_, registers, _, n) -> loop.apply(registers.array(to.kind, to.register), registers.array(x.kind, x.register), n);
  }

  // --- registers ---------------------------------------------------------------------------------------------------------------------

  /** A register for a result, never one of its operands'. */
  private Value target(DType dtype, boolean uniform) {
    RegisterKind kind = RegisterKind.of(dtype);
    Integer recycled = uniform ? null : Objects.requireNonNull(free.get(kind)).poll();
    int register = recycled != null ? recycled : Objects.requireNonNull(used.merge(kind, 1, Integer::sum)) - 1;
    return new Value(kind, register, uniform);
  }

  /** What the prologue computes stays for the whole run. */
  private void release(Value value) {
    if (!value.uniform) {
      Objects.requireNonNull(free.get(value.kind)).add(value.register);
    }
  }

  private void emit(Value to, BlockStep step) {
    (to.uniform ? prologue : body).add(step);
  }
}
