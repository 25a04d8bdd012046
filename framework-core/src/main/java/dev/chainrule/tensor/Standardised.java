package dev.chainrule.tensor;

import dev.chainrule.graph.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * x less its mean over the root of its mean square along some axes, times weights: what the normalisations share. The results are (y, mean,
 * mean square) or, where no mean is taken away, (y, mean square); the statistics have the type that sums are accumulated in. The backward
 * pass starts from them and computes the distances again, which costs no reduction.
 *
 * @param centred whether the mean is taken away and a bias added
 * @param axes averaged over
 * @param weights the shape of weight and bias against x
 * @param repeated the axes along which they are the same
 */
record Standardised(boolean centred, List<Integer> axes, Shape weights, List<Integer> repeated) {

  /** Over the axes that the weight has, which are x's last ones. */
  static Standardised last(boolean centred, Tensor x, Tensor weight) {
    int first = x.rank() - weight.rank();
    return new Standardised(centred, range(first, x.rank()), weight.shape(), range(0, first));
  }

  /** Over all axes but the channels', which is axis 1. */
  static Standardised channels(Tensor x) {
    List<Integer> others = IntStream.range(0, x.rank()).filter(i -> i != 1).boxed().toList();
    return new Standardised(true, others, againstChannels(x), others);
  }

  /** [channels, 1, ..., 1], which broadcasts against x [n, channels, spatial...]. */
  static Shape againstChannels(Tensor x) {
    long[] dims = new long[x.rank() - 1];
    Arrays.fill(dims, 1);
    dims[0] = x.dim(1);
    return Shape.of(dims);
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  static CompositeFunction composite(String name, BiFunction<Tensor, Tensor, Standardised> of) {
    return new CompositeFunction(name,
        (in, attributes) -> of.apply(in.get(0), in.get(1)).forward(in, epsilon(attributes)),
        Optional.of((in, out, g, attributes) -> of.apply(in.get(0), in.get(1)).backward(in, out, g, epsilon(attributes))));
  }

  static double epsilon(Map<String, Object> attributes) {
    return Composites.attribute(attributes, "epsilon", Double.class);
  }

  private List<Tensor> forward(List<Tensor> in, double epsilon) {
    Tensor x = Precision.wide(in.getFirst());
    Optional<Tensor> mean = centred ? Optional.of(x.mean(along(axes))) : Optional.empty();
    Tensor distance = distance(x, mean);
    Tensor square = distance.square().mean(along(axes));
    Tensor scaled = distance.mul(scale(x, square, epsilon)).mul(Precision.wide(in.get(1)).reshape(weights));
    Tensor y = centred ? scaled.add(Precision.wide(in.get(2)).reshape(weights)) : scaled;
    return Stream.of(Stream.of(y.cast(in.getFirst().dtype())), mean.stream(), Stream.of(square)).flatMap(s -> s).toList();
  }

  /**
   * With n = (x - m) s and the gradient h for n, the gradient for x is s (h - mean(h) - n mean(h n)); the statistics' own gradients, which
   * second derivatives have, are added.
   */
  private List<Optional<Tensor>> backward(List<Tensor> in, List<Tensor> out, List<Optional<Tensor>> cotangents, double epsilon) {
    Tensor x = Precision.wide(in.getFirst());
    Tensor distance = distance(x, centred ? Optional.of(out.get(1)) : Optional.empty());
    Tensor scale = scale(x, out.getLast(), epsilon);
    List<Tensor> forX = new ArrayList<>();
    List<Optional<Tensor>> results = new ArrayList<>(Collections.nCopies(in.size(), Optional.empty()));
    if (cotangents.getFirst().isPresent()) {
      Tensor g = Precision.wide(cotangents.getFirst().get());
      Tensor normal = distance.mul(scale);
      forX.add(throughNormal(g.mul(Precision.wide(in.get(1)).reshape(weights)), normal).mul(scale));
      results.set(1, Optional.of(forWeight(g.mul(normal), in.get(1))));
      if (centred) {
        results.set(2, Optional.of(forWeight(g, in.get(2))));
      }
    }
    if (centred) {
      cotangents.get(1).ifPresent(forMean -> forX.add(x.keep(forMean.div(count(x)), along(axes)).broadcastTo(x.shape())));
    }
    cotangents.getLast().ifPresent(forSquare -> forX.add(distance.mul(x.keep(forSquare.mul(2).div(count(x)), along(axes)))));
    results.set(0, Optional.of(forX.stream().reduce(Tensor::add).orElseThrow().cast(in.getFirst().dtype())));
    return results;
  }

  private Tensor throughNormal(Tensor g, Tensor normal) {
    Tensor turned = normal.mul(g.keep(g.mul(normal).mean(along(axes)), along(axes)));
    Tensor free = centred ? g.sub(g.keep(g.mean(along(axes)), along(axes))) : g;
    return free.sub(turned);
  }

  private Tensor forWeight(Tensor g, Tensor weight) {
    Tensor sum = repeated.isEmpty() ? g : g.sum(along(repeated));
    return sum.reshape(weight.shape()).cast(weight.dtype());
  }

  private Tensor distance(Tensor x, Optional<Tensor> mean) {
    return mean.map(m -> x.sub(x.keep(m, along(axes)))).orElse(x);
  }

  private Tensor scale(Tensor x, Tensor square, double epsilon) {
    return x.keep(square.add(epsilon).rsqrt(), along(axes));
  }

  private long count(Tensor x) {
    return axes.stream().mapToLong(x::dim).reduce(1, (a, b) -> a * b);
  }

  private static int[] along(List<Integer> axes) {
    return axes.stream().mapToInt(Integer::intValue).toArray();
  }
}
