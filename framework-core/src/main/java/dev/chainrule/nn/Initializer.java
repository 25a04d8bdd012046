package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.TensorType;
import java.util.function.DoubleSupplier;

/**
 * Makes a variable's initial value. It is made on the host with {@link StrictMath}, from nothing but the type and the random numbers, so
 * that it is the same bits on every machine; a model draws these from its seed and the variable's name.
 *
 * <p>Several depend on the number of inputs and outputs that one weight's neighbours have: of [in, out] these are {@code in} and
 * {@code out}; of a convolution's [out, in, k...] they are {@code in * k...} and {@code out * k...}.
 */
@FunctionalInterface
public interface Initializer {

  /** A value of this type. */
  HostArray values(TensorType type, HostRandom random);

  /** Every element 0. */
  static Initializer zeros() {
    return constant(0);
  }

  /** Every element 1. */
  static Initializer ones() {
    return constant(1);
  }

  /** Every element the same, rounded to the type. */
  static Initializer constant(double value) {
    return (type, _) -> fill(type, () -> value);
  }

  /**
   * Uniform on [-bound, bound].
   *
   * @throws InvalidArgumentException when the bound is negative or not finite
   */
  static Initializer uniform(double bound) {
    requireScale("uniform", bound);
    return (type, random) -> fill(type, () -> bound * (2 * random.nextDouble() - 1));
  }

  /**
   * Normal with mean 0 and standard deviation {@code std}, by the method of Box and Muller (1958).
   *
   * @throws InvalidArgumentException when the deviation is negative or not finite
   */
  static Initializer normal(double std) {
    requireScale("normal", std);
    return (type, random) -> fill(type, () -> {
      double radius = Math.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
      return std * radius * StrictMath.cos(2 * Math.PI * random.nextDouble());
    });
  }

  /**
   * Uniform with variance gain² · 2 / (in + out): Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
   * networks" (AISTATS 2010), whose gain is 1.
   */
  static Initializer xavierUniform(double gain) {
    requireScale("xavierUniform", gain);
    return (type, random) -> {
      Fan fan = Fan.of(type);
      return uniform(gain * Math.sqrt(6.0 / (fan.in() + fan.out()))).values(type, random);
    };
  }

  /** Normal with the variance of {@link #xavierUniform}. */
  static Initializer xavierNormal(double gain) {
    requireScale("xavierNormal", gain);
    return (type, random) -> {
      Fan fan = Fan.of(type);
      return normal(gain * Math.sqrt(2.0 / (fan.in() + fan.out()))).values(type, random);
    };
  }

  /**
   * Uniform with variance gain² / in, which keeps the size of activations from layer to layer: He, Zhang, Ren and Sun, "Delving deep
   * into rectifiers" (ICCV 2015).
   *
   * @param gain that of the activation that follows, {@link Activation#gain}
   */
  static Initializer kaimingUniform(double gain) {
    requireScale("kaimingUniform", gain);
    return (type, random) -> uniform(gain * Math.sqrt(3.0 / Fan.of(type).in())).values(type, random);
  }

  /** Normal with the variance of {@link #kaimingUniform}. */
  static Initializer kaimingNormal(double gain) {
    requireScale("kaimingNormal", gain);
    return (type, random) -> normal(gain * Math.sqrt(1.0 / Fan.of(type).in())).values(type, random);
  }

  /** A value of this type whose elements are drawn one after the other, in row-major order. */
  static HostArray fill(TensorType type, DoubleSupplier element) {
    return HostArray.generated(type, element);
  }

  private static void requireScale(String name, double scale) {
    if (!(scale >= 0 && scale < Double.POSITIVE_INFINITY)) {
      throw new InvalidArgumentException(name, "scale " + scale + ", expected a finite number, 0 or more", "");
    }
  }
}
