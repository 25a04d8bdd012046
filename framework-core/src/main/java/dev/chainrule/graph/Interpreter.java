package dev.chainrule.graph;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * What each primitive means, in plain Java: slow, single-threaded, easy to check. Devices are tested against it, and a step that failed
 * on a device is replayed on it to name the node at fault.
 *
 * <p>Every operation reads whole arrays and gives whole arrays. Floating types are computed in double and rounded once, to the node's
 * type, when the result is stored; sums are therefore accumulated in double. Integers are computed in long and wrap when stored.
 * Transcendental functions are {@link StrictMath}'s, so the results are the same bits on every machine.
 */
public final class Interpreter {

  private final Function<Value, HostArray> read;
  private final BiConsumer<Node, HostArray> observer;

  private Interpreter(Function<Value, HostArray> read, BiConsumer<Node, HostArray> observer) {
    this.read = read;
    this.observer = observer;
  }

  /**
   * Computes {@code outputs}; of a node with several results the first.
   *
   * @param read the host data of a leaf's value; {@link HostArray} and {@link ScalarValue} are never asked for
   * @throws dev.chainrule.IndexRangeException when an index lies outside its axis
   * @throws dev.chainrule.InvalidArgumentException when an integer is divided by zero
   */
  public static List<HostArray> evaluate(List<Node> outputs, Function<Value, HostArray> read) {
    return evaluate(outputs, read, (_, _) -> {});
  }

  /**
   * As {@link #evaluate(List, Function)}, and shows every node's first result to {@code observer} as soon as it is known: leaves too,
   * inputs before users, the nodes of a body at each of its runs before the node that holds it.
   */
  public static List<HostArray> evaluate(
      List<Node> outputs, Function<Value, HostArray> read, BiConsumer<Node, HostArray> observer) {
    return new Interpreter(read, observer).run(outputs, Map.of());
  }

  private List<HostArray> run(List<Node> outputs, Map<Node, HostArray> arguments) {
    List<Node> order = Graphs.topological(outputs);
    Map<Node, Integer> readers = readers(order, outputs);
    Map<Node, List<HostArray>> known = new HashMap<>();
    for (Node node : order) {
      HostArray argument = arguments.get(node);
      if (argument != null) {
        known.put(node, List.of(argument));
        continue;
      }
      // Inputs first: should another thread give the node its value in between, either the inputs are here or the value is.
      List<Node> inputs = node.inputs();
      List<HostArray> results = node.op() instanceof Op.Const || node.value().isEmpty()
          ? apply(node, operands(node, inputs, known))
          : List.of(read(node, node.value().get()));
      observer.accept(node, results.getFirst());
      known.put(node, results);
      for (Node input : inputs) {
        if (readers.merge(input, -1, Integer::sum) == 0) {
          known.remove(input);
        }
      }
    }
    return outputs.stream().map(output -> results(known, output).getFirst()).toList();
  }

  /** How often each node's result will be read. After the last time it is dropped: a whole training step must fit the heap. */
  private static Map<Node, Integer> readers(List<Node> order, List<Node> outputs) {
    Map<Node, Integer> readers = new HashMap<>();
    for (Node node : order) {
      node.inputs().forEach(input -> readers.merge(input, 1, Integer::sum));
    }
    outputs.forEach(output -> readers.merge(output, 1, Integer::sum));
    return readers;
  }

  /** The first result of each input; for {@link Op.Result} all results of its only input. */
  private static List<HostArray> operands(Node node, List<Node> inputs, Map<Node, List<HostArray>> known) {
    return node.op() instanceof Op.Result
        ? results(known, inputs.getFirst())
        : inputs.stream().map(input -> results(known, input).getFirst()).toList();
  }

  private static List<HostArray> results(Map<Node, List<HostArray>> known, Node node) {
    return Objects.requireNonNull(known.get(node), "not evaluated yet, or dropped too early");
  }

  private HostArray read(Node node, Value value) {
    HostArray array = switch (value) {
      case HostArray host -> host;
      case ScalarValue scalar -> scalar.toArray();
      default -> read.apply(value);
    };
    if (!array.type().equals(node.type())) {
      throw new IllegalStateException("read " + array.type() + " for " + node);
    }
    return array;
  }

  private List<HostArray> apply(Node node, List<HostArray> in) {
    return switch (node.op()) {
      case Op.Sort(int axis, boolean descending) -> ReductionMeaning.sort(in.get(0), axis, descending);
      case Op.Loop loop -> loop(loop, in);
      case Op.While loop -> repeat(loop, in);
      case Op.Barrier _ -> in;
      case Op.Cond(Body then, Body otherwise) -> call(in.get(0).longAt(0) != 0 ? then : otherwise, in.subList(1, in.size()));
      case Op.Composite composite -> call(composite.body(), in);

      case Op.Unary op -> List.of(PointwiseMeaning.unary(op, in.get(0)));
      case Op.Binary op -> List.of(PointwiseMeaning.binary(node, op, in.get(0), in.get(1)));
      case Op.Comparison op -> List.of(PointwiseMeaning.comparison(op, in.get(0), in.get(1)));
      case Op.Where _ -> List.of(PointwiseMeaning.where(in.get(0), in.get(1), in.get(2)));
      case Op.Cast(DType to) -> List.of(PointwiseMeaning.cast(in.get(0), to));
      case Op.Bitcast(DType to) -> List.of(HostArray.copyOf(in.get(0).type().withDType(to), in.get(0).segment()));

      case Op.Const(HostArray array) -> List.of(array);
      case Op.Iota(TensorType type, int axis) -> List.of(iota(type, axis));
      case Op.PhiloxBits(Shape shape, long stream) ->
          List.of(philoxBits(shape, stream, in.get(0).longAt(0), in.get(1).longAt(0), in.get(2).longAt(0)));
      case Op.State(Value version) -> List.of(read(node, version));
      case Op.Input _, Op.Scalar _, Op.Parameter _ -> throw new IllegalStateException("no value for " + node);

      case Op.Reduce(Op.Fold fold, Axes axes) -> List.of(ReductionMeaning.reduce(in.get(0), fold, axes, node.type()));
      case Op.ArgReduce(Op.Fold fold, int axis) -> List.of(ReductionMeaning.argReduce(in.get(0), fold, axis, node.type()));
      case Op.Cumulate(Op.Fold fold, int axis, boolean reverse) -> List.of(ReductionMeaning.cumulate(in.get(0), fold, axis, reverse));
      case Op.Dot _ -> List.of(ProductMeaning.dot(in.get(0), in.get(1), node.type()));
      case Op.Conv(Op.Geometry geometry) -> List.of(ProductMeaning.conv(geometry, in.get(0), in.get(1), node.type()));
      case Op.ConvInputGradient(Op.Geometry geometry, Shape _) ->
          List.of(ProductMeaning.convInputGradient(geometry, in.get(0), in.get(1), node.type()));
      case Op.ConvWeightGradient(Op.Geometry geometry, Shape _) ->
          List.of(ProductMeaning.convWeightGradient(geometry, in.get(0), in.get(1), node.type()));
      case Op.Gather(int axis) -> List.of(IndexMeaning.gather(node, in.get(0), in.get(1), axis));
      case Op.ScatterAdd(int axis) -> List.of(IndexMeaning.scatterAdd(node, in.get(0), in.get(1), in.get(2), axis));

      case Op.Movement op -> List.of(MovementMeaning.move(op, in, node.type()));
      case Op.Overlap op -> List.of(MovementMeaning.overlap(op, in.get(0), node.type()));
      case Op.Copy _ -> List.of(in.get(0));
      case Op.Result(int index) -> List.of(in.get(index));
    };
  }

  private static HostArray iota(TensorType type, int axis) {
    Lines lines = Lines.along(type.shape(), axis);
    long[] result = new long[Math.toIntExact(type.elements())];
    lines.forEach(line -> {
      for (int k = 0; k < lines.length(); k++) {
        result[lines.index(line, k)] = k;
      }
    });
    return HostArray.ofLongs(type, result);
  }

  /** Low words first: the key is (low, high), the counter (low block, high block, run, iteration). */
  private static HostArray philoxBits(Shape shape, long stream, long seed, long run, long iteration) {
    long key = Philox.key(seed, stream);
    long[] result = new long[Math.toIntExact(shape.elements())];
    for (int i = 0; i < result.length; i++) {
      long block = i / 4;
      int[] words = Philox.block((int) block, (int) (block >>> 32), (int) run, (int) iteration, (int) key, (int) (key >>> 32));
      result[i] = words[i % 4];
    }
    return HostArray.ofLongs(new TensorType(DType.I32, shape), result);
  }

  // --- bodies ------------------------------------------------------------------------------------------------------------------------

  private List<HostArray> call(Body body, List<HostArray> arguments) {
    Map<Node, HostArray> bound = new HashMap<>();
    for (int i = 0; i < arguments.size(); i++) {
      bound.put(body.parameters().get(i), arguments.get(i));
    }
    return run(body.results(), bound);
  }

  private List<HostArray> repeat(Op.While op, List<HostArray> in) {
    List<HostArray> arguments = in;
    while (call(op.condition(), arguments).getFirst().longAt(0) != 0) {
      List<HostArray> next = new ArrayList<>(call(op.body(), arguments));
      next.addAll(in.subList(op.carries(), in.size()));
      arguments = next;
    }
    return arguments.subList(0, op.carries());
  }

  private List<HostArray> loop(Op.Loop op, List<HostArray> in) {
    List<HostArray> carries = in.subList(0, op.carries());
    List<HostArray> sliced = in.subList(op.carries(), op.carries() + op.sliced());
    List<HostArray> invariants = in.subList(op.carries() + op.sliced(), in.size());
    List<TensorType> outputTypes = op.body().resultTypes().subList(op.carries(), op.body().results().size());
    List<List<HostArray>> outputs = new ArrayList<>();
    outputTypes.forEach(_ -> outputs.add(new ArrayList<>()));

    for (long iteration = 0; iteration < op.length(); iteration++) {
      List<HostArray> arguments = new ArrayList<>();
      arguments.add(HostArray.ofLongs(TensorType.scalar(DType.I64), iteration));
      arguments.addAll(carries);
      for (HostArray whole : sliced) {
        arguments.add(slice(whole, iteration));
      }
      arguments.addAll(invariants);
      List<HostArray> results = call(op.body(), arguments);
      carries = results.subList(0, op.carries());
      for (int i = 0; i < outputs.size(); i++) {
        outputs.get(i).add(results.get(op.carries() + i));
      }
    }

    List<HostArray> results = new ArrayList<>(carries);
    for (int i = 0; i < outputs.size(); i++) {
      results.add(stack(outputTypes.get(i), outputs.get(i)));
    }
    return results;
  }

  /** x[i, ...]. */
  private static HostArray slice(HostArray x, long i) {
    TensorType type = x.type().withShape(x.type().shape().slice(1, x.type().rank()));
    return HostArray.copyOf(type, x.segment().asSlice(i * type.bytes(), type.bytes()));
  }

  private static HostArray stack(TensorType each, List<HostArray> parts) {
    TensorType type = each.withShape(Shape.of(parts.size()).concat(each.shape()));
    MemorySegment all = MemorySegment.ofArray(new byte[Math.toIntExact(type.bytes())]);
    for (int i = 0; i < parts.size(); i++) {
      MemorySegment.copy(parts.get(i).segment(), 0, all, i * each.bytes(), each.bytes());
    }
    return HostArray.copyOf(type, all);
  }
}
