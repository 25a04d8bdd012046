package dev.chainrule.graph;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.AbstractList;
import java.util.List;
import java.util.Optional;
import java.util.RandomAccess;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One operation applied to its inputs, immutable but for one write-once field: its value. Once that is set the node is a leaf and its
 * inputs are released. Equality is identity. Only {@link Ops} makes nodes.
 */
public final class Node {

  private static final AtomicLong NEXT_ID = new AtomicLong();
  /** What a pending node stands for beside its result: its own memory and that of the small ones around it. */
  private static final long NODE_BYTES = 4096;

  private static final VarHandle CONTENT;

  static {
    try {
      CONTENT = MethodHandles.lookup().findVarHandle(Node.class, "content", Object.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final long id;
  private final Op op;
  private final TensorType type;
  private final List<TensorType> types;
  private final Origin origin;
  private final long pendingBytes;
  private final boolean readsState;

  /** Which sources lie behind the node, as far as it remembers when its inputs have been released: between two numbers, and in a sieve. */
  private final long oldestSource;
  private final long youngestSource;
  private final long sources;

  /** The inputs, an array, until evaluated, a {@link Value} from then on: one field, so that a reader never sees half. */
  private volatile Object content;

  private static final Node[] NO_INPUTS = {};

  /** The array as a list: to make one costs nothing where it does not outlive the caller. */
  private static final class Inputs extends AbstractList<Node> implements RandomAccess {

    private final Node[] nodes;

    Inputs(Node... nodes) {
      this.nodes = nodes;
    }

    @Override
    public Node get(int i) {
      return nodes[i];
    }

    @Override
    public int size() {
      return nodes.length;
    }
  }

  /** A pending node; it keeps the array. */
  Node(Op op, List<TensorType> types, Origin origin, Node... inputs) {
    this(op, types, origin, inputs.length == 0 ? NO_INPUTS : inputs, inputs);
  }

  /** A node that has its value from the start. */
  Node(Op op, Value value, Origin origin) {
    this(op, List.of(value.type()), origin, value, NO_INPUTS);
  }

  private Node(Op op, List<TensorType> types, Origin origin, Object content, Node[] inputs) {
    this.id = NEXT_ID.getAndIncrement();
    this.op = op;
    this.type = types.getFirst();
    this.types = types;
    this.origin = origin;
    this.content = content;
    boolean state = op instanceof Op.State;
    boolean source = op instanceof Op.Source && !(op instanceof Op.Scalar); // numbers would fill the sieve
    long oldest = source ? id : Long.MAX_VALUE;
    long youngest = source ? id : Long.MIN_VALUE;
    long sieve = source ? 1L << id : 0;
    long heaviest = 0;
    for (Node input : inputs) {
      state |= input.readsState;
      heaviest = Math.max(heaviest, input.pendingBytes());
      oldest = Math.min(oldest, input.oldestSource);
      youngest = Math.max(youngest, input.youngestSource);
      sieve |= input.sources;
    }
    this.oldestSource = oldest;
    this.youngestSource = youngest;
    this.sources = sieve;
    this.readsState = state;
    this.pendingBytes = op instanceof Op.Source ? 0 : added(heaviest, types);
  }

  /** Numbers grow with time: an input's is below its user's. */
  public long id() {
    return id;
  }

  /** What computes it. */
  public Op op() {
    return op;
  }

  /** The type of the only result, or of the first. */
  public TensorType type() {
    return type;
  }

  /** The types of all results. */
  public List<TensorType> types() {
    return types;
  }

  /** Where it was made. */
  public Origin origin() {
    return origin;
  }

  /** What the operation is applied to; empty for sources and for evaluated nodes. */
  public List<Node> inputs() {
    return new Inputs(inputArray());
  }

  /** An input, counted from 0; none is left once the node has its value. */
  public Node input(int i) {
    return inputArray()[i];
  }

  /** {@link #inputs} for walks, which ask little else; not to be changed. */
  Node[] inputArray() {
    return content instanceof Node[] inputs ? inputs : NO_INPUTS;
  }

  /** Its value, once it has been evaluated. */
  public Optional<Value> value() {
    Object now = content;
    return now instanceof Node[] ? Optional.empty() : Optional.of((Value) now);
  }

  /** True for an evaluated node and for a source: nothing lies behind it. */
  public boolean isLeaf() {
    return inputArray().length == 0;
  }

  /** True when the node once had inputs and they have been released. */
  public boolean isEvaluated() {
    return !(content instanceof Node[]) && !(op instanceof Op.Source);
  }

  /** Whether a variable was read to compute this node; remembered when the node has been evaluated. */
  public boolean readsState() {
    return readsState;
  }

  /** Whether the node may have been computed from {@code other}; it remembers enough to be sure of most for which the answer is no. */
  public boolean mayDependOn(Node other) {
    return id > other.id && oldestSource <= other.oldestSource && youngestSource >= other.youngestSource
        && (sources & other.sources) == other.sources;
  }

  /**
   * How much work hangs on this node: the bytes of all results on the heaviest path from a leaf to it, and a constant for each node. It
   * bounds chains, which is what grows when a program never reads a value; a sum over a graph's branches would double at each node that
   * is used twice.
   */
  public long pendingBytes() {
    return content instanceof Node[] ? pendingBytes : 0;
  }

  /** Gives the node its value and releases its inputs. The first value stays; both are results of one graph. */
  public void evaluated(Value value) {
    if (types.size() != 1 || !value.type().equals(type())) {
      throw new IllegalStateException("value of type " + value.type() + " for " + this);
    }
    Object pending = content;
    if (pending instanceof Node[]) {
      CONTENT.compareAndSet(this, pending, value);
    }
  }

  private static long added(long heaviest, List<TensorType> types) {
    long bytes = heaviest + NODE_BYTES;
    for (int i = 0; i < types.size(); i++) {
      bytes += types.get(i).bytes();
    }
    return bytes < 0 ? Long.MAX_VALUE : bytes;
  }

  /** Of the identity, but without the header's hash code, whose making costs more than that of the node. */
  @Override
  public int hashCode() {
    return Long.hashCode(id);
  }

  /** Identity. */
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  /** {@code %12 = add f32[64,10]}. */
  @Override
  public String toString() {
    return "%" + id + " = " + op.label() + " " + (types.size() == 1 ? type() : types);
  }
}
