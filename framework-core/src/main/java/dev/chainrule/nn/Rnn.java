package dev.chainrule.nn;

import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * The simple recurrent network: [n, time, in] -> [n, time, hidden] (Elman, "Finding structure in time", 1990), batch first. The next h is
 * tanh(x W_ih + b_ih + h W_hh + b_hh).
 *
 * <p>Variables, as PyTorch's but for the order of a weight's axes, which is that of {@link Linear}: {@code weight_ih} [in, hidden],
 * {@code weight_hh} [hidden, hidden], {@code bias_ih} and {@code bias_hh} [hidden]. All start uniform on
 * [-1/sqrt(hidden), 1/sqrt(hidden)], PyTorch's default. Several layers are a {@link Sequential}.
 */
public final class Rnn extends Recurrent {

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
  public Rnn(long in, long hidden) {
    super(in, hidden, 1);
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
    return List.of(fromInput.add(fromState).tanh());
  }
}
