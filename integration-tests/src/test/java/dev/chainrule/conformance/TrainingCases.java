package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.optim.AdamUpdate;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What only training needs: dropout, and Adam's update of a parameter. */
final class TrainingCases {

  private final List<Case> cases = new ArrayList<>();

  private TrainingCases() {}

  static List<Case> all() {
    var all = new TrainingCases();
    for (DType dtype : Samples.FLOATING) {
      all.dropouts(dtype);
    }
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      all.adam(dtype);
    }
    return all.cases;
  }

  /** The same elements everywhere. The factor is rounded to the type, then the product. */
  private void dropouts(DType dtype) {
    for (View view : List.of(View.dense(), View.dense(0), View.dense(17), View.transposed(9, 7), View.stepped(9, 7), View.dense(5, 1001))) {
      HostArray x = Samples.between(dtype, -8, 8, 140, view.source().dims());
      for (double rate : new double[] {0.1, 0.5}) {
        cases.add(Case.of(Op.Composite.class, "dropout " + dtype + " " + view + " at " + rate, Bound.relative(2.1),
            in -> RandomStream.of(7).dropout(view.move().apply(in), rate), x));
      }
    }
    // 2 is exact in every type; what overflows does so in the device's type too.
    cases.add(Case.of(Op.Composite.class, "dropout of special values " + dtype, Bound.EXACT,
        in -> RandomStream.of(7).dropout(in, 0.5), Samples.specials(dtype)));
  }

  /**
   * All inputs are positive and within a factor of 4, squares of 16, so that sums hardly cancel: the mean is wrong by 3 u of the larger of
   * m and g, 12 u of itself, the mean of squares by 4 u of the larger, 64 u of itself, half of which the root leaves. With eight more
   * roundings the change is wrong by less than 60 u of itself; then the parameter rounds once.
   */
  private void adam(DType dtype) {
    for (AdamUpdate.Decay decay : AdamUpdate.Decay.values()) {
      for (View view : List.of(View.dense(), View.dense(0), View.dense(1003), View.transposed(9, 7))) {
        List<HostArray> inputs = new ArrayList<>(List.of(between(dtype, 0.5, 2, 141, view), between(dtype, 0.5, 2, 142, view),
            between(dtype, 0.5, 2, 143, view), between(dtype, 0.25, 4, 144, view)));
        for (double number : new double[] {0.05, 0.1, 0.001, 1e-8, 0.271, 0.002997001, 0.01}) {
          inputs.add(HostArray.ofDoubles(TensorType.scalar(dtype), number));
        }
        String name = "adam " + dtype + " " + decay + " " + view + " ";
        adam(name + "parameter", inputs, in -> result(decay, view, in).parameter(), Bounds.adam(dtype, 60,
            in -> view.move().apply(in.get(0)).sub(result(decay, view, in).parameter()).abs()));
        adam(name + "m", inputs, in -> result(decay, view, in).m(), Bounds.adam(dtype, 16, in -> result(decay, view, in).m()));
        adam(name + "v", inputs, in -> result(decay, view, in).v(), Bounds.adam(dtype, 68, in -> result(decay, view, in).v()));
      }
    }
  }

  private void adam(String name, List<HostArray> inputs, Function<List<Tensor>, Tensor> of, Bound bound) {
    cases.add(new Case(Op.Composite.class, name, inputs, in -> List.of(of.apply(in)), Case.Oracle.IN_F64, bound));
  }

  private static HostArray between(DType dtype, double low, double high, long seed, View view) {
    return Samples.between(dtype, low, high, seed, view.source().dims());
  }

  private static AdamUpdate.Result result(AdamUpdate.Decay decay, View view, List<Tensor> in) {
    var update = new AdamUpdate(decay, in.get(4), in.get(5), in.get(6), in.get(7), in.get(8), in.get(9), in.get(10));
    List<Tensor> moved = in.subList(0, 4).stream().map(x -> view.move().apply(x)).toList();
    return update.apply(moved.get(0), moved.get(1), moved.get(2), moved.get(3));
  }
}
