package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The tensors of a graph in the making, and the choice of what the next operation is applied to. */
final class Pool {

  /** More than the blocks of all kernels, and than what is worth a second thread. */
  private static final int MOST_ELEMENTS = 80_000;

  private static final int MOST_ELEMENTS_OF_A_SMALL_ONE = 2_000;

  /** Around the widths of vectors and blocks; simplest first. */
  private static final List<Integer> SIZES = List.of(1, 2, 3, 0, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 65);

  /** Ways to choose a shape: the last one is to take a large one. */
  private static final int FORMS = 30;

  private static final List<Shape> LARGE = List.of(Shape.of(1025), Shape.of(2, 1023), Shape.of(4099), Shape.of(40, 120), Shape.of(129, 33),
      Shape.of(7, 3, 1031), Shape.of(5_000, 3), Shape.of(3, 9_001), Shape.of(Samples.LARGE), Shape.of(300, 257));

  private final Choices choices;
  private final boolean mayFault;
  private final int depth;
  private final List<Tensor> tensors = new ArrayList<>();

  /**
   * @param mayFault whether indices may lie outside their axis and divisors be 0
   */
  Pool(Choices choices, boolean mayFault) {
    this(choices, mayFault, 0);
  }

  private Pool(Choices choices, boolean mayFault, int depth) {
    this.choices = choices;
    this.mayFault = mayFault;
    this.depth = depth;
  }

  /** An empty pool for a body. */
  Pool inner() {
    return new Pool(choices, mayFault, depth + 1);
  }

  boolean mayFault() {
    return mayFault;
  }

  /** How many bodies are around. */
  int depth() {
    return depth;
  }

  Choices choices() {
    return choices;
  }

  List<Tensor> tensors() {
    return List.copyOf(tensors);
  }

  /** Leaves a tensor to the operations that follow; one that is too large is dropped. */
  void add(Tensor tensor) {
    if (tensor.shape().elements() <= MOST_ELEMENTS) {
      tensors.add(tensor);
    }
  }

  /** Whether this time an index or divisor is taken as it comes. */
  boolean careless() {
    return mayFault && choices.oneIn(2);
  }

  // --- operands ----------------------------------------------------------------------------------------------------------------------

  /** A tensor of one of the types and of some rank: the latest one, another one, or a new one. */
  Tensor operand(List<DType> dtypes, int leastRank) {
    return operand(x -> dtypes.contains(x.dtype()) && x.rank() >= leastRank)
        .orElseGet(() -> source(new TensorType(choices.of(dtypes), shape(leastRank))));
  }

  /** Empty when there is none, and sometimes when there is. */
  Optional<Tensor> operand(Predicate<Tensor> fits) {
    List<Tensor> fitting = tensors.reversed().stream().filter(fits).toList();
    if (fitting.isEmpty()) {
      return Optional.empty();
    }
    int chosen = choices.oneIn(2) ? choices.below(fitting.size() + 1) : 0;
    return chosen == fitting.size() ? Optional.empty() : Optional.of(fitting.get(chosen));
  }

  /** A tensor of this type: one that is there, moved or converted, a number, or a new one. */
  Tensor typed(TensorType type) {
    return switch (choices.below(6)) {
      case 0 -> tensors.reversed().stream().filter(x -> x.type().equals(type)).findFirst().orElseGet(() -> source(type));
      case 1 -> operand(x -> x.type().equals(type)).orElseGet(() -> source(type));
      case 2 -> Tensor.scalar(type.dtype(), RandomData.number(type.dtype(), choices)).broadcastTo(type.shape());
      case 3 -> source(type.withShape(narrowed(type.shape()))).broadcastTo(type.shape());
      case 4 -> operand(x -> x.shape().elements() == type.elements())
          .map(x -> x.reshape(type.shape())).map(x -> x.dtype() == type.dtype() ? x : x.cast(type.dtype())).orElseGet(() -> source(type));
      default -> source(type);
    };
  }

  /** The shape with some sizes 1 and some of the first axes missing. */
  private Shape narrowed(Shape shape) {
    Shape narrowed = shape.slice(choices.below(shape.rank() + 1), shape.rank());
    for (int axis = 0; axis < narrowed.rank(); axis++) {
      if (choices.oneIn(2)) {
        narrowed = narrowed.with(axis, 1);
      }
    }
    return narrowed;
  }

  /** Indices in [0, count), or careless ones. */
  Tensor indices(int count) {
    DType dtype = choices.of(List.of(DType.I32, DType.I64));
    Optional<Tensor> computed = choices.oneIn(3)
        ? operand(x -> x.dtype() == dtype && x.shape().elements() <= MOST_ELEMENTS_OF_A_SMALL_ONE) : Optional.empty();
    if (computed.isPresent() && (count > 0 || computed.get().shape().elements() == 0)) {
      return careless() ? computed.get() : computed.get().maximum(0).minimum(Math.max(count, 1) - 1);
    }
    Shape shape = count == 0 && !careless() ? Shape.of(0) : shape(0);
    HostArray data = Samples.indices(dtype, Math.max(count, 1), choices.below(1000), shape.dims());
    return keep(Tensor.of(careless() ? spread(data) : data));
  }

  /** Indices of which some lie outside. */
  private static HostArray spread(HostArray indices) {
    return HostArray.ofLongs(indices.type(), Arrays.stream(indices.toLongArray()).map(i -> 2 * i - 1).toArray());
  }

  // --- what is new -------------------------------------------------------------------------------------------------------------------

  private Tensor keep(Tensor tensor) {
    add(tensor);
    return tensor;
  }

  /** Data, a literal, a variable, a number, indices. */
  Tensor source(TensorType type) {
    return keep(switch (choices.below(8)) {
      case 4 -> Tensor.constant(RandomData.of(type, choices));
      case 5 -> Variable.of("v", RandomData.of(type, choices), false).value();
      case 6 -> type.rank() == 0 ? Tensor.scalar(type.dtype(), RandomData.number(type.dtype(), choices)) : data(type);
      case 7 -> type.rank() > 0 && type.dtype() != DType.BOOL
          ? PointwiseCases.apply(new Op.Iota(type, choices.below(type.rank()))) : data(type);
      default -> data(type);
    });
  }

  private Tensor data(TensorType type) {
    return Tensor.of(RandomData.of(type, choices));
  }

  int size() {
    return choices.of(SIZES);
  }

  int axis(Tensor x) {
    return choices.below(x.rank());
  }

  private static Shape ones(int rank) {
    long[] dims = new long[rank];
    Arrays.fill(dims, 1);
    return Shape.of(dims);
  }

  /** Rank 0 to 4, small as a rule. */
  Shape shape(int leastRank) {
    int form = choices.below(FORMS);
    if (form == FORMS - 1) {
      Shape large = choices.of(LARGE);
      return large.rank() < leastRank ? ones(leastRank - large.rank()).concat(large) : large;
    }
    long[] dims = new long[leastRank + form % Math.max(2, 4 - leastRank)];
    long elements = 1;
    for (int i = 0; i < dims.length; i++) {
      int size = size();
      dims[i] = elements * size <= MOST_ELEMENTS_OF_A_SMALL_ONE ? size : 1;
      elements *= Math.max(dims[i], 1);
    }
    return Shape.of(dims);
  }
}
