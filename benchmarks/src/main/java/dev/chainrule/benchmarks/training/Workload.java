package dev.chainrule.benchmarks.training;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.benchmarks.training.Network.Block;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** One training: a network, one batch that is trained on again and again, an optimizer. The loss is the mean cross-entropy. */
public enum Workload {
  MLP_64_SGD(Networks.MLP, 64, Method.SGD),
  MLP_64_ADAM(Networks.MLP, 64, Method.ADAM),
  MLP_1024_SGD(Networks.MLP, 1024, Method.SGD),
  MLP_1024_ADAM(Networks.MLP, 1024, Method.ADAM),
  LENET(Networks.LENET, 64, Method.ADAM),
  VGG(Networks.VGG, 64, Method.ADAM),
  GPT(new Network.Gpt(4, 128, 4, 128, 96), 16, Method.ADAM),
  LSTM(new Network.CharacterLstm(128, 64, 96), 32, Method.ADAM);

  /** How parameters change. */
  public enum Method {
    /** Plain gradient descent. */
    SGD(1e-2),
    /** With the paper's settings and no weight decay. */
    ADAM(1e-3);

    private final double rate;

    Method(double rate) {
      this.rate = rate;
    }

    /** The learning rate, the same at all steps. */
    public double rate() {
      return rate;
    }
  }

  private static final class Networks {
    static final Network MLP = new Network.Perceptron(List.of(784, 512, 256, 10));
    static final Network LENET = new Network.Convolutional(1, 28, 5, List.of(new Block(List.of(32)), new Block(List.of(64))),
        List.of(128), 10);
    static final Network VGG = new Network.Convolutional(3, 32, 3,
        List.of(new Block(List.of(64, 64)), new Block(List.of(128, 128)), new Block(List.of(256, 256))), List.of(), 10);
  }

  private final Network network;
  private final int batch;
  private final Method method;

  Workload(Network network, int batch, Method method) {
    this.network = network;
    this.batch = batch;
    this.method = method;
  }

  public Network network() {
    return network;
  }

  /** Examples in the batch. */
  public int batch() {
    return batch;
  }

  public Method method() {
    return method;
  }

  /** {@code mlp-64-sgd}. */
  public String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The workload of this title.
   *
   * @throws InvalidArgumentException when there is none
   */
  public static Workload titled(String title) {
    return Arrays.stream(values()).filter(w -> w.title().equals(title)).findFirst()
        .orElseThrow(() -> new InvalidArgumentException("workload", "no '" + title + "'",
            "There are " + Arrays.stream(values()).map(Workload::title).collect(Collectors.joining(", ")) + "."));
  }
}
