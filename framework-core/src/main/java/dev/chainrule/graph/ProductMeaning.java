package dev.chainrule.graph;

/** The reference meaning of sums of products: the matrix product, the convolution and its two gradients. */
final class ProductMeaning {

  private ProductMeaning() {}

  static HostArray dot(HostArray x, HostArray y, TensorType type) {
    int m = Math.toIntExact(type.shape().dim(-2));
    int n = Math.toIntExact(type.shape().dim(-1));
    int k = Math.toIntExact(x.type().shape().dim(-1));
    int results = Math.toIntExact(type.elements());
    boolean floating = type.dtype().isFloating();
    double[] realX = x.toDoubleArray();
    double[] realY = y.toDoubleArray();
    long[] integerX = x.toLongArray();
    long[] integerY = y.toLongArray();
    double[] reals = new double[results];
    long[] integers = new long[results];
    for (int i = 0; i < results; i++) {
      int batch = i / (m * n);
      int row = i / n % m;
      int column = i % n;
      for (int j = 0; j < k; j++) {
        int left = (batch * m + row) * k + j;
        int right = (batch * k + j) * n + column;
        if (floating) {
          reals[i] += realX[left] * realY[right];
        } else {
          integers[i] += integerX[left] * integerY[right];
        }
      }
    }
    return floating ? HostArray.ofDoubles(type, reals) : HostArray.ofLongs(type, integers);
  }

  /** One product of a convolution, as numbers of elements: result += input * weight. */
  private interface Term {
    void at(int result, int input, int weight);
  }

  static HostArray conv(Op.Geometry geometry, HostArray x, HostArray w, TensorType type) {
    double[] input = x.toDoubleArray();
    double[] weights = w.toDoubleArray();
    double[] result = new double[Math.toIntExact(type.elements())];
    terms(geometry, type.shape(), x.type().shape(), w.type().shape(), (r, i, k) -> result[r] += input[i] * weights[k]);
    return HostArray.ofDoubles(type, result);
  }

  /** The convolution is linear in its input: each term sends the result's cotangent back, scaled by the weight. */
  static HostArray convInputGradient(Op.Geometry geometry, HostArray cotangent, HostArray w, TensorType type) {
    double[] gradient = cotangent.toDoubleArray();
    double[] weights = w.toDoubleArray();
    double[] result = new double[Math.toIntExact(type.elements())];
    terms(geometry, cotangent.type().shape(), type.shape(), w.type().shape(), (r, i, k) -> result[i] += gradient[r] * weights[k]);
    return HostArray.ofDoubles(type, result);
  }

  /** It is linear in its weights too. */
  static HostArray convWeightGradient(Op.Geometry geometry, HostArray cotangent, HostArray x, TensorType type) {
    double[] gradient = cotangent.toDoubleArray();
    double[] input = x.toDoubleArray();
    double[] result = new double[Math.toIntExact(type.elements())];
    terms(geometry, cotangent.type().shape(), x.type().shape(), type.shape(), (r, i, k) -> result[k] += gradient[r] * input[i]);
    return HostArray.ofDoubles(type, result);
  }

  /**
   * All products of a convolution. The result at [b, f, p...] adds, over the weights at [f, c, q...], the input at
   * [b, c + channels of the groups before f's, p * stride + q * dilation - low ...]; outside the input there are zeros.
   */
  private static void terms(Op.Geometry geometry, Shape result, Shape input, Shape weights, Term term) {
    var results = new Grid(result);
    var inputs = new Grid(input);
    var kernel = new Grid(weights.slice(1, weights.rank()));
    long filtersPerGroup = weights.dim(0) / geometry.groups();
    for (int r = 0; r < results.elements(); r++) {
      long[] to = results.at(r);
      long filter = to[1];
      long firstChannel = filter / filtersPerGroup * weights.dim(1);
      for (int q = 0; q < kernel.elements(); q++) {
        long[] tap = kernel.at(q);
        long[] from = to.clone();
        from[1] = firstChannel + tap[0];
        for (int axis = 0; axis < geometry.axes().size(); axis++) {
          Op.Spatial s = geometry.axes().get(axis);
          from[axis + 2] = to[axis + 2] * s.stride() + tap[axis + 1] * s.dilation() - s.low();
        }
        if (inputs.contains(from)) {
          term.at(r, inputs.index(from), (int) filter * kernel.elements() + q);
        }
      }
    }
  }
}
