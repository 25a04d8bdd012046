package dev.chainrule.plan;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Takes out of loops and choices what nobody reads: results (a loop offers its carries of all repetitions to a gradient that may never
 * be asked for), carries that serve only themselves, and inputs that only those needed.
 */
final class Pruning {

  /** Which results of a node with several are read. */
  private final Map<Node, BitSet> read = new IdentityHashMap<>();

  /** What stands for a node, and for a pruned one the new number of each old result. */
  private final Map<Node, Node> standing = new HashMap<>();

  private final Map<Node, int[]> renumbered = new IdentityHashMap<>();

  private Pruning() {}

  static List<Node> of(List<Node> roots) {
    return new Pruning().pruned(roots);
  }

  private List<Node> pruned(List<Node> roots) {
    List<Node> order = Graphs.inProgramOrder(roots);
    if (order.stream().allMatch(node -> node.op() instanceof Op.Composite || node.op().bodies().isEmpty())) {
      return roots;
    }
    Map<Node, Reduced> withBodies = new IdentityHashMap<>();
    roots.forEach(this::markRead);
    for (Node node : order.reversed()) {
      BitSet results = read.get(node);
      if (results == null || isResult(node)) { // a result's reader has said which it reads
        continue;
      }
      Optional<Reduced> reduced = Reduced.of(node.op(), results);
      reduced.ifPresent(r -> withBodies.put(node, r));
      int[] inputs = reduced.map(Reduced::inputs).orElseGet(() -> IntStream.range(0, node.inputs().size()).toArray());
      IntStream.of(inputs).forEach(i -> markRead(node.input(i)));
    }
    for (Node node : order) {
      if (read.containsKey(node)) {
        standing.put(node, replacement(node, withBodies));
      }
    }
    return roots.stream().map(this::standIn).toList();
  }

  private void markRead(Node node) {
    if (isResult(node) && node.op() instanceof Op.Result(int index)) {
      mark(node, 0);
      mark(node.input(0), index);
    } else {
      mark(node, 0);
    }
  }

  private static boolean isResult(Node node) {
    return node.op() instanceof Op.Result && node.value().isEmpty();
  }

  private void mark(Node node, int result) {
    read.computeIfAbsent(node, _ -> new BitSet()).set(result);
  }

  private Node replacement(Node node, Map<Node, Reduced> withBodies) {
    Reduced reduced = withBodies.get(node);
    if (reduced != null) {
      renumbered.put(node, reduced.results);
      return Ops.rebuilt(node, reduced.op, IntStream.of(reduced.inputs).mapToObj(i -> standIn(node.input(i))).toList());
    }
    if (node.op() instanceof Op.Result(int index) && node.value().isEmpty() && renumbered.containsKey(node.input(0))) {
      int now = Objects.requireNonNull(renumbered.get(node.input(0)))[index];
      return Ops.rebuilt(node, new Op.Result(now), List.of(standIn(node.input(0))));
    }
    List<Node> inputs = node.inputs().stream().map(this::standIn).toList();
    return node.isLeaf() ? node : Ops.rebuilt(node, inputs);
  }

  private Node standIn(Node node) {
    return Objects.requireNonNull(standing.get(node));
  }

  /**
   * An operation with what is needed of it.
   *
   * @param inputs the numbers of the inputs that are left
   * @param results the new number of each result, -1 for one that is gone
   */
  private record Reduced(Op op, int[] inputs, int... results) {

    static Optional<Reduced> of(Op op, BitSet read) {
      return switch (op) {
        case Op.Loop loop -> Optional.of(loop(loop, read));
        case Op.While loop -> Optional.of(repeat(loop, read));
        case Op.Cond cond -> Optional.of(cond(cond, read));
        default -> Optional.empty();
      };
    }

    /** Parameters: the number, carries, slices, invariants. */
    private static Reduced loop(Op.Loop op, BitSet read) {
      BitSet wanted = (BitSet) read.clone();
      Function function = grown(op.body(), 1, op.carries(), wanted);
      List<Node> all = op.body().parameters();
      int[] inputs = IntStream.range(0, all.size() - 1)
          .filter(i -> i < op.carries() ? wanted.get(i) : function.needed.contains(all.get(i + 1))).toArray();
      int carries = (int) IntStream.of(inputs).filter(i -> i < op.carries()).count();
      int sliced = (int) IntStream.of(inputs).filter(i -> i >= op.carries() && i < op.carries() + op.sliced()).count();
      List<Node> parameters = new ArrayList<>(List.of(all.getFirst()));
      IntStream.of(inputs).forEach(i -> parameters.add(all.get(i + 1)));
      return new Reduced(new Op.Loop(op.length(), carries, sliced, new Body(parameters, function.results)),
          inputs, renumbered(op.body().results().size(), wanted));
    }

    /** Parameters of both: carries, invariants. What the condition looks at is carried on. */
    private static Reduced repeat(Op.While op, BitSet read) {
      BitSet wanted = (BitSet) read.clone();
      List<Node> condition = Pruning.of(op.condition().results());
      Set<Node> asked = new HashSet<>(Graphs.topological(condition));
      IntStream.range(0, op.carries()).filter(i -> asked.contains(op.condition().parameters().get(i))).forEach(wanted::set);
      Function function = grown(op.body(), 0, op.carries(), wanted);
      List<Node> ofBody = op.body().parameters();
      List<Node> ofCondition = op.condition().parameters();
      int[] inputs = IntStream.range(0, ofBody.size()).filter(i -> i < op.carries()
          ? wanted.get(i) : function.needed.contains(ofBody.get(i)) || asked.contains(ofCondition.get(i))).toArray();
      int carries = (int) IntStream.of(inputs).filter(i -> i < op.carries()).count();
      return new Reduced(new Op.While(carries, new Body(picked(ofCondition, inputs), condition),
          new Body(picked(ofBody, inputs), function.results)), inputs, renumbered(op.carries(), wanted));
    }

    /** Inputs: the predicate, then the parameters of both. */
    private static Reduced cond(Op.Cond op, BitSet read) {
      Function then = grown(op.then(), 0, 0, read);
      Function otherwise = grown(op.otherwise(), 0, 0, read);
      int[] left = IntStream.range(0, op.then().parameters().size()).filter(i ->
          then.needed.contains(op.then().parameters().get(i)) || otherwise.needed.contains(op.otherwise().parameters().get(i))).toArray();
      int[] inputs = IntStream.concat(IntStream.of(0), IntStream.of(left).map(i -> i + 1)).toArray();
      return new Reduced(new Op.Cond(new Body(picked(op.then().parameters(), left), then.results),
          new Body(picked(op.otherwise().parameters(), left), otherwise.results)), inputs, renumbered(op.then().results().size(), read));
    }

    private static List<Node> picked(List<Node> nodes, int... numbers) {
      return IntStream.of(numbers).mapToObj(nodes::get).toList();
    }

    /** The wanted results of a body, pruned, and all that they need. */
    private record Function(List<Node> results, Set<Node> needed) {}

    /**
     * Adds the carries that wanted results need to those that are wanted.
     *
     * @param first number of the first carry among the parameters
     */
    private static Function grown(Body body, int first, int carries, BitSet wanted) {
      while (true) {
        List<Node> results = Pruning.of(wanted.stream().mapToObj(body.results()::get).toList());
        Set<Node> needed = new HashSet<>(Graphs.topological(results));
        int before = wanted.cardinality();
        IntStream.range(0, carries).filter(i -> needed.contains(body.parameters().get(first + i))).forEach(wanted::set);
        if (wanted.cardinality() == before) {
          return new Function(results, needed);
        }
      }
    }

    private static int[] renumbered(int count, BitSet wanted) {
      int[] results = new int[count];
      int next = 0;
      for (int i = 0; i < count; i++) {
        results[i] = wanted.get(i) ? next++ : -1;
      }
      return results;
    }
  }
}
