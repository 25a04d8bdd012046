package dev.chainrule.optim;

import dev.chainrule.graph.DType;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * Gradient clipping by the global norm (Pascanu, Mikolov and Bengio, 2013): all gradients together are taken as one vector g, and where
 * its Euclidean norm exceeds a bound they are scaled back to it: g max / maximum(|g|, max). Gradients within the bound keep their bits.
 *
 * @param maxNorm the largest norm left as it is
 */
public record GradientClipping(double maxNorm) {

  /**
   * To a norm above 0.
   *
   * @throws dev.chainrule.InvalidArgumentException for any other
   */
  public GradientClipping {
    HyperParameter.positive("clipping", "the largest norm", maxNorm);
  }

  /** Clips all gradients together to this norm. */
  public static GradientClipping byGlobalNorm(double maxNorm) {
    return new GradientClipping(maxNorm);
  }

  /**
   * What clipping gives.
   *
   * @param gradients of the types that were put in
   * @param norm of the gradients before, scalar: f64 if one of them is, else f32
   */
  public record Clipped(List<Tensor> gradients, Tensor norm) {
    /** Copies the list. */
    public Clipped {
      Objects.requireNonNull(norm, "norm");
      gradients = List.copyOf(gradients);
    }
  }

  /** Clips {@code gradients}, at least one; a NaN or an infinity in one of them makes the norm so too, and spoils them all. */
  public Clipped clip(List<Tensor> gradients) {
    DType dtype = gradients.stream().anyMatch(g -> g.dtype() == DType.F64) ? DType.F64 : DType.F32;
    Tensor norm = gradients.stream().map(g -> g.cast(dtype).square().sum()).reduce(Tensor::add).orElseThrow().sqrt();
    Tensor bound = Tensor.scalar(dtype, maxNorm);
    Tensor scale = bound.div(norm.maximum(bound));
    return new Clipped(gradients.stream().map(g -> g.mul(scale.cast(g.dtype()))).toList(), norm);
  }
}
