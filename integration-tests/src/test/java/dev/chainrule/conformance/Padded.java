package dev.chainrule.conformance;

import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Convolutions of inputs that have been given their zeros, in f64: 0 times infinity is NaN there, where the definition has no term. */
final class Padded {

  private Padded() {}

  /**
   * @param op a convolution (x, w) or the gradient of its weights (cotangent, x)
   */
  static HostArray result(Op op, List<HostArray> operands) {
    List<Tensor> in = Exact.inF64(operands);
    return Exact.evaluate(List.of(switch (op) {
      case Op.Conv(Op.Geometry geometry) -> PointwiseCases.apply(new Op.Conv(unpadded(geometry)), padded(in.get(0), geometry), in.get(1));
      case Op.ConvWeightGradient(Op.Geometry geometry, var shape) ->
          PointwiseCases.apply(new Op.ConvWeightGradient(unpadded(geometry), shape), in.get(0), padded(in.get(1), geometry));
      default -> throw new IllegalArgumentException(op.label());
    })).getFirst();
  }

  private static Tensor padded(Tensor x, Op.Geometry geometry) {
    List<Op.Edge> edges = new ArrayList<>(List.of(new Op.Edge(0, 0), new Op.Edge(0, 0)));
    geometry.axes().forEach(axis -> edges.add(new Op.Edge(axis.low(), axis.high())));
    return x.pad(edges, Tensor.of(Ops.scalar(x.dtype(), 0)));
  }

  private static Op.Geometry unpadded(Op.Geometry geometry) {
    return new Op.Geometry(geometry.axes().stream().map(axis -> new Op.Spatial(axis.stride(), axis.dilation(), 0, 0)).toList(),
        geometry.groups());
  }
}
