package dev.chainrule.plan;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.UnsupportedOpException;
import dev.chainrule.device.Device;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * From nodes to instructions, one for each operation. Movement becomes a layout of the operand it moves wherever strides can express it,
 * and a bitcast another element type of it: in memory every bit of a NaN is safe, in a register it is not. Scalar operations, reductions
 * and copies become kernels to be generated, which {@link Fusion} joins; everything else is a call of the device's own. A body is lowered
 * by a lowering of its own that shares the buffers.
 */
final class Lowering {

  private final Buffers buffers;
  private final Leaves leaves;
  private final Device device;
  private final List<Node> order;
  private final Set<Node> roots;
  private final Map<Node, Operand> targets = new IdentityHashMap<>();
  private final Map<Node, List<Operand>> operands = new IdentityHashMap<>();
  private final Set<Operand> delivered = new HashSet<>();
  private final List<Instruction> instructions = new ArrayList<>();
  private boolean behindBarrier;

  /** What a schedule's buffers are given out from. */
  static final class Buffers {
    private final Map<HostArray, Integer> constants = new LinkedHashMap<>();
    private final List<Long> temporaryBytes = new ArrayList<>();
    private final Set<Instruction> behindBarriers = Collections.newSetFromMap(new IdentityHashMap<>());
    private int slices;

    /** The instructions that came next after a barrier, by identity. */
    Set<Instruction> behindBarriers() {
      return behindBarriers;
    }

    List<HostArray> constants() {
      return List.copyOf(constants.keySet());
    }

    List<Long> temporaryBytes() {
      return Collections.unmodifiableList(temporaryBytes);
    }

    int slices() {
      return slices;
    }

    BufferRef constant(HostArray array) {
      return new BufferRef.Constant(constants.computeIfAbsent(array, _ -> constants.size()));
    }

    Operand temporary(TensorType type) {
      temporaryBytes.add(type.bytes());
      return Operand.dense(new BufferRef.Temporary(temporaryBytes.size() - 1), type);
    }

    /** One instruction in the place of another. */
    void replace(Instruction present, Instruction by) {
      if (behindBarriers.remove(present)) {
        behindBarriers.add(by);
      }
    }

    BufferRef.Slice slice() {
      return new BufferRef.Slice(slices++);
    }
  }

  /** @param targets where the first roots are to go, if they can */
  Lowering(Buffers buffers, Leaves leaves, Device device, List<Node> roots, List<Operand> targets) {
    this.buffers = buffers;
    this.leaves = leaves;
    this.device = device;
    this.order = Graphs.inProgramOrder(roots);
    this.roots = Set.copyOf(roots);
    for (int i = targets.size() - 1; i >= 0; i--) {
      this.targets.put(roots.get(i), targets.get(i));
    }
  }

  /** Says where a body's argument is. */
  void bind(Node parameter, Operand argument) {
    operands.put(parameter, List.of(argument));
  }

  void lowerAll() {
    for (Node node : order) {
      if (!operands.containsKey(node)) {
        operands.put(node, lower(node));
      }
    }
  }

  List<Instruction> instructions() {
    return Collections.unmodifiableList(instructions);
  }

  void emit(Instruction instruction) {
    instructions.add(instruction);
    if (behindBarrier) {
      buffers.behindBarriers.add(instruction);
      behindBarrier = false;
    }
  }

  Operand operand(Node node) {
    return Objects.requireNonNull(operands.get(node), node.toString()).getFirst();
  }

  /** Sees to it that {@code target} holds the root. */
  void deliver(Node root, Operand target) {
    if (!delivered.contains(target)) {
      emit(copy(operand(root), target, root.origin()));
    }
  }

  /** The root's operand in storage that no commit touches. */
  Operand settled(Node root) {
    Operand operand = operand(root);
    return operand.buffer() instanceof BufferRef.State || !operand.layout().isContiguous() ? materialised(operand, root.origin()) : operand;
  }

  // --- one node ----------------------------------------------------------------------------------------------------------------------

  private List<Operand> lower(Node node) {
    if (node.value().isPresent()) {
      BufferRef buffer = node.value().get() instanceof ScalarValue
          ? new BufferRef.Parameter(leaves.slot(node))
          : new BufferRef.Input(leaves.slot(node));
      return List.of(Operand.dense(buffer, node.type()));
    }
    return switch (node.op()) {
      case Op.State _ -> List.of(Operand.dense(new BufferRef.State(leaves.slot(node)), node.type()));
      case Op.Const(HostArray array) -> List.of(Operand.dense(buffers.constant(array), node.type()));
      case Op.Bitcast(DType to) -> List.of(operand(node.input(0)).as(to));
      case Op.Iota(TensorType type, int axis) -> List.of(generated(node, List.of(new KernelExpression.Index(type.dtype(), axis)), List.of()));
      case Op.Pointwise op -> List.of(apply(node, op));
      case Op.Reduce reduce -> fold(node, reduce);
      case Op.Copy _ -> List.of(materialised(operand(node.input(0)), node.origin()));
      case Op.Barrier _ -> barrier(node);
      case Op.Result(int index) -> List.of(Objects.requireNonNull(operands.get(node.input(0))).get(index));
      case Op.Movement movement -> move(node, movement);
      case Op.Parameter _ -> throw new InvalidArgumentException("evaluation", node.type() + " was made inside the body of a loop, a choice"
          + " or a composite and is used outside it" + node.origin().describe(), "Return it as a result of the body.");
      case Op.Loop _, Op.While _, Op.Cond _ -> new BodyLowering(this, buffers).lower(node);
      default -> call(node);
    };
  }

  private List<Operand> barrier(Node node) {
    behindBarrier = true;
    return node.inputs().stream().map(this::operand).toList();
  }

  /** Whether all that is read of a loop's output, and something is, is the output turned around along its first axis. */
  boolean isReadBackwards(Node loop, int result) {
    Set<Node> outputs = new HashSet<>(loop.types().size() == 1 ? List.of(loop) : List.of());
    order.stream().filter(n -> n.op() instanceof Op.Result(int index) && index == result && n.inputs().contains(loop)).forEach(outputs::add);
    List<Node> readers = order.stream().filter(n -> n.inputs().stream().anyMatch(outputs::contains)).toList();
    Layout backwards = BodyLowering.backwards(Operand.dense(new BufferRef.Temporary(0), loop.types().get(result))).layout();
    return !readers.isEmpty() && outputs.stream().noneMatch(roots::contains) && readers.stream().allMatch(reader ->
        reader.op() instanceof Op.Slice(var ranges) && Layout.dense(backwards.shape()).slice(ranges).equals(backwards));
  }

  /** A lowering for a body. */
  Lowering inner(List<Node> results, List<Operand> targets) {
    return new Lowering(buffers, leaves, device, results, targets);
  }

  private List<Operand> move(Node node, Op.Movement movement) {
    Operand x = operand(node.input(0));
    Shape shape = node.type().shape();
    Layout layout = x.layout();
    return switch (movement) {
      case Op.Reshape _ -> List.of(layout.reshape(shape).map(x::with)
          .orElseGet(() -> {
            Operand dense = materialised(x, node.origin());
            return dense.with(Layout.dense(shape));
          }));
      case Op.Permute(var axes) -> List.of(x.with(layout.permute(axes)));
      case Op.Expand _ -> List.of(x.with(layout.expand(shape)));
      case Op.Slice(var ranges) -> List.of(x.with(layout.slice(ranges)));
      case Op.Window window -> List.of(x.with(layout.window(window, shape)));
      case Op.Concat(int axis) -> List.of(concatenation(node, axis));
      case Op.Pad _ -> call(node);
    };
  }

  /** Each input is copied to its part; what makes an input can then write it there ({@link Fusion}). */
  private Operand concatenation(Node node, int axis) {
    Operand whole = result(node);
    long start = 0;
    for (Node input : node.inputs()) {
      Operand from = operand(input);
      if (from.shape().elements() > 0) {
        emit(copy(from, whole.with(part(whole.layout(), axis, start, from.shape().dim(axis))), node.origin()));
      }
      start += from.shape().dim(axis);
    }
    return whole;
  }

  private static Layout part(Layout whole, int axis, long start, long size) {
    Shape shape = whole.shape();
    return whole.slice(IntStream.range(0, shape.rank())
        .mapToObj(i -> i == axis ? new Op.Range(start, size, 1) : new Op.Range(0, shape.dim(i), 1)).toList());
  }

  private List<Operand> call(Node node) {
    List<TensorType> types = node.inputs().stream().map(Node::type).toList();
    Optional<NativeKernel> kernel = device.nativeKernel(node.op(), types, node.types());
    if (kernel.isEmpty()) {
      throw new UnsupportedOpException(node.op().label(),
          "the " + device.info().backend() + " backend has no kernel for it on " + types + node.origin().describe(), remedy(node));
    }
    List<Operand> inputs = new ArrayList<>();
    for (Node input : node.inputs()) {
      Operand operand = operand(input);
      inputs.add(kernel.get().strided() || operand.layout().isContiguous() ? operand : materialised(operand, node.origin()));
    }
    List<Operand> outputs = new ArrayList<>();
    for (int i = 0; i < node.types().size(); i++) {
      outputs.add(i == 0 && node.types().size() == 1 ? result(node) : buffers.temporary(node.types().get(i)));
    }
    long bytes = kernel.get().workspaceBytes();
    List<Operand> workspace = bytes == 0 ? List.of() : List.of(buffers.temporary(TensorType.of(DType.U8, bytes)));
    emit(new Instruction.Call(node.op(), inputs, outputs, workspace, node.origin()));
    return outputs;
  }

  private String remedy(Node node) {
    return device.remedy(node.op(), Stream.concat(node.inputs().stream().map(Node::type), node.types().stream()).toList());
  }

  // --- kernels to be generated -------------------------------------------------------------------------------------------------------

  private Operand apply(Node node, Op.Pointwise op) {
    List<Operand> arguments = node.inputs().stream().map(this::operand).distinct().toList();
    List<KernelExpression> values = new ArrayList<>();
    for (int i = 0; i < arguments.size(); i++) {
      values.add(new KernelExpression.Load(i, arguments.get(i).dtype(), arguments.get(i).layout()));
    }
    values.add(new KernelExpression.Apply(op,
        node.inputs().stream().map(input -> arguments.indexOf(operand(input))).toList(), node.type().dtype()));
    return generated(node, values, arguments);
  }

  private Operand generated(Node node, List<KernelExpression> values, List<Operand> arguments) {
    GeneratedKernel kernel = GeneratedKernel.of(values, node.type().shape());
    if (!device.generates(kernel)) {
      throw new UnsupportedOpException(node.op().label(),
          "the " + device.info().backend() + " backend cannot generate it for " + node.type() + node.origin().describe(), remedy(node));
    }
    Operand output = result(node);
    emit(new Instruction.Compute(kernel, arguments, List.of(output), List.of(), List.of(node.origin())));
    return output;
  }

  private List<Operand> fold(Node node, Op.Reduce op) {
    Operand x = operand(node.input(0));
    Shape domain = x.shape();
    Layout layout = Layout.folded(domain, op.axes());
    List<KernelExpression> values = List.of(load(x), new KernelExpression.Fold(op.fold(), 0, node.type().dtype()));
    var kernel = new GeneratedKernel(domain, op.axes(), values, List.of(new GeneratedKernel.Result(1, layout)), List.of());
    if (op.axes().count() == 0 || domain.elements() == 0 || !device.generates(kernel)) {
      return call(node);
    }
    Operand output = result(node);
    emit(new Instruction.Compute(kernel, List.of(x), List.of(output.with(layout)), List.of(), List.of(node.origin())));
    return List.of(output);
  }

  /** Of the only argument. */
  private static KernelExpression.Load load(Operand argument) {
    return new KernelExpression.Load(0, argument.dtype(), argument.layout());
  }

  /** Faults with the number {@code check} unless all elements are finite. */
  void check(Node root, int check) {
    Operand x = operand(root);
    emit(new Instruction.Compute(GeneratedKernel.check(load(x)), List.of(x), List.of(), List.of(check), List.of(root.origin())));
  }

  static Instruction copy(Operand from, Operand to, Origin origin) {
    var kernel = new GeneratedKernel(
        from.shape(), Axes.NONE, List.of(load(from)), List.of(new GeneratedKernel.Result(0, to.layout())), List.of());
    return new Instruction.Compute(kernel, List.of(from), List.of(to), List.of(), List.of(origin));
  }

  // --- buffers -------------------------------------------------------------------------------------------------------------------------

  Operand materialised(Operand operand, Origin origin) {
    Operand dense = buffers.temporary(operand.type());
    emit(copy(operand, dense, origin));
    return dense;
  }

  /** Where a node's only result goes: straight to its target if it has one. */
  private Operand result(Node node) {
    Operand target = targets.get(node);
    if (target == null) {
      return buffers.temporary(node.type());
    }
    delivered.add(target);
    return target;
  }
}
