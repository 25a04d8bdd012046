package dev.chainrule.tensor;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What {@link Activations} calls by name, element by element. */
final class ActivationFunctions {

  private ActivationFunctions() {}

  /** The derivative is written with the result, which layers behind it keep anyway: it is 0 where the argument was not positive. */
  static final CompositeFunction RELU = CompositeFunction.unary("relu",
      x -> x.lessEqual(0).where(x.like(0), x),
      Optional.of((_, out, g, _) -> {
        Tensor y = out.getFirst();
        return List.of(Optional.of(y.lessEqual(0).where(y.like(0), Composites.only(g))));
      }));

  /** The derivative is written with the result: s (1 - s), where the composition's would be inf / inf for large inputs. */
  static final CompositeFunction SIGMOID = CompositeFunction.unary("sigmoid",
      wide(x -> Tensor.ones(x.type()).div(x.neg().exp().add(1))),
      Optional.of((in, out, g, _) -> {
        Tensor s = Composites.unrounded(in.getFirst(), out.getFirst(), Tensor::sigmoid);
        return List.of(Optional.of(Precision.wide(Composites.only(g)).mul(s.mul(s.neg().add(1))).cast(in.getFirst().dtype())));
      }));

  static final CompositeFunction GELU = CompositeFunction.unary("gelu",
      wide(x -> x.mul(x.mul(Math.sqrt(0.5)).erf().add(1)).mul(0.5)), Optional.empty());

  /**
   * The hyperbolic tangent of anything beyond 10 is 1 to the last bit, also in f64, but the cube that it is taken of overflows, and 0 times
   * infinity would be the slope there.
   */
  static final CompositeFunction GELU_TANH = CompositeFunction.unary("geluTanh", wide(x -> {
    Tensor inner = x.clamp(-10, 10);
    Tensor t = inner.add(inner.mul(inner).mul(inner).mul(0.044715)).mul(Math.sqrt(2 / Math.PI)).tanh();
    return x.mul(t.add(1)).mul(0.5);
  }), Optional.empty());

  /** With s the sigmoid of x: s (1 + x (1 - s)). */
  static final CompositeFunction SILU = CompositeFunction.unary("silu", wide(x -> x.mul(x.sigmoid())),
      slope(x -> {
        Tensor s = x.sigmoid();
        return s.mul(x.mul(s.neg().add(1)).add(1));
      }));

  /** The exponent is never positive, so nothing overflows. At 0, where the composition's parts have kinks, the sum has none. */
  static final CompositeFunction SOFTPLUS = CompositeFunction.unary("softplus",
      wide(x -> x.maximum(0).add(x.abs().neg().exp().log1p())), slope(Tensor::sigmoid));

  /** The function with 16-bit floats computed in f32 and rounded once, at the end. */
  private static UnaryOperator<Tensor> wide(UnaryOperator<Tensor> function) {
    return x -> function.apply(Precision.wide(x)).cast(x.dtype());
  }

  /** The derivative of a function of each element by itself, from its slope at x. */
  private static Optional<CompositeFunction.VectorJacobian> slope(UnaryOperator<Tensor> slope) {
    return Optional.of((in, _, g, _) -> {
      Tensor x = Precision.wide(in.getFirst());
      return List.of(Optional.of(Precision.wide(Composites.only(g)).mul(slope.apply(x)).cast(in.getFirst().dtype())));
    });
  }
}
