package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Cond;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Grows random graphs by loops and choices, whose bodies are grown in the same way and read what is around them. There are none where
 * something may fault: a loop computes what its last repetition hands on to nobody, and written out it does not.
 */
final class ControlGrowth {

  private static final int MOST_REPETITIONS = 9;
  private static final int MOST_STEPS = 5;
  private static final int DEEPEST = 2;

  private ControlGrowth() {}

  static void scan(Pool pool) {
    if (pool.mayFault() || pool.depth() == DEEPEST) {
      return;
    }
    int length = pool.choices().below(MOST_REPETITIONS + 1);
    List<Tensor> carries = new ArrayList<>();
    for (int count = pool.choices().below(3); carries.size() < count;) {
      carries.add(pool.operand(List.of(Samples.ALL), 0));
    }
    List<Tensor> slices = new ArrayList<>();
    for (int count = pool.choices().below(3); slices.size() < count;) {
      TensorType each = pool.operand(List.of(Samples.ALL), 0).type();
      slices.add(pool.typed(each.withShape(each.elements() > 2_000 ? Shape.of(length) : Shape.of(length).concat(each.shape()))));
    }
    Loop.Results results = Loop.scan(length, carries, slices, (number, carried, parts) -> {
      Pool inner = pool.inner();
      inner.add(number);
      parts.forEach(inner::add);
      carried.forEach(inner::add);
      RandomGraph.grow(inner, MOST_STEPS);
      List<Tensor> next = carries.stream().map(carry -> inner.typed(carry.type())).toList();
      List<Tensor> outputs = inner.tensors().reversed().stream().filter(t -> t.shape().elements() <= 2_000).limit(2).toList();
      return new Loop.Results(next, outputs);
    });
    results.carries().forEach(pool::add);
    results.outputs().forEach(pool::add);
  }

  static void branch(Pool pool) {
    if (pool.mayFault() || pool.depth() == DEEPEST) {
      return;
    }
    Tensor predicate = pool.typed(TensorType.scalar(DType.BOOL));
    TensorType type = pool.operand(List.of(Samples.ALL), 0).type();
    Cond.of(predicate, () -> List.of(branch(pool, type)), () -> List.of(branch(pool, type))).forEach(pool::add);
  }

  private static Tensor branch(Pool pool, TensorType type) {
    Pool inner = pool.inner();
    pool.tensors().reversed().stream().limit(3).forEach(inner::add);
    RandomGraph.grow(inner, MOST_STEPS);
    return inner.typed(type);
  }
}
