package dev.chainrule.autograd;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Region;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a loop backwards repeats: it goes back through the forward loop's body, of which it takes from that loop's outputs what is among
 * them, and computes the rest again from the carries that the repetition began with. It carries the cotangents of the carries; those of
 * the slices are outputs. What an invariant receives is added up in a carry, or afterwards ({@link SumOfRepetitions}).
 *
 * @param number which repetition it is, counted from the last
 * @param carried cotangents of carries, then sums for invariants
 * @param sliced parameters for what repetitions began with, slices, known results, cotangents of outputs
 * @param known numbers of the forward loop's results that are read
 * @param invariants parameters
 * @param outputs results of which all are kept
 * @param ofSlices for inputs of the forward loop that are sliced their cotangents, which are outputs
 * @param sums for invariants, by their numbers among the inputs, what is made of slices and outputs afterwards
 */
record BackwardBody(Node number, List<Carried> carried, List<Node> sliced, List<Integer> known, List<Node> invariants, List<Node> outputs,
    Map<Integer, Node> ofSlices, Map<Integer, SumOfRepetitions> sums, long begin) {

  /** How often as much as a repetition reads of its own it may keep at most so that sums can follow the loop. */
  private static final long MOST_FOR_SUMS = 4;

  /** @param input the number of the forward loop's input that receives it */
  record Carried(int input, Node before, Node after) {}

  /** Call it while a region is traced. */
  static BackwardBody of(Op.Loop op, List<@Nullable Tensor> arrived, long begin) {
    Node number = Ops.parameter(0, TensorType.scalar(DType.I64));
    Tensor at = Tensor.full(number.type(), op.length() - 1).sub(Tensor.of(number));
    List<@Nullable Node> given = new ArrayList<>(Collections.nCopies(op.body().parameters().size(), null));
    given.set(0, at.node());

    // A carry has a cotangent if one has arrived, or if it goes into a carry that has one. Zeros for the others would not be the same:
    // zero times an infinite slope is NaN.
    List<@Nullable TensorType> seeds = new ArrayList<>();
    for (int i = 0; i < arrived.size(); i++) {
      seeds.add(arrived.get(i) == null ? null : op.body().resultTypes().get(i));
    }
    Pullback pullback = Pullback.of(op.body(), given, seeds);
    while (alsoReached(op, pullback, seeds)) {
      pullback = Pullback.of(op.body(), given, seeds);
    }
    return new Making(op, pullback).made(number, begin);
  }

  /** Adds the carries that the pullback reaches to those with a cotangent, and tells whether there are new ones. */
  private static boolean alsoReached(Op.Loop op, Pullback pullback, List<@Nullable TensorType> seeds) {
    boolean grown = false;
    for (int i = 0; i < op.carries(); i++) {
      if (seeds.get(i) == null && pullback.reaches(i + 1)) {
        seeds.set(i, pullback.operands().get(i + 1).type());
        grown = true;
      }
    }
    return grown;
  }

  List<Node> results() {
    return Stream.concat(carried.stream().map(Carried::after), outputs.stream()).toList();
  }

  /** (number, carried, sliced, invariants) to (carried, outputs). */
  Region.Traced traced() {
    List<Node> parameters = new ArrayList<>(List.of(number));
    carried.forEach(c -> parameters.add(c.before));
    parameters.addAll(sliced);
    parameters.addAll(invariants);
    return new Region.Traced(parameters, results(), List.of(), begin);
  }

  /** Collects it from a pullback, in which the forward loop's input i is operand i + 1. */
  private static final class Making {

    private final Op.Loop op;
    private final Pullback pullback;
    private final List<Carried> carried = new ArrayList<>();
    private final List<Node> sliced = new ArrayList<>();
    private final List<Node> outputs = new ArrayList<>();
    private final Map<Integer, Node> ofSlices = new LinkedHashMap<>();
    private final Map<Integer, SumOfRepetitions> sums = new LinkedHashMap<>();

    Making(Op.Loop op, Pullback pullback) {
      this.op = op;
      this.pullback = pullback;
    }

    BackwardBody made(Node number, long begin) {
      int slicesEnd = op.carries() + op.sliced();
      List<Node> operands = pullback.operands();
      List<@Nullable Node> seeds = pullback.seeds();
      int[] wanted = IntStream.range(0, operands.size() - 1)
          .filter(i -> i < op.carries() ? seeds.get(i) != null : pullback.reaches(i + 1)).toArray();
      Map<Integer, Node> known = knownResults();
      Iterator<Node> found = withKnown(IntStream.of(wanted).mapToObj(i -> pullback.orZeros(i + 1).node()).toList(), known).iterator();

      sliced.addAll(operands.subList(1, 1 + slicesEnd));
      sliced.addAll(known.values());
      seeds.subList(op.carries(), seeds.size()).stream().filter(Objects::nonNull).forEach(sliced::add);
      Map<Integer, Node> ofInvariants = new LinkedHashMap<>();
      for (int input : wanted) {
        Node cotangent = found.next();
        if (input < op.carries()) {
          carried.add(new Carried(input, Objects.requireNonNull(seeds.get(input)), cotangent));
        } else if (input < slicesEnd) {
          ofSlices.put(input, cotangent);
          addOutput(cotangent);
        } else {
          ofInvariants.put(input, cotangent);
        }
      }
      for (boolean products : new boolean[] {true, false}) { // these first: what they keep is there for mere sums
        ofInvariants.forEach((input, cotangent) -> received(input, cotangent, products));
      }
      return new BackwardBody(number, carried, sliced, List.copyOf(known.keySet()), operands.subList(1 + slicesEnd, operands.size()),
          outputs, ofSlices, sums, begin);
    }

    private void addOutput(Node node) {
      if (!outputs.contains(node)) {
        outputs.add(node);
      }
    }

    /** Stand-ins for the outputs of the forward loop that are computed in it, by the numbers of the results. */
    private Map<Integer, Node> knownResults() {
      Map<Integer, Node> known = new LinkedHashMap<>();
      Set<Node> seen = new HashSet<>();
      List<Node> results = pullback.results();
      for (int i = op.carries(); i < results.size(); i++) {
        Node result = results.get(i);
        if (!result.isLeaf() && result.value().isEmpty() && seen.add(result)) {
          known.put(i, Ops.parameter(i, result.type()));
        }
      }
      return known;
    }

    /** The nodes computed from known results, of which those are left that are read. */
    private List<Node> withKnown(List<Node> nodes, Map<Integer, Node> known) {
      Map<Node, Node> standIns = new LinkedHashMap<>();
      known.forEach((number, standIn) -> standIns.put(pullback.results().get(number), standIn));
      List<Node> replaced = Graphs.replaced(nodes, standIns, Node::origin);
      Set<Node> read = new HashSet<>(Graphs.topological(replaced));
      known.values().removeIf(standIn -> !read.contains(standIn));
      return replaced;
    }

    private void received(int input, Node cotangent, boolean products) {
      Optional<SumOfRepetitions> sum = SumOfRepetitions.of(cotangent);
      if (sum.map(SumOfRepetitions::hasProducts).orElse(false) != products) {
        return;
      }
      List<Node> kept = sum.stream().flatMap(s -> s.factors().stream()).filter(f -> !sliced.contains(f) && !outputs.contains(f)).toList();
      if (sum.isPresent() && (products ? mayKeep(kept) : kept.isEmpty())) {
        sums.put(input, sum.get());
        outputs.addAll(kept);
      } else {
        Node before = Ops.parameter(input, cotangent.type());
        carried.add(new Carried(input, before, Tensor.of(before).add(Tensor.of(cotangent)).node()));
      }
    }

    private boolean mayKeep(List<Node> factors) {
      return bytes(factors) <= MOST_FOR_SUMS * bytes(sliced);
    }

    private static long bytes(List<Node> nodes) {
      return nodes.stream().mapToLong(node -> node.type().bytes()).sum();
    }
  }
}
