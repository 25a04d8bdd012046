package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Repetition inside the graph: the body is traced once, however long the loop is, where a Java {@code for} would write it out each time.
 * The body may read tensors, variables and numbers from around it; it must not read values on the host nor assign variables.
 *
 * <pre>{@code
 * Loop.Results rnn = Loop.scan(steps, List.of(state), List.of(inputs), (i, carries, slices) -> {
 *   Tensor next = slices.getFirst().matmul(w).add(carries.getFirst().matmul(u)).tanh();
 *   return new Loop.Results(List.of(next), List.of(next));
 * });
 * }</pre>
 */
public final class Loop {

  /** Far apart modulo 2^32, however often a loop of unknown length repeats: 2^32 divided by the golden ratio. */
  private static final long SPREAD = 0x9E3779B1L;

  /** Bytes that all repetitions compute, of which the gradient needs perhaps a third: up to so many any loop may keep. */
  private static final long LITTLE = 16L << 20;

  /** As many as a loop of few repetitions may keep, which would save little memory by computing them again. */
  private static final long MUCH = 256L << 20;

  private static final long FEW_REPETITIONS = 256;

  private Loop() {}

  /**
   * What a repetition gives, and what the whole loop gives.
   *
   * @param carries go into the next repetition; of the loop those of the last
   * @param outputs one of each repetition; of the loop all of them, stacked along a new first axis
   */
  public record Results(List<Tensor> carries, List<Tensor> outputs) {
    /** Copies the lists. */
    public Results {
      carries = List.copyOf(carries);
      outputs = List.copyOf(outputs);
    }
  }

  /** One repetition. */
  @FunctionalInterface
  public interface Turn {

    /**
     * Composes a repetition; called once, while the loop is traced.
     *
     * @param number which repetition it is, from 0: an i64 scalar, to be cast before it meets other types
     * @param carries the results of the repetition before
     * @param slices of each sliced tensor the part at {@code number} along its first axis, which is gone
     */
    Results apply(Tensor number, List<Tensor> carries, List<Tensor> slices);
  }

  /**
   * Repeats {@code turn} a fixed number of times. Differentiable, again and again. Where all that the repetitions compute is not much,
   * what the gradient needs of it is kept. Of a loop that is longer only about twice the square root of the length of the carries are
   * kept: it is cut into chunks, and the backward pass repeats each chunk from its start (Chen et al., "Training deep nets with sublinear
   * memory cost", 2016). Of either kind graph and gradient have the same size for any length.
   *
   * @param length how often; 0 gives the carries as they are and empty outputs
   * @param carries what the first repetition is given; each keeps its type
   * @param slices tensors whose first axis has the given length
   */
  public static Results scan(long length, List<Tensor> carries, List<Tensor> slices, Turn turn) {
    requireSlices(length, slices);
    Scan scan = Scan.traced(length, carries, slices, turn);
    return scan.mayKeepAll(length) ? scan.keeping(length, carries, slices) : inChunks(scan, length, carries, slices);
  }

  /** The same, but however little it computes, the gradient keeps as little as for a long loop, and takes as much time. */
  public static Results scanInChunks(long length, List<Tensor> carries, List<Tensor> slices, Turn turn) {
    requireSlices(length, slices);
    return inChunks(Scan.traced(length, carries, slices, turn), length, carries, slices);
  }

  private static Results inChunks(Scan scan, long length, List<Tensor> carries, List<Tensor> slices) {
    if (carries.isEmpty()) {
      return scan.plain(0, length, carries, slices);
    }
    long chunk = chunk(length);
    long chunked = length / chunk * chunk;
    Results first = scan.inChunks(chunk, length / chunk, carries, slices.stream().map(s -> s.slice(0, 0, chunked)).toList());
    if (chunked == length) {
      return first;
    }
    Results rest = scan.plain(chunked, length, first.carries, slices.stream().map(s -> s.slice(0, chunked, length)).toList());
    return new Results(rest.carries, IntStream.range(0, rest.outputs.size())
        .mapToObj(i -> Tensor.concat(0, first.outputs.get(i), rest.outputs.get(i))).toList());
  }

  /**
   * Repeats {@code turn} while {@code condition} holds. How often depends on the data, so there is no gradient: asking for one is an
   * error. A loop that never ends never returns; one that has faulted ends at once.
   *
   * @param carries what the first repetition is given, at least one; each keeps its type
   * @param condition from the carries to a bool scalar, asked before each repetition
   * @param turn from the carries to those of the next repetition
   * @return the carries for which the condition does not hold
   */
  public static List<Tensor> whileTrue(
      List<Tensor> carries, Function<List<Tensor>, Tensor> condition, UnaryOperator<List<Tensor>> turn) {
        Objects.requireNonNull(condition, "condition");
        Objects.requireNonNull(turn, "turn");
    if (carries.isEmpty()) {
      throw new InvalidArgumentException("while", "no carries: the condition would never change", "Carry what it looks at.");
    }
    List<TensorType> types = new ArrayList<>(carries.stream().map(Tensor::type).toList());
    types.add(TensorType.scalar(DType.I64)); // the number of the repetition, so that each has random bits of its own
    Region.Traced asked = Region.trace(types, Region.Assignments.REFUSED, in -> {
      Region.repeats(in.getLast(), SPREAD);
      return List.of(condition.apply(in.subList(0, carries.size())));
    });
    Region.Traced repeated = Region.trace(types, Region.Assignments.REFUSED, in -> {
      Region.repeats(in.getLast(), SPREAD);
      List<Tensor> next = new ArrayList<>(turn.apply(in.subList(0, carries.size())));
      requireCarries(carries, next);
      next.add(in.getLast().add(Tensor.full(in.getLast().type(), 1)));
      return next;
    });
    List<Node> captured = Region.Traced.captured(asked, repeated);
    List<Node> in = new ArrayList<>(carries.stream().map(Tensor::node).toList());
    in.add(Tensor.full(TensorType.scalar(DType.I64), 0).node());
    in.addAll(captured);
    var op = new Op.While(types.size(), asked.body(captured), repeated.body(captured));
    return Tensor.resultsOf(Ops.node(op, in.toArray(Node[]::new))).subList(0, carries.size());
  }

  private static void requireSlices(long length, List<Tensor> slices) {
    if (length < 0) {
      throw new InvalidArgumentException("loop", "length " + length + ", expected 0 or more", "");
    }
    for (Tensor slice : slices) {
      if (slice.rank() == 0 || slice.dim(0) != length) {
        throw new ShapeMismatchException("loop", "a sliced tensor is " + slice.type() + ", expected a first axis of " + length,
            "permute() brings time to the front.");
      }
    }
  }

  /** A length near the root, if possible one that leaves no rest. */
  private static long chunk(long length) {
    long root = Math.max(1, Math.round(Math.sqrt(length)));
    for (long away = 0; away <= root / 2; away++) {
      for (long candidate : new long[] {root - away, root + away}) {
        if (candidate > 0 && length % candidate == 0) {
          return candidate;
        }
      }
    }
    return root;
  }

  private static void requireCarries(List<Tensor> before, List<Tensor> after) {
    List<TensorType> types = before.stream().map(Tensor::type).toList();
    List<TensorType> found = after.stream().map(Tensor::type).toList();
    if (!found.equals(types)) {
      throw new ShapeMismatchException("loop", "carries are " + types + ", the body gives " + found, "Each keeps its type.");
    }
  }

  /** A traced body: (number counted from first, carries, slices, first, outer tensors) to (carries, outputs). */
  private record Scan(Body body, int carries, List<Tensor> outer) {

    private static final TensorType NUMBER = TensorType.scalar(DType.I64);

    static Scan traced(long length, List<Tensor> carries, List<Tensor> slices, Turn turn) {
      List<TensorType> types = types(carries, slices);
      types.add(NUMBER);
      Region.Traced region = Region.trace(types, Region.Assignments.REFUSED, in -> {
        Tensor number = in.getLast().add(in.getFirst());
        Region.repeats(number, length);
        Results results = turn.apply(number, in.subList(1, 1 + carries.size()), in.subList(1 + carries.size(), in.size() - 1));
        requireCarries(carries, results.carries);
        if (carries.isEmpty() && results.outputs.isEmpty()) {
          throw new InvalidArgumentException("loop", "no carries and no outputs: there is nothing to compute", "Give one of them.");
        }
        return joined(results.carries, results.outputs);
      });
      List<Node> captured = Region.Traced.captured(region);
      return new Scan(region.body(captured), carries.size(), captured.stream().map(Tensor::of).toList());
    }

    private static List<TensorType> types(List<Tensor> carries, List<Tensor> slices) {
      List<TensorType> types = new ArrayList<>(List.of(NUMBER));
      carries.forEach(c -> types.add(c.type()));
      slices.forEach(s -> types.add(s.type().withShape(s.shape().slice(1, s.rank()))));
      return types;
    }

    /** Whether the gradient need not compute any repetition again: shapes alone decide. */
    boolean mayKeepAll(long length) {
      long most = length <= FEW_REPETITIONS ? MUCH : LITTLE;
      long bytes = computed().stream().mapToLong(node -> node.type().bytes()).sum();
      return bytes == 0 || length <= most / bytes;
    }

    /** What differs from one repetition to the next and is not there anyway; what an operation with several results computes is not. */
    private List<Node> computed() {
      Set<Node> differing = new HashSet<>(body.parameters().subList(1, body.parameters().size() - 1 - outer.size()));
      List<Node> computed = new ArrayList<>();
      for (Node node : Graphs.topological(body.results())) {
        if (node.inputs().stream().anyMatch(differing::contains)) {
          differing.add(node);
          switch (node.op()) {
            case Op.Movement _, Op.Barrier _, Op.Copy _ -> { }
            default -> {
              if (node.types().size() == 1) {
                computed.add(node);
              }
            }
          }
        }
      }
      return computed;
    }

    /** All repetitions in one loop, with what each computes among the results: the gradient reads what it needs. */
    Results keeping(long length, List<Tensor> initial, List<Tensor> slices) {
      return loop(body, computed(), length, initial, slices, joined(List.of(Tensor.full(NUMBER, 0)), outer));
    }

    /** Repetitions [from, to) in one loop. */
    Results plain(long from, long to, List<Tensor> initial, List<Tensor> slices) {
      return loop(body, List.of(), to - from, initial, slices, joined(List.of(Tensor.full(NUMBER, from)), outer));
    }

    /** A loop over chunks with a loop over the repetitions of a chunk in it. */
    Results inChunks(long chunk, long chunks, List<Tensor> initial, List<Tensor> slices) {
      List<Tensor> cut = slices.stream()
          .map(s -> s.reshape(Shape.of(chunks, chunk).concat(s.shape().slice(1, s.rank())))).toList();
      List<TensorType> types = types(initial, cut);
      outer.forEach(t -> types.add(t.type()));
      Body oneChunk = Scope.current().tracingBody(() -> {
        List<Tensor> in = IntStream.range(0, types.size()).mapToObj(i -> Tensor.of(Ops.parameter(i, types.get(i)))).toList();
        int outerFrom = types.size() - outer.size();
        Tensor first = in.getFirst().mul(Tensor.full(NUMBER, chunk));
        Results results = loop(body, List.of(), chunk, in.subList(1, 1 + carries), in.subList(1 + carries, outerFrom),
            joined(List.of(first), in.subList(outerFrom, in.size())));
        return new Body(nodes(in), nodes(joined(results.carries, results.outputs)));
      });
      Results all = loop(oneChunk, List.of(), chunks, initial, cut, outer);
      return new Results(all.carries, all.outputs.stream()
          .map(o -> o.reshape(Shape.of(chunks * chunk).concat(o.shape().slice(2, o.rank())))).toList());
    }

    /**
     * Each repetition's carries are results too: the gradient starts from them, and where there is none nobody reads them.
     *
     * @param offered what else each repetition computes that the gradient may want
     */
    private Results loop(
        Body repeated, List<Node> offered, long length, List<Tensor> initial, List<Tensor> slices, List<Tensor> invariants) {
      List<Node> results = new ArrayList<>(repeated.results());
      results.addAll(repeated.parameters().subList(1, 1 + carries));
      results.addAll(offered);
      var op = new Op.Loop(length, carries, slices.size(), new Body(repeated.parameters(), results));
      Node[] in = joined(joined(initial, slices), invariants).stream().map(Tensor::node).toArray(Node[]::new);
      List<Tensor> wanted = Tensor.made(Ops.results(Ops.node(op, in)).subList(0, repeated.results().size()));
      return new Results(wanted.subList(0, carries), wanted.subList(carries, wanted.size()));
    }

    private static List<Tensor> joined(List<Tensor> a, List<Tensor> b) {
      return Stream.concat(a.stream(), b.stream()).toList();
    }

    private static List<Node> nodes(List<Tensor> tensors) {
      return tensors.stream().map(Tensor::node).toList();
    }
  }
}
