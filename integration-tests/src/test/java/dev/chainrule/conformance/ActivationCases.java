package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Activations that are computed in f32 for 16-bit floats; the others are in {@link CompositeCases}. */
final class ActivationCases {

  private final List<Case> cases = new ArrayList<>();

  private ActivationCases() {}

  static List<Case> all() {
    var all = new ActivationCases();
    for (DType dtype : Samples.FLOATING) {
      all.activation("silu", dtype, Bounds.silu(dtype), Tensor::silu);
      all.activation("softplus", dtype, Bounds.softplus(dtype), Tensor::softplus);
      all.activation("geluTanh", dtype, Bounds.geluTanh(dtype, in -> in.getFirst().abs()), Tensor::geluTanh);
    }
    return all.cases;
  }

  private void activation(String name, DType dtype, Bound bound, UnaryOperator<Tensor> function) {
    for (View view : List.of(View.dense(), View.dense(0), View.dense(17), View.transposed(9, 7), View.stepped(9, 7))) {
      HostArray x = Samples.between(dtype, -8, 8, 100, view.source().dims());
      // A magnitude lies as the input does: the bound is moved with it.
      Bound moved = bound.magnitude().isEmpty() ? bound : Bounds.geluTanh(dtype, in -> view.move().apply(in.getFirst()).abs());
      cases.add(Case.of(Op.Composite.class, name + " " + dtype + " " + view, moved, in -> function.apply(view.move().apply(in)), x));
    }
    cases.add(Case.of(Op.Composite.class, name + " at all scales " + dtype, bound, function, Samples.scales(dtype, 101, 4_001)));
    cases.add(Case.of(Op.Composite.class, name + " of special values " + dtype, bound, function, Samples.specials(dtype)));
  }
}
