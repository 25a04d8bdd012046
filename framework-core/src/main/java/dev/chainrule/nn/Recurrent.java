package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.List;

/**
 * What recurrent layers have in common. What the inputs contribute is one matrix product for all times, before the loop; in the loop,
 * which is traced once however long the sequences are, is only what depends on the state.
 */
abstract sealed class Recurrent extends Module permits Rnn, Gru, Lstm {

  private final long in;
  private final long hidden;
  private final Variable weightIn;
  private final Variable weightHidden;
  private final Variable biasIn;
  private final Variable biasHidden;

  /** @param gates how many vectors of the hidden size a time computes */
  Recurrent(long in, long hidden, int gates) {
    if (in < 1 || hidden < 1) {
      throw new InvalidArgumentException(getClass().getSimpleName(), "sizes " + in + " -> " + hidden + ", expected 1 or more", "");
    }
    this.in = in;
    this.hidden = hidden;
    Initializer initial = Initializer.uniform(Math.sqrt(1.0 / hidden));
    this.weightIn = parameter("weight_ih", Shape.of(in, gates * hidden), initial);
    this.weightHidden = parameter("weight_hh", Shape.of(hidden, gates * hidden), initial);
    this.biasIn = parameter("bias_ih", Shape.of(gates * hidden), initial);
    this.biasHidden = parameter("bias_hh", Shape.of(gates * hidden), initial);
  }

  /**
   * One time.
   *
   * @param fromInput x W_ih + b_ih, [n, gates hidden]
   * @param fromState h W_hh + b_hh, [n, gates hidden]
   * @param state [n, hidden] each, h the first
   * @return the next state
   */
  abstract List<Tensor> next(Tensor fromInput, Tensor fromState, List<Tensor> state);

  /** The states of a layer that has seen nothing: zeros [n, hidden]. */
  final Tensor zeros(Tensor x) {
    requireInput(x);
    return Tensor.zeros(TensorType.of(x.dtype(), x.dim(0), hidden));
  }

  /** Outputs: h of all times, [n, time, hidden]; carries: the last state. */
  final Loop.Results unrolled(Tensor x, List<Tensor> initial) {
    return under(() -> {
      requireInput(x);
      initial.forEach(state -> requireState(x, state));
      Tensor fromInputs = x.swapAxes(0, 1).matmul(weightIn.value()).add(biasIn.value());
      Tensor weight = weightHidden.value();
      Tensor bias = biasHidden.value();
      Loop.Results all = Loop.scan(x.dim(1), initial, List.of(fromInputs), (_, state, slices) -> {
        List<Tensor> next = next(slices.getFirst(), state.getFirst().matmul(weight).add(bias), state);
        return new Loop.Results(next, List.of(next.getFirst()));
      });
      Tensor sequence = all.outputs().getFirst().swapAxes(0, 1);
      return new Loop.Results(all.carries(), List.of(Summary.observe(this, sequence)));
    });
  }

  /** The gate of this number, [n, hidden], of [n, gates hidden]. */
  final Tensor gate(Tensor gates, int number) {
    return gates.slice(1, number * hidden, (number + 1) * hidden);
  }

  private void requireInput(Tensor x) {
    if (x.rank() != 3 || x.dim(2) != in) {
      throw new ShapeMismatchException(label(), "expected an input [n, time, " + in + "], got " + x.type(),
          "The batch is axis 0 and time axis 1; swapAxes(0, 1) exchanges them.");
    }
  }

  private void requireState(Tensor x, Tensor state) {
    if (!state.shape().equals(Shape.of(x.dim(0), hidden))) {
      throw new ShapeMismatchException(label(), "expected a state [" + x.dim(0) + ", " + hidden + "] for an input " + x.type() + ", got "
          + state.type(), "");
    }
  }

  @Override
  public final String toString() {
    return getClass().getSimpleName() + "(" + in + " -> " + hidden + ")";
  }
}
