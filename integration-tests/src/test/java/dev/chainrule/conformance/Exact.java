package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Tensor;
import java.util.List;

/** Expected values, all from the reference interpreter. */
final class Exact {

  private Exact() {}

  static List<HostArray> evaluate(List<Tensor> tensors) {
    return Interpreter.evaluate(tensors.stream().map(Tensor::node).toList(), Engine::read);
  }

  /** The inputs as tensors, floating ones as f64. */
  static List<Tensor> inF64(List<HostArray> inputs) {
    return inputs.stream().map(x -> Tensor.of(widened(x))).toList();
  }

  static HostArray widened(HostArray x) {
    TensorType type = x.type();
    return type.dtype().isFloating() ? HostArray.ofDoubles(type.withDType(DType.F64), x.toDoubleArray()) : x;
  }

  static List<HostArray> results(Case c) {
    List<Tensor> inputs = c.oracle() == Case.Oracle.IN_F64 ? inF64(c.inputs()) : c.inputs().stream().map(Tensor::of).toList();
    return evaluate(c.graph().apply(inputs));
  }
}
