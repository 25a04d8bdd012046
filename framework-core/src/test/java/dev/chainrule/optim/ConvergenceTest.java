package dev.chainrule.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.ReferenceStep;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each optimizer solves small problems. */
class ConvergenceTest {

  /** a.a + 5 (b - 1)^2 has its minimum 0 at a = 0, b = 1. */
  @ParameterizedTest
  @EnumSource
  void aQuadraticIsMinimised(Kind kind) {
    Variable a = Variable.of("a", HostArray.ofFloats(TensorType.of(DType.F32, 2), 1, -2), true);
    Variable b = Variable.of("b", HostArray.ofFloats(TensorType.scalar(DType.F32), 3), true);
    Optimizer optimizer = kind.maker.apply(List.of(a, b), Schedule.cosine(kind.rate, 300));
    var step = ReferenceStep.training(0, _ -> {
      Tensor loss = a.value().square().sum().add(b.value().sub(1).square().mul(5));
      optimizer.minimise(loss);
      return List.of(loss);
    });
    double loss = 0;
    for (int i = 0; i < 300; i++) {
      loss = step.run().getFirst().doubleAt(0);
    }
    assertEquals(0, loss, 1e-5);
    assertArrayEquals(new double[] {0, 0}, ReferenceStep.values(a), 3e-3);
    assertEquals(1, ReferenceStep.values(b)[0], 3e-3);
  }

  @ParameterizedTest
  @EnumSource
  void xorIsLearnt(Kind kind) {
    Variable hidden = Variable.of("hidden", HostArray.ofFloats(TensorType.of(DType.F32, 3, 6),
        0.9f, -0.7f, 0.4f, -0.3f, 0.8f, -0.9f, -0.6f, 0.9f, 0.5f, -0.8f, 0.3f, 0.7f, 0.1f, -0.2f, -0.4f, 0.3f, 0.2f, -0.1f), true);
    Variable output = Variable.of("output", HostArray.ofFloats(TensorType.of(DType.F32, 6, 1),
        0.5f, -0.6f, 0.7f, -0.4f, 0.3f, -0.8f), true);
    Optimizer optimizer = kind.of(hidden, output);
    // The third input is always 1, in place of a bias.
    Tensor x = Tensor.of(new float[] {0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1}, 4, 3);
    Tensor y = Tensor.of(new float[] {0, 1, 1, 0}, 4, 1);
    var step = ReferenceStep.training(0, in -> {
      Tensor predicted = in.get(0).matmul(hidden.value()).tanh().matmul(output.value()).sigmoid();
      Tensor loss = predicted.sub(in.get(1)).square().mean();
      optimizer.minimise(loss);
      return List.of(predicted);
    });
    double[] predicted = {};
    for (int i = 0; i < 600; i++) {
      predicted = step.run(x, y).getFirst().toDoubleArray();
    }
    assertArrayEquals(new double[] {0, 1, 1, 0}, predicted, 0.2);
  }
}
