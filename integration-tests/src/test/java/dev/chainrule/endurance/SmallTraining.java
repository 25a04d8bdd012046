package dev.chainrule.endurance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Losses;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Training steps with Adam of networks that between them have most kernels, some of them large enough for several threads. */
enum SmallTraining {
  PERCEPTRON(Shape.of(300, 200), Shape.of(200), Shape.of(200, 10), Shape.of(10)) {
    @Override
    Tensor loss(List<Tensor> p) {
      Tensor hidden = data(64, 300).matmul(p.get(0)).add(p.get(1)).relu();
      Tensor dropped = Trace.surrounding().orElseThrow().random().dropout(hidden, 0.5);
      return Losses.crossEntropy(dropped.matmul(p.get(2)).add(p.get(3)), classes(64, 10));
    }
  },

  CONVOLUTION(Shape.of(8, 3, 3, 3), Shape.of(8), Shape.of(8), Shape.of(8, 4, 3, 3), Shape.of(72, 10)) {
    @Override
    Tensor loss(List<Tensor> p) {
      Tensor x = data(20, 3, 14, 14).conv2d(p.get(0), ConvOptions.DEFAULT.withPadding(1));
      Tensor y = Normalisation.batchNorm(x, p.get(1), p.get(2), 1e-5).y().relu().maxPool2d(PoolOptions.of(2));
      Tensor z = y.conv2d(p.get(3), ConvOptions.DEFAULT.withStride(2).withGroups(2)).relu();
      return Losses.crossEntropy(z.reshape(20, 72).matmul(p.get(4)), classes(20, 10));
    }
  },

  TRANSFORMER(Shape.of(50, 32), Shape.of(32), Shape.of(32), Shape.of(32, 32), Shape.of(32, 32), Shape.of(32, 32), Shape.of(32, 50)) {
    @Override
    Tensor loss(List<Tensor> p) {
      Tensor x = p.get(0).take(0, classes(24 * 16, 50)).reshape(24, 16, 32);
      Tensor a = Normalisation.layerNorm(x, p.get(1), p.get(2), 1e-5);
      Tensor y = x.add(Attention.CAUSAL.apply(a.matmul(p.get(3)), a.matmul(p.get(4)), a.matmul(p.get(5))));
      return Losses.crossEntropy(y.matmul(p.get(6)).reshape(24 * 16, 50), classes(24 * 16, 50));
    }
  },

  RECURRENCE(Shape.of(32, 32), Shape.of(32, 10)) {
    @Override
    Tensor loss(List<Tensor> p) {
      Tensor last = Loop.scan(12, List.of(data(40, 32)), List.of(data(12, 40, 32)), (_, carries, slices) -> {
        Tensor next = carries.getFirst().matmul(p.get(0)).add(slices.getFirst().reshape(40, 32)).tanh();
        return new Loop.Results(List.of(next), List.of());
      }).carries().getFirst();
      return Losses.crossEntropy(last.matmul(p.get(1)), classes(40, 10));
    }
  },

  MIXED(Shape.of(8, 3, 3, 3), Shape.of(8), Shape.of(8), Shape.of(8, 4, 3, 3), Shape.of(72, 10)) {
    @Override
    Tensor loss(List<Tensor> p) {
      return Precision.MIXED_BF16.call(() -> CONVOLUTION.loss(p));
    }
  };

  private final List<Shape> shapes;

  SmallTraining(Shape... shapes) {
    this.shapes = List.of(shapes);
  }

  /** The loss on data that are always the same. */
  abstract Tensor loss(List<Tensor> parameters);

  /** A step that trains anew. */
  Step step() {
    List<Variable> parameters = new ArrayList<>();
    for (Shape shape : shapes) {
      parameters.add(Variable.of("parameter " + parameters.size(), numbers(shape), true));
    }
    var adam = new Adam(parameters, Schedule.constant(1e-3));
    return Step.training(_ -> {
      Tensor loss = loss(parameters.stream().map(Variable::value).toList());
      adam.minimise(loss);
      return List.of(loss);
    });
  }

  private static Tensor data(long... dims) {
    return Tensor.of(numbers(Shape.of(dims)));
  }

  private static HostArray numbers(Shape shape) {
    double[] numbers = new SplittableRandom(1).doubles(shape.elements(), -0.5, 0.5).toArray();
    return HostArray.ofDoubles(TensorType.of(DType.F32, shape.dims()), numbers);
  }

  private static Tensor classes(long n, long most) {
    return Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, n), new SplittableRandom(2).longs(n, 0, most).toArray()));
  }
}
