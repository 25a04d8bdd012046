package dev.chainrule.autograd;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A sum over all repetitions of a loop of products, or of sums along axes, that is worked out when the loop is done: one product whose
 * inner axis is as much longer, one sum. It needs the factors of all repetitions, where adding up needs only what has been added so far;
 * but a product of few rows, and a pass over the sum, at each repetition take far longer.
 */
final class SumOfRepetitions {

  private final List<Term> terms;

  private SumOfRepetitions(List<Term> terms) {
    this.terms = terms;
  }

  /**
   * @param core a product or a reduction
   * @param movements what is done with its result, the last first
   */
  private record Term(Node core, List<Node> movements) {}

  /** Empty if the node is something else. */
  static Optional<SumOfRepetitions> of(Node node) {
    List<Term> terms = new ArrayList<>();
    var summands = new ArrayDeque<>(List.of(node));
    while (!summands.isEmpty()) {
      Node summand = summands.pop();
      if (summand.op() instanceof Op.Add && !summand.isLeaf()) {
        summands.addAll(summand.inputs());
        continue;
      }
      List<Node> movements = new ArrayList<>();
      Node core = summand;
      while (!core.isLeaf() && (core.op() instanceof Op.Permute || core.op() instanceof Op.Reshape)) {
        movements.add(core);
        core = core.input(0);
      }
      if (core.isLeaf() || !isSum(core.op())) {
        return Optional.empty();
      }
      terms.add(new Term(core, movements));
    }
    return Optional.of(new SumOfRepetitions(terms));
  }

  private static boolean isSum(Op op) {
    return op instanceof Op.Dot || op instanceof Op.Reduce(var fold, var _) && fold == Op.Fold.SUM;
  }

  /** Whether adding up would be much work. */
  boolean hasProducts() {
    return terms.stream().anyMatch(term -> term.core.op() instanceof Op.Dot);
  }

  /** What has to be known of all repetitions. */
  List<Node> factors() {
    return terms.stream().flatMap(term -> term.core.inputs().stream()).map(SumOfRepetitions::unmoved).distinct().toList();
  }

  /** A transposed factor is kept as it was, unless it has been evaluated, which has released that. */
  private static Node unmoved(Node factor) {
    return factor.op() instanceof Op.Permute && !factor.isLeaf() ? factor.input(0) : factor;
  }

  /** @param stacked gives for a factor those of all repetitions, along a new first axis */
  Tensor over(Function<Node, Tensor> stacked) {
    return terms.stream().map(term -> over(term, stacked)).reduce(Tensor::add).orElseThrow();
  }

  private static Tensor over(Term term, Function<Node, Tensor> stacked) {
    List<Tensor> factors = term.core.inputs().stream().map(factor -> moved(factor, stacked.apply(unmoved(factor)))).toList();
    Tensor sum = switch (term.core.op()) {
      case Op.Reduce(var fold, var axes) -> Tensor.of(Ops.node(new Op.Reduce(fold, timesAnd(axes)), factors.getFirst().node()));
      default -> product(term.core.op(), factors.get(0), factors.get(1));
    };
    for (Node movement : term.movements.reversed()) {
      sum = Tensor.of(Ops.node(movement.op(), sum.node()));
    }
    return sum;
  }

  private static Tensor moved(Node factor, Tensor whole) {
    return factor.op() instanceof Op.Permute(Axes order) && !factor.isLeaf()
        ? Tensor.of(Ops.node(new Op.Permute(timesAnd(order)), whole.node())) : whole;
  }

  /** The first axis, then these of the others. */
  private static Axes timesAnd(Axes axes) {
    return Axes.of(IntStream.concat(IntStream.of(0), IntStream.range(0, axes.count()).map(i -> axes.get(i) + 1)).toArray());
  }

  /** Of x[times, batch..., m, k] and y[times, batch..., k, n] with the inner axis (times, k). */
  private static Tensor product(Op dot, Tensor x, Tensor y) {
    int rank = x.rank();
    int[] timesBeforeLast = Stream.of(IntStream.range(1, rank - 1), IntStream.of(0, rank - 1)).flatMapToInt(s -> s).toArray();
    int[] timesBeforeRows = Stream.of(IntStream.range(1, rank - 2), IntStream.of(0, rank - 2, rank - 1)).flatMapToInt(s -> s).toArray();
    long inner = x.dim(0) * x.dim(-1);
    Shape left = x.shape().slice(1, rank - 1).concat(Shape.of(inner));
    Shape right = y.shape().slice(1, rank - 2).concat(Shape.of(inner, y.dim(-1)));
    return Tensor.of(Ops.node(dot, x.permute(timesBeforeLast).reshape(left).node(), y.permute(timesBeforeRows).reshape(right).node()));
  }
}
