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
import dev.chainrule.tensor.Cond;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
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
    return PlanKey.of(recorded(function), new Leaves());
  }

  private static StepGraph recorded(Supplier<List<Tensor>> function) {
    return Trace.record(Mode.TRAINING, 0, 0, false, function).graph();
  }

  /** That of a run after one with another key: it is found in another way, and must be the same. */
  private static PlanKey keyAfter(Supplier<List<Tensor>> before, Supplier<List<Tensor>> function) {
    StepGraph graph = recorded(function);
    var leaves = new Leaves();
    PlanKey key = PlanKey.of(graph, leaves, Optional.of(key(before)));
    var alone = new Leaves();
    assertEquals(PlanKey.of(graph, alone), key);
    assertEquals(alone.inputs, leaves.inputs);
    assertEquals(alone.states, leaves.states);
    assertEquals(alone.scalars, leaves.scalars);
    return key;
  }

  private static void assertSamePlan(Supplier<List<Tensor>> a, Supplier<List<Tensor>> b) {
    assertEquals(key(a), key(b));
    assertEquals(key(a).hashCode(), key(b).hashCode());
    assertEquals(key(a), keyAfter(a, b));
  }

  private static void assertOtherPlan(Supplier<List<Tensor>> a, Supplier<List<Tensor>> b) {
    assertEquals(key(a), keyAfter(a, a), "each agrees with itself");
    assertEquals(key(b), keyAfter(b, b), "each agrees with itself");
    assertNotEquals(key(a), key(b));
    assertNotEquals(key(a), keyAfter(a, b));
    assertNotEquals(key(b), keyAfter(b, a));
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
  void makingOneThingTwiceIsAnotherGraphThanUsingItTwice() {
    Supplier<List<Tensor>> twice = () -> {
      Tensor x = x();
      return List.of(x.exp().add(x.exp()));
    };
    assertOtherPlan(twice, () -> {
      Tensor y = x().exp();
      return List.of(y.add(y));
    });
    assertOtherPlan(() -> {
      Tensor x = x();
      return List.of(x.exp(), x.exp());
    }, () -> {
      Tensor y = x().exp();
      return List.of(y, y);
    });
    HostArray data = HostArray.ofFloats(TensorType.of(DType.F32, 2), 1, 2);
    assertOtherPlan(() -> List.of(Tensor.of(data).add(Tensor.of(data))), () -> {
      Tensor x = Tensor.of(data);
      return List.of(x.add(x));
    });
  }

  @Test
  void theOrderAndTheCountOfResultsAndOperandsAre() {
    assertOtherPlan(() -> {
      Tensor x = x();
      return List.of(x.exp(), x.sin());
    }, () -> {
      Tensor x = x();
      return List.of(x.sin(), x.exp());
    });
    assertOtherPlan(() -> {
      Tensor x = x();
      return List.of(x.exp(), x);
    }, () -> {
      Tensor x = x();
      return List.of(x.exp());
    });
    Supplier<List<Tensor>> two = () -> {
      Tensor x = x();
      return List.of(Tensor.concat(0, x, x.exp()));
    };
    assertOtherPlan(two, () -> {
      Tensor x = x();
      return List.of(Tensor.concat(0, x, x.exp(), x));
    });
    assertOtherPlan(two, () -> {
      Tensor x = x();
      return List.of(Tensor.concat(0, x.exp(), x));
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
    assertEquals("1 operations before, 2 now: new is operation 1, Exp[]",
        key(() -> List.of(x())).firstDifference(key(() -> List.of(x().exp()))));
    assertEquals("2 operations before, 1 now", key(() -> List.of(x().exp())).firstDifference(key(() -> List.of(x()))));
    assertEquals("operation 2, Sub[], read the results of [0, 1], now of [1, 0]",
        key(() -> differenceWithExp(x(), false)).firstDifference(key(() -> differenceWithExp(x(), true))));
    assertEquals("other results are asked for", key(() -> differenceAndExp(x(), 0)).firstDifference(key(() -> differenceAndExp(x(), 1))));
    assertEquals("other results are returned, checked or assigned",
        key(() -> List.of(x().sum())).firstDifference(key(() -> {
          Trace.surrounding().orElseThrow().mustBeFinite(x().sum(), "loss");
          return List.of();
        })));
    assertEquals("variable 0 was f32[2], now f32[3]", key(() -> List.of(W.value())).firstDifference(key(() ->
        List.of(Variable.of("w", HostArray.ofFloats(TensorType.of(DType.F32, 3), 1, 2, 3), true).value()))));
  }

  private static List<Tensor> differenceWithExp(Tensor x, boolean swapped) {
    Tensor y = x.exp();
    return List.of(swapped ? y.sub(x) : x.sub(y));
  }

  private static List<Tensor> differenceAndExp(Tensor x, int second) {
    Tensor y = x.exp();
    return List.of(x.sub(y), second == 0 ? x : y);
  }

  @Test
  void theFirstDifferenceIsNamedWithItsPath() {
    assertEquals("operation 1 in encoder/norm was Exp[], now Log[]",
        key(() -> List.of(at("encoder/norm", () -> x().exp()))).firstDifference(key(() -> List.of(at("encoder/norm", () -> x().log())))));
    assertEquals("operation 1 in head was softmax[axis=0], now softmax[axis=1]",
        key(() -> List.of(at("head", () -> x().softmax(0)))).firstDifference(key(() -> List.of(at("head", () -> x().softmax(1))))));
  }

  private static Tensor at(String path, Supplier<Tensor> function) {
    return Trace.surrounding().orElseThrow().at(path, function);
  }

  @Test
  void aDifferenceInABodyIsNamed() {
    assertEquals("operation 1, loop[carries=1, length=3, sliced=0], has another body: operation 2 was Exp[], now Log[]",
        key(() -> List.of(loop(3, new Op.Exp()))).firstDifference(key(() -> List.of(loop(3, new Op.Log())))));
    assertEquals("operation 1 was loop[carries=1, length=3, sliced=0], now loop[carries=1, length=4, sliced=0]",
        key(() -> List.of(loop(3, new Op.Exp()))).firstDifference(key(() -> List.of(loop(4, new Op.Exp())))));
    CompositeFunction inner = new CompositeFunction("inner", (in, _) -> List.of(in.getFirst().exp()), Optional.empty());
    CompositeFunction other = new CompositeFunction("inner", (in, _) -> List.of(in.getFirst().log()), Optional.empty());
    // A composite's body may have been traced under another path, which would mislead.
    assertEquals("operation 1 in head, outer[], has another body: operation 1, inner[], has another body: operation 1 was Exp[], now Log[]",
        key(() -> List.of(at("head", () -> outer(inner).apply(x()))))
            .firstDifference(key(() -> List.of(at("head", () -> outer(other).apply(x()))))));
  }

  private static CompositeFunction outer(CompositeFunction inner) {
    return new CompositeFunction("outer", (in, _) -> List.of(inner.apply(in.getFirst())), Optional.empty());
  }

  @Test
  @Tag("S3.7")
  void bodiesMadeApartAreOneWhereTheyComputeTheSame() {
    assertSamePlan(() -> List.of(outer(function("f", 2)).apply(x())), () -> List.of(outer(function("f", 2)).apply(x())));
    assertOtherPlan(() -> List.of(outer(function("f", 2)).apply(x())), () -> List.of(outer(function("f", 3)).apply(x())));
    assertOtherPlan(() -> List.of(outer(function("f", 2)).apply(x())), () -> List.of(outer(function("g", 2)).apply(x())));
    assertSamePlan(() -> List.of(repeated(t -> t.softmax(0))), () -> List.of(repeated(t -> t.softmax(0))));
    assertOtherPlan(() -> List.of(repeated(t -> t.softmax(0))), () -> List.of(repeated(t -> t.softmax(1))));
    assertOtherPlan(() -> List.of(repeated(t -> t.sum(0).add(t))), () -> List.of(repeated(t -> t.max(0).add(t))));
    assertOtherPlan(() -> List.of(repeated(t -> t.leakyRelu(0.1))), () -> List.of(repeated(t -> t.leakyRelu(0.2))));
    assertOtherPlan(() -> List.of(repeated(t -> repeated(t, Tensor::exp))), () -> List.of(repeated(t -> repeated(t, Tensor::log))));
  }

  @Test
  void eachBodyOfAnOperationCounts() {
    assertSamePlan(() -> List.of(chosen(Tensor::exp, Tensor::log)), () -> List.of(chosen(Tensor::exp, Tensor::log)));
    assertOtherPlan(() -> List.of(chosen(Tensor::exp, Tensor::log)), () -> List.of(chosen(Tensor::exp, Tensor::sin)));
    assertOtherPlan(() -> List.of(chosen(Tensor::exp, Tensor::log)), () -> List.of(chosen(Tensor::sin, Tensor::log)));
    assertOtherPlan(() -> List.of(chosen(Tensor::exp, Tensor::log)), () -> List.of(chosen(Tensor::log, Tensor::exp)));
    assertOtherPlan(() -> List.of(whileAny(Tensor::log, Tensor::exp)), () -> List.of(whileAny(Tensor::log, Tensor::sin)));
    assertOtherPlan(() -> List.of(whileAny(Tensor::log, Tensor::exp)), () -> List.of(whileAny(Tensor::sin, Tensor::exp)));
  }

  private static Tensor chosen(UnaryOperator<Tensor> then, UnaryOperator<Tensor> otherwise) {
    Tensor x = x();
    return Cond.of(x.sum().greater(0), () -> List.of(then.apply(x)), () -> List.of(otherwise.apply(x))).getFirst();
  }

  private static Tensor whileAny(UnaryOperator<Tensor> asked, UnaryOperator<Tensor> turn) {
    return Loop.whileTrue(List.of(x()), in -> asked.apply(in.getFirst()).sum().greater(0),
        in -> List.of(turn.apply(in.getFirst()))).getFirst();
  }

  private static Tensor repeated(UnaryOperator<Tensor> turn) {
    return repeated(x(), turn);
  }

  private static Tensor repeated(Tensor x, UnaryOperator<Tensor> turn) {
    return Loop.scan(4, List.of(x), List.of(), (_, carries, _) ->
        new Loop.Results(List.of(turn.apply(carries.getFirst())), List.of())).carries().getFirst();
  }

  @Test
  void bodiesAreComparedByWhatTheyReadAndGive() {
    assertOtherPlan(() -> List.of(binary((a, b) -> List.of(a.sub(b)))), () -> List.of(binary((a, b) -> List.of(b.sub(a)))));
    assertOtherPlan(() -> List.of(binary((a, b) -> List.of(a.add(b)))), () -> List.of(binary((a, _) -> List.of(a.add(a)))));
    assertOtherPlan(() -> List.of(binary((a, b) -> List.of(a, b))), () -> List.of(binary((a, b) -> List.of(b, a))));
    assertOtherPlan(() -> List.of(binary((a, _) -> List.of(a))), () -> List.of(binary((a, _) -> List.of(a, a))));
    assertOtherPlan(() -> List.of(binary((a, _) -> List.of(a))), () -> List.of(binary((_, b) -> List.of(b))));
    assertSamePlan(() -> List.of(binary((a, b) -> List.of(a.sub(b)))), () -> List.of(binary((a, b) -> List.of(a.sub(b)))));
  }

  private static Tensor binary(BiFunction<Tensor, Tensor, List<Tensor>> function) {
    return new CompositeFunction("binary", (in, _) -> function.apply(in.get(0), in.get(1)), Optional.empty())
        .apply(Map.of(), x(), x()).getFirst();
  }

  @Test
  void deepGraphsHaveKeys() {
    Supplier<List<Tensor>> deep = () -> {
      Tensor x = x();
      for (int i = 0; i < 100_000; i++) {
        x = x.neg();
      }
      return List.of(x);
    };
    assertSamePlan(deep, deep);
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
