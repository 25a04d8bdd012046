package dev.chainrule.kernels;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The composites {@code attention} and {@code attentionGradient}, in tiles that write no scores out; see {@link AttentionText}. */
final class AttentionCalls {

  private static final String GRADIENT = "attentionGradient";

  /** Queries or keys whose numbers, those of a last tile with them, are an {@code int}. */
  private static final long MOST_ROWS = Integer.MAX_VALUE - AttentionText.TILE;

  /** Numbers that are kept for each query: of the largest score, the sum of exponentials, that of weighted cotangents. */
  private static final long KEPT = 3;

  private AttentionCalls() {}

  private static boolean isGradient(Op.Composite op) {
    return op.name().equals(GRADIENT);
  }

  /** Empty: the composite's body is to be used, in f64, of wide or of no components, of too many rows, and for gradients of what heads share. */
  static Optional<NativeKernel> support(Op.Composite op, List<TensorType> in) {
    boolean named = isGradient(op) || op.name().equals("attention");
    return named && fits(in.subList(0, isGradient(op) ? 4 : 3), isGradient(op))
        ? Optional.of(new NativeKernel(true, false, isGradient(op) ? keptBytes(in) : 0)) : Optional.empty();
  }

  private static boolean fits(List<TensorType> in, boolean alike) {
    Shape batch = batch(in.getFirst().shape());
    DType dtype = in.getFirst().dtype();
    return (dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16)
        && in.stream().allMatch(type -> type.elements() > 0 && type.shape().dim(-1) <= AttentionText.MOST_COMPONENTS
            && type.shape().dim(-2) <= MOST_ROWS && (!alike || batch(type.shape()).equals(batch)));
  }

  private static Shape batch(Shape shape) {
    return shape.slice(0, shape.rank() - 2);
  }

  private static long keptBytes(List<TensorType> in) {
    Shape q = in.getFirst().shape();
    return KEPT * q.slice(0, q.rank() - 1).elements() * Float.BYTES;
  }

  static void launch(Op.Composite op, Instruction.Call call, Launches to) {
    List<Operand> in = call.inputs();
    Operand q = in.get(0);
    Operand k = in.get(1);
    Operand v = in.get(2);
    int operands = isGradient(op) ? 4 : 3;
    Optional<Operand> mask = in.stream().skip(operands).findFirst();
    Operand cotangents = isGradient(op) ? in.get(3) : q;
    // Without cotangents the result is what has all heads.
    Shape batch = batch(isGradient(op) ? q.shape() : call.outputs().getFirst().shape());
    long[] numbers = numbers(op, batch, List.of(q, k, v, mask.orElse(q), cotangents), mask.isPresent());
    List<Place> places = new ArrayList<>(to.places(List.of(q, k, v, mask.orElse(q))));
    if (!isGradient(op)) {
      places.add(to.start(call.outputs().getFirst()));
      launch(AttentionText.Part.FORWARD, q, v, batch, places, numbers, to);
      return;
    }
    places.add(to.start(cotangents));
    places.add(to.start(call.workspace().getFirst()));
    List<Place> ofQueries = new ArrayList<>(places);
    ofQueries.add(to.start(call.outputs().get(0)));
    launch(AttentionText.Part.QUERIES, q, v, batch, ofQueries, numbers, to);
    places.add(to.start(call.outputs().get(1)));
    places.add(to.start(call.outputs().get(2)));
    launch(AttentionText.Part.KEYS, q, v, batch, places, numbers, to);
  }

  private static void launch(AttentionText.Part part, Operand q, Operand v, Shape batch, List<Place> places, long[] numbers, Launches to) {
    AttentionText text = AttentionText.of(part, q, v, to.target().tensorCores());
    long rows = (part == AttentionText.Part.KEYS ? v : q).shape().dim(-2);
    to.groups(Math.min(batch.elements() * Math.ceilDiv(rows, text.rows()), GeneratedSource.MOST_GROUPS), text.source(), places, numbers);
  }

  /** What {@code attention_heads.cl} calls {@code g[1..]}. */
  private static long[] numbers(Op.Composite op, Shape batch, List<Operand> operands, boolean masked) {
    Operand q = operands.get(0);
    Operand v = operands.get(2);
    var scale = (Double) Objects.requireNonNull(op.attributes().get("scale"));
    var causal = (Boolean) Objects.requireNonNull(op.attributes().get("causal"));
    List<Long> numbers = new ArrayList<>(List.of(batch.elements(), q.shape().dim(-2), v.shape().dim(-2), q.shape().dim(-1),
        v.shape().dim(-1), Integer.toUnsignedLong(Float.floatToIntBits(scale.floatValue())), causal ? 1L : 0L, masked ? 1L : 0L));
    for (Operand operand : operands) {
      numbers.add(stride(operand.layout(), 2));
      numbers.add(stride(operand.layout(), 1));
    }
    numbers.add((long) batch.rank());
    for (int axis = 0; axis < batch.rank(); axis++) {
      numbers.add(batch.dim(axis));
      for (Operand operand : operands) {
        numbers.add(stride(operand.layout(), batch.rank() - axis + 2));
      }
    }
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }

  /** Along an axis counted from the end, 1 for the last: 0 where the operand has one element for all, or no such axis. */
  private static long stride(Layout layout, int fromEnd) {
    int axis = layout.shape().rank() - fromEnd;
    return axis < 0 || layout.shape().dim(axis) == 1 ? 0 : layout.stride(axis);
  }
}
