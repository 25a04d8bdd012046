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
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Takes out of loops what nobody reads: outputs (a loop offers its carries of all repetitions to a gradient that may never be asked
 * for), carries that serve only themselves, and inputs that only those needed.
 */
final class Pruning {

  /** Which results of a node with several are read. */
  private final Map<Node, BitSet> read = new IdentityHashMap<>();

  /** What stands for a node, and for a pruned loop the new number of each old result. */
  private final Map<Node, Node> standing = new HashMap<>();

  private final Map<Node, int[]> renumbered = new IdentityHashMap<>();

  private Pruning() {}

  static List<Node> of(List<Node> roots) {
    return new Pruning().pruned(roots);
  }

  private List<Node> pruned(List<Node> roots) {
    List<Node> order = Graphs.inProgramOrder(roots);
    if (order.stream().noneMatch(node -> node.op() instanceof Op.Loop)) {
      return roots;
    }
    Map<Node, Reduced> loops = new IdentityHashMap<>();
    roots.forEach(this::markRead);
    for (Node node : order.reversed()) {
      BitSet results = read.get(node);
      if (results != null && node.op() instanceof Op.Loop loop) {
        Reduced reduced = Reduced.of(loop, results);
        loops.put(node, reduced);
        IntStream.of(reduced.inputs).forEach(i -> markRead(node.input(i)));
      } else if (results != null) {
        node.inputs().forEach(this::markRead);
      }
    }
    for (Node node : order) {
      if (read.containsKey(node)) {
        standing.put(node, replacement(node, loops));
      }
    }
    return roots.stream().map(this::standIn).toList();
  }

  private void markRead(Node node) {
    if (node.op() instanceof Op.Result(int index) && node.value().isEmpty()) {
      mark(node, 0);
      mark(node.input(0), index);
    } else {
      mark(node, 0);
    }
  }

  private void mark(Node node, int result) {
    read.computeIfAbsent(node, _ -> new BitSet()).set(result);
  }

  private Node replacement(Node node, Map<Node, Reduced> loops) {
    Reduced reduced = loops.get(node);
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
   * A loop with what is needed of it.
   *
   * @param inputs the numbers of the inputs that are left
   * @param results the new number of each result, -1 for one that is gone
   */
  private record Reduced(Op.Loop op, int[] inputs, int[] results) {

    static Reduced of(Op.Loop op, BitSet read) {
      int carries = op.carries();
      BitSet wanted = (BitSet) read.clone();
      List<Node> roots;
      Set<Node> needed;
      boolean grown;
      do {
        roots = Pruning.of(wanted.stream().mapToObj(op.body().results()::get).toList());
        needed = new HashSet<>(Graphs.topological(roots));
        grown = false;
        for (int i = 0; i < carries; i++) {
          if (!wanted.get(i) && needed.contains(op.body().parameters().get(1 + i))) {
            wanted.set(i);
            grown = true;
          }
        }
      } while (grown);

      List<Node> parameters = new ArrayList<>(List.of(op.body().parameters().getFirst()));
      List<Integer> inputs = new ArrayList<>();
      int sliced = 0;
      for (int i = 0; i < op.body().parameters().size() - 1; i++) {
        Node parameter = op.body().parameters().get(1 + i);
        if (i < carries ? wanted.get(i) : needed.contains(parameter)) {
          parameters.add(parameter);
          inputs.add(i);
          sliced += i >= carries && i < carries + op.sliced() ? 1 : 0;
        }
      }
      int[] results = new int[op.body().results().size()];
      int next = 0;
      for (int i = 0; i < results.length; i++) {
        results[i] = wanted.get(i) ? next++ : -1;
      }
      int left = (int) wanted.stream().filter(i -> i < carries).count();
      return new Reduced(new Op.Loop(op.length(), left, sliced, new Body(parameters, roots)),
          inputs.stream().mapToInt(i -> i).toArray(), results);
    }
  }
}
