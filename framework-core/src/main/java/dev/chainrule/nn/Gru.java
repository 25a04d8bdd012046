package dev.chainrule.nn;

import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * Gated recurrent unit: [n, time, in] -> [n, time, hidden] (Cho et al., "Learning phrase representations using RNN encoder-decoder",
 * EMNLP 2014), batch first. With (r, z, n) the parts of x W_ih + b_ih and (r', z', n') those of h W_hh + b_hh the candidate is
 * tanh(n + sigmoid(r + r') n'), and the next h is z h + (1 - z) candidate with z = sigmoid(z + z'). As in PyTorch, and Keras's
 * {@code reset_after=True}, the reset gate acts after the product.
 *
 * <p>Variables, as PyTorch's but for the order of a weight's axes, which is that of {@link Linear}: {@code weight_ih} [in, 3 hidden],
 * {@code weight_hh} [hidden, 3 hidden], {@code bias_ih} and {@code bias_hh} [3 hidden], each with the columns of r, z, n in this order.
 * All start uniform on [-1/sqrt(hidden), 1/sqrt(hidden)], PyTorch's default. Several layers are a {@link Sequential}.
 */
public final class Gru extends Recurrent {

  /**
   * What a run over sequences gives.
   *
   * @param sequence h of all times, [n, time, hidden]
   * @param last h after the last time, [n, hidden]
   */
  public record Output(Tensor sequence, Tensor last) {
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
  public Gru(long in, long hidden) {
    super(in, hidden, 3);
  }

  /** From a state of zeros. */
  public Output run(Tensor x) {
    return run(x, zeros(x));
  }

  /** From a given state [n, hidden], such as that of the text before. */
  public Output run(Tensor x, Tensor initial) {
    Loop.Results all = unrolled(x, List.of(initial));
    return new Output(all.outputs().getFirst(), all.carries().getFirst());
  }

  @Override
  protected Tensor forward(Tensor x) {
    return run(x).sequence;
  }

  @Override
  List<Tensor> next(Tensor fromInput, Tensor fromState, List<Tensor> state) {
    Tensor reset = gate(fromInput, 0).add(gate(fromState, 0)).sigmoid();
    Tensor update = gate(fromInput, 1).add(gate(fromState, 1)).sigmoid();
    Tensor candidate = gate(fromInput, 2).add(reset.mul(gate(fromState, 2))).tanh();
    return List.of(candidate.lerp(state.getFirst(), update));
  }
}
