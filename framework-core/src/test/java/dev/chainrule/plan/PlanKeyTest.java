package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PlanKeyTest {

  private static final Variable W = variable("w");
  private static final Variable V = variable("v");

  private static Variable variable(String name) {
    return Variable.of(name, HostArray.ofDoubles(TensorType.of(DType.F32, 2), 1, 2), true);
  }

  private static Tensor x() {
    return Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
  }

  private static PlanKey key(Supplier<List<Tensor>> function) {
    return PlanKey.of(Trace.record(Mode.TRAINING, 0, 0, false, function).graph(), new Leaves());
  }

  private static void assertSamePlan(Supplier<List<Tensor>> a, Supplier<List<Tensor>> b) {
    assertEquals(key(a), key(b));
    assertEquals(key(a).hashCode(), key(b).hashCode());
  }

  private static void assertOtherPlan(Supplier<List<Tensor>> a, Supplier<List<Tensor>> b) {
    assertEquals(key(a), key(a), "each agrees with itself");
    assertEquals(key(b), key(b), "each agrees with itself");
    assertNotEquals(key(a), key(b));
  }

  @Test
  @Tag("S16.2")
  void twoTracesOfOneFunctionHaveOneKey() {
    Supplier<List<Tensor>> function = () -> {
      Tensor x = x();
      Tensor loss = x.matmul(W.value().unsqueeze(1)).softmax(0).add(Trace.surrounding().orElseThrow().random().uniform(x.shape())).sum();
      W.assign(W.value().sub(Gradients.of(loss, List.of(W.value())).getFirst().mul(0.1)));
      Trace.surrounding().orElseThrow().mustBeFinite(loss, "loss");
      return List.of(loss);
    };
    assertSamePlan(function, function);
  }

  @Test
  @Tag("S3.5")
  void numbersAndDataAreNoPartOfIt() {
    assertSamePlan(() -> List.of(x().mul(2).add(0.5)), () -> List.of(x().mul(3).add(0.25)));
    assertSamePlan(() -> List.of(x().mul(2)), () -> List.of(Tensor.of(new float[] {9, 9, 9, 9}, 2, 2).mul(2)));
    assertSamePlan(() -> List.of(W.value()), () -> List.of(V.value()));
  }

  @Test
  @Tag("S3.6")
  void attributesAre() {
    assertOtherPlan(() -> List.of(x().sum(0)), () -> List.of(x().sum(1)));
    assertOtherPlan(() -> List.of(x().sum(0)), () -> List.of(x().max(0)));
    assertOtherPlan(() -> List.of(x().slice(0, 0, 1)), () -> List.of(x().slice(0, 1, 2)));
    assertOtherPlan(() -> List.of(x().leakyRelu(0.1)), () -> List.of(x().leakyRelu(0.2)));
    assertOtherPlan(() -> List.of(x().softmax(0)), () -> List.of(x().softmax(1)));
    assertOtherPlan(() -> List.of(x().cast(DType.F64).cast(DType.F32)), () -> List.of(x().cast(DType.F16).cast(DType.F32)));
  }

  @Test
  @Tag("S16.2")
  void typesAre() {
    assertOtherPlan(() -> List.of(Tensor.of(new float[2])), () -> List.of(Tensor.of(new float[3])));
    assertOtherPlan(() -> List.of(Tensor.of(new float[2])), () -> List.of(Tensor.of(new double[2])));
    assertOtherPlan(() -> List.of(Tensor.of(new float[2], 1, 2)), () -> List.of(Tensor.of(new float[2], 2, 1)));
    assertOtherPlan(() -> List.of(Tensor.scalar(DType.F32, 1)), () -> List.of(Tensor.scalar(DType.F64, 1)));
  }

  @Test
  void kindsOfLeavesAre() {
    assertOtherPlan(() -> List.of(W.value().mul(2)), () -> List.of(Tensor.of(new float[2]).mul(2)));
    assertOtherPlan(() -> List.of(Tensor.scalar(1)), () -> List.of(Tensor.of(HostArray.ofFloats(TensorType.of(DType.F32), 1))));
    assertOtherPlan(() -> List.of(Tensor.scalar(1)), () -> List.of(Tensor.constant(HostArray.ofFloats(TensorType.of(DType.F32), 1))));
  }

  @Test
  @Tag("S16.2")
  void aliasingIs() {
    assertOtherPlan(() -> List.of(x().add(x())), () -> {
      Tensor x = x();
      return List.of(x.add(x));
    });
    HostArray data = HostArray.ofFloats(TensorType.of(DType.F32, 2), 1, 2);
    assertSamePlan(() -> List.of(Tensor.of(data).add(Tensor.of(data))), () -> {
      HostArray other = HostArray.ofFloats(TensorType.of(DType.F32, 2), 5, 6);
      return List.of(Tensor.of(other).add(Tensor.of(other)));
    });
    assertOtherPlan(() -> List.of(W.value().add(V.value())), () -> List.of(W.value().add(W.value())));
    // Two numbers are two parameters, though they be equal.
    assertOtherPlan(() -> List.of(x().mul(2).add(2)), () -> {
      Tensor two = Tensor.scalar(2);
      return List.of(x().mul(two).add(two));
    });
  }

  @Test
  void connectionsAre() {
    assertOtherPlan(() -> {
      Tensor x = x();
      Tensor y = x.exp();
      return List.of(x.sub(y));
    }, () -> {
      Tensor x = x();
      Tensor y = x.exp();
      return List.of(y.sub(x));
    });
  }

  @Test
  void whatIsReturnedCheckedAndAssignedIs() {
    Supplier<List<Tensor>> returned = () -> List.of(x().sum());
    assertOtherPlan(returned, () -> {
      Tensor s = x().sum();
      return List.of(s, s);
    });
    assertOtherPlan(() -> {
      Tensor x = x();
      return List.of(x.exp(), x);
    }, () -> {
      Tensor y = x().exp();
      return List.of(y, y);
    });
    assertOtherPlan(returned, () -> {
      Trace.surrounding().orElseThrow().mustBeFinite(x().sum(), "loss");
      return List.of();
    });
    assertOtherPlan(() -> {
      W.assign(W.value().add(V.value()));
      return List.of();
    }, () -> {
      Tensor sum = W.value().add(V.value());
      V.assign(sum);
      return List.of();
    });
  }

  @Test
  @Tag("S3.7")
  void bodiesAreAndTheirNamesToo() {
    CompositeFunction a = function("f", 2);
    assertSamePlan(() -> List.of(a.apply(x())), () -> List.of(function("f", 2).apply(x())));
    // A number in a body is a literal.
    assertOtherPlan(() -> List.of(a.apply(x())), () -> List.of(function("f", 3).apply(x())));
    assertOtherPlan(() -> List.of(a.apply(x())), () -> List.of(function("g", 2).apply(x())));
    assertOtherPlan(() -> a.apply(Map.of("k", 1), x()), () -> a.apply(Map.of("k", 2), x()));
  }

  private static CompositeFunction function(String name, double factor) {
    return new CompositeFunction(name, (in, _) -> List.of(in.getFirst().mul(factor)), Optional.empty());
  }

  @Test
  void randomStreamsOfDifferentPathsAre() {
    assertOtherPlan(
        () -> List.of(Trace.surrounding().orElseThrow().random().bits(x().shape())),
        () -> {
          var trace = Trace.surrounding().orElseThrow();
          return List.of(trace.at("dropout", () -> trace.random().bits(x().shape())));
        });
  }

  @Test
  void theFirstDifferenceIsNamed() {
    PlanKey before = key(() -> List.of(Tensor.of(new float[64 * 784], 64, 784).sum(0)));
    assertEquals("input 0 was f32[64,784], now f32[37,784]",
        before.firstDifference(key(() -> List.of(Tensor.of(new float[37 * 784], 37, 784).sum(0)))));
    assertEquals("operation 1 was Reduce[fold=SUM, axes=[0]], now Reduce[fold=SUM, axes=[1]]",
        key(() -> List.of(x().sum(0))).firstDifference(key(() -> List.of(x().sum(1)))));
    assertEquals("1 operations before, 2 now", key(() -> List.of(x())).firstDifference(key(() -> List.of(x().exp()))));
    assertEquals("variable 0 was f32[2], now f32[3]", key(() -> List.of(W.value())).firstDifference(key(() ->
        List.of(Variable.of("w", HostArray.ofFloats(TensorType.of(DType.F32, 3), 1, 2, 3), true).value()))));
  }

  @Test
  void loopsAndConditionalsAreComparedByTheirBodies() {
    assertSamePlan(() -> List.of(loop(3, new Op.Exp())), () -> List.of(loop(3, new Op.Exp())));
    assertOtherPlan(() -> List.of(loop(3, new Op.Exp())), () -> List.of(loop(4, new Op.Exp())));
    assertOtherPlan(() -> List.of(loop(3, new Op.Exp())), () -> List.of(loop(3, new Op.Log())));
  }

  private static Tensor loop(long length, Op op) {
    var i = Ops.parameter(0, TensorType.scalar(DType.I64));
    var carry = Ops.parameter(1, TensorType.of(DType.F32, 2, 2));
    var body = new Body(List.of(i, carry), List.of(Ops.node(op, carry)));
    return Tensor.of(Ops.node(new Op.Loop(length, 1, 0, body), x().node()));
  }

  @Test
  @Tag("S3.6")
  void literalsAre() {
    TensorType type = TensorType.of(DType.F32, 2, 2);
    assertOtherPlan(() -> List.of(x().add(Tensor.full(type, 2))), () -> List.of(x().add(Tensor.full(type, 3))));
    assertOtherPlan(() -> List.of(x().add(Tensor.zeros(type))), () -> List.of(x().add(Tensor.ones(type))));
    assertOtherPlan(() -> List.of(x().pad(0, 1, 0, 2)), () -> List.of(x().pad(0, 1, 0, 3)));
    HostArray one = HostArray.ofFloats(TensorType.of(DType.F32, 1), 1);
    HostArray two = HostArray.ofFloats(TensorType.of(DType.F32, 1), 2);
    assertOtherPlan(() -> List.of(x().add(Tensor.constant(one))), () -> List.of(x().add(Tensor.constant(two))));
    assertSamePlan(() -> List.of(x().add(Tensor.constant(one))),
        () -> List.of(x().add(Tensor.constant(HostArray.ofFloats(TensorType.of(DType.F32, 1), 1)))));
  }
}
