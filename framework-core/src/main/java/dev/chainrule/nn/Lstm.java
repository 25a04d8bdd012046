package dev.chainrule.nn;

import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * Long short-term memory: [n, time, in] -> [n, time, hidden] (Hochreiter and Schmidhuber, 1997, with the forget gate of Gers, Schmidhuber
 * and Cummins, 2000). The batch comes first, then time: Keras's order, and PyTorch's with {@code batch_first=True}. With
 * (i, f, g, o) = x W_ih + b_ih + h W_hh + b_hh the next cell is sigmoid(f) c + sigmoid(i) tanh(g), and h is sigmoid(o) tanh(c).
 *
 * <p>Variables, as PyTorch's but for the order of a weight's axes, which is that of {@link Linear}: {@code weight_ih} [in, 4 hidden],
 * {@code weight_hh} [hidden, 4 hidden], {@code bias_ih} and {@code bias_hh} [4 hidden], each with the columns of i, f, g, o in this order.
 * All start uniform on [-1/sqrt(hidden), 1/sqrt(hidden)], PyTorch's default, the forget gate's too. Several layers are a
 * {@link Sequential}.
 */
public final class Lstm extends Recurrent {

  /**
   * What goes from one time to the next.
   *
   * @param hidden h, [n, hidden]
   * @param cell c, [n, hidden]
   */
  public record State(Tensor hidden, Tensor cell) {
    /** Refuses null. */
    public State {
      Objects.requireNonNull(hidden, "hidden");
      Objects.requireNonNull(cell, "cell");
    }
  }

  /**
   * What a run over sequences gives.
   *
   * @param sequence h of all times, [n, time, hidden]
   * @param last the state after the last time
   */
  public record Output(Tensor sequence, State last) {
    /** Refuses null. */
    public Output {
      Objects.requireNonNull(sequence, "sequence");
      Objects.requireNonNull(last, "last");
    }
  }

  /**
   * A layer of one direction.
   *
   * @throws dev.chainrule.InvalidArgumentException when a size is below 1
   */
  public Lstm(long in, long hidden) {
    super(in, hidden, 4);
  }

  /** From a state of zeros. */
  public Output run(Tensor x) {
    return run(x, new State(zeros(x), zeros(x)));
  }

  /** From a given state, such as that of the text before. */
  public Output run(Tensor x, State initial) {
    Loop.Results all = unrolled(x, List.of(initial.hidden, initial.cell));
    return new Output(all.outputs().getFirst(), new State(all.carries().get(0), all.carries().get(1)));
  }

  @Override
  protected Tensor forward(Tensor x) {
    return run(x).sequence;
  }

  @Override
  List<Tensor> next(Tensor fromInput, Tensor fromState, List<Tensor> state) {
    Tensor gates = fromInput.add(fromState);
    Tensor kept = gate(gates, 1).sigmoid().mul(state.get(1));
    Tensor cell = kept.add(gate(gates, 0).sigmoid().mul(gate(gates, 2).tanh()));
    return List.of(gate(gates, 3).sigmoid().mul(cell.tanh()), cell);
  }
}
