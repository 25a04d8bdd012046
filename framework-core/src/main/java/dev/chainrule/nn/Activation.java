package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The activations that can be asked for by name. */
public enum Activation {
  /** Gain sqrt(2) (He et al., 2015). */
  RELU(Math.sqrt(2)),
  /** Slope 0.01; its gain follows from that. */
  LEAKY_RELU(LeakyRelu.gain(0.01)),
  /** Gain 1, as PyTorch has it. */
  SIGMOID(1),
  /** Gain 5/3, as PyTorch has it. */
  TANH(5.0 / 3),
  /** The gain of the rectifier that it follows for large inputs. */
  GELU(Math.sqrt(2));

  private final double gain;

  Activation(double gain) {
    this.gain = gain;
  }

  /**
   * The activation of a name.
   *
   * @param name {@code relu}, {@code leaky-relu}, {@code sigmoid}, {@code tanh} or {@code gelu}
   * @throws InvalidArgumentException for any other name, listing these
   */
  public static Activation named(String name) {
    return Arrays.stream(values()).filter(a -> a.toString().equals(name)).findFirst()
        .orElseThrow(() -> new InvalidArgumentException("activation", "unknown activation \"" + name + "\"",
            "The names are " + Arrays.stream(values()).map(Activation::toString).collect(Collectors.joining(", ")) + "."));
  }

  /** A new layer. */
  public Module layer() {
    return switch (this) {
      case RELU -> new Relu();
      case LEAKY_RELU -> new LeakyRelu(0.01);
      case SIGMOID -> new Sigmoid();
      case TANH -> new Tanh();
      case GELU -> new Gelu();
    };
  }

  /** By what factor weights before this activation are to be larger than before none: {@link Initializer#kaimingUniform}. */
  public double gain() {
    return gain;
  }

  /** The name, such as {@code leaky-relu}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
