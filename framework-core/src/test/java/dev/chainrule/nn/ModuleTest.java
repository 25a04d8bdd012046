package dev.chainrule.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModuleTest {

  /** Scales, counts and then applies its children in order. */
  private static final class Scaled extends Module {
    private final Variable scale = parameter("scale", Shape.SCALAR, Initializer.constant(3));
    private final Variable calls = buffer("calls", TensorType.of(DType.I64, 1), Initializer.zeros());
    private final Module inner;

    Scaled(Module inner) {
      this.inner = child("inner", inner);
    }

    void declare(String name) {
      parameter(name, Shape.of(1), Initializer.zeros());
    }

    <M extends Module> M adopt(String name, M module) {
      return child(name, module);
    }

    @Override
    protected Tensor forward(Tensor x) {
      return inner.apply(x.mul(scale.value()));
    }
  }

  private static List<String> names(Module module) {
    return List.copyOf(module.variables().keySet());
  }

  @Test
  void variablesAreNamedByPathOwnBeforeChildren() {
    var model = new Scaled(new Sequential(new Linear(2, 3), new Relu(), new Linear(3, 1)));
    assertEquals(List.of("scale", "calls", "inner/0/weight", "inner/0/bias", "inner/2/weight", "inner/2/bias"), names(model));
    model.variables().forEach((name, variable) -> assertEquals(name, variable.name()));
  }

  @Test
  void parametersAreTheTrainableVariables() {
    var model = new Scaled(new Linear(2, 3));
    assertEquals(List.of("scale", "inner/weight", "inner/bias"), model.parameters().stream().map(Variable::name).toList());
    assertTrue(model.parameters().stream().allMatch(Variable::isTrainable));
    assertFalse(model.calls.isTrainable());
  }

  @Test
  void placingAModuleRenamesAllBelowIt() {
    var linear = new Linear(2, 3);
    assertEquals("", linear.path());
    assertEquals("weight", linear.weight().name());
    var block = new Sequential().add("linear", linear);
    assertEquals("linear", linear.path());
    var model = new Scaled(new Residual(block));
    assertEquals("inner/body/linear", linear.path());
    assertEquals("inner/body", block.path());
    assertEquals("", model.path());
    assertEquals("inner/body/linear/weight", linear.weight().name());
  }

  @Test
  void whatIsDeclaredLaterGetsTheWholePath() {
    var inner = new Scaled(new Relu());
    new Sequential().add("late", inner);
    inner.declare("more");
    assertTrue(names(inner).contains("late/more"));
    assertEquals("late/more-inner", inner.adopt("more-inner", new Relu()).path());
  }

  @Test
  void aSharedModuleKeepsItsFirstPathAndCountsOnce() {
    var shared = new Linear(2, 2);
    var first = new Sequential().add("a", shared).add("b", shared);
    var second = new Sequential().add("c", shared);
    var model = new Sequential().add("second", second).add("first", first);
    assertEquals("first/a", shared.path());
    assertEquals(List.of("first/a/weight", "first/a/bias"), names(model));
    assertSame(shared.weight(), model.parameters().getFirst());
    assertEquals(2, model.parameters().size());
  }

  @Test
  void aSharedModuleIsNotRenamedByItsSecondParent() {
    var shared = new Linear(2, 2);
    var first = new Sequential().add("a", shared);
    var second = new Sequential().add("c", shared);
    new Sequential().add("second", second);
    assertEquals("a", shared.path());
    new Sequential().add("first", first);
    assertEquals("first/a", shared.path());
  }

  @Test
  void equalNamesByWayOfSharingAreAnError() {
    var shared = new Linear(2, 2);
    new Sequential(shared);
    var model = new Sequential(new Linear(2, 2), shared);
    var error = assertThrows(InvalidArgumentException.class, model::variables);
    assertTrue(error.getMessage().contains("0/weight"), error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"scale", "calls", "inner", "", "a/b"})
  void aPartNeedsAFreshNameWithoutSlashes(String name) {
    var model = new Scaled(new Relu());
    var module = assertThrows(InvalidArgumentException.class, () -> model.adopt(name, new Relu()));
    assertTrue(module.getMessage().contains("\"" + name + "\""), module.getMessage());
    assertThrows(InvalidArgumentException.class, () -> model.declare(name));
    assertEquals(List.of("scale", "calls"), names(model));
  }

  @Test
  void cyclesAreAnError() {
    var self = new Scaled(new Relu());
    assertThrows(InvalidArgumentException.class, () -> self.adopt("self", self));
    var grandchild = new Scaled(new Relu());
    var model = new Sequential(new Residual(grandchild));
    var error = assertThrows(InvalidArgumentException.class, () -> grandchild.adopt("root", model));
    assertTrue(error.getMessage().contains("cycle"), error.getMessage());
    assertEquals("", model.path());
  }

  @Test
  void nodesCarryTheModulePath() {
    var model = new Sequential().add("outer", new Residual(new Tanh()));
    Tensor x = Tensor.of(new float[] {1, 2});
    Node sum = Reading.recorded(Mode.EVALUATION, 0, 0, () -> model.apply(x));
    assertEquals("outer", sum.origin().path());
    assertEquals("outer/body", sum.input(1).origin().path());
  }

  @Test
  void initialValuesFollowFromSeedAndNameAlone() {
    var one = new Sequential(new Linear(4, 5), new Linear(4, 5));
    var other = new Sequential(new Linear(4, 5));
    one.initialise(7);
    other.initialise(7);
    assertEquals(one.state().get("0/weight"), other.state().get("0/weight"));
    assertNotEquals(one.state().get("0/weight"), one.state().get("1/weight"));
    HostArray before = other.state().get("0/weight");
    other.initialise(8);
    assertNotEquals(before, other.state().get("0/weight"));
    other.initialise(7);
    assertEquals(before, other.state().get("0/weight"));
  }

  @Test
  void initialValuesAreThoseOfTheNameAtTheTime() {
    var linear = new Linear(4, 5);
    var model = new Sequential(linear);
    model.initialise(7);
    var alone = new Linear(4, 5);
    alone.initialise(7);
    assertNotEquals(alone.state().get("weight"), model.state().get("0/weight"));
  }

  @Test
  void aTraceFillsWhatHasNoValueFromItsSeed() {
    var traced = new Linear(3, 2);
    var initialised = new Linear(3, 2);
    Tensor x = Tensor.of(new float[] {1, 2, 3});
    Reading.step(Mode.EVALUATION, 11, 0, () -> traced.apply(x));
    initialised.initialise(11);
    assertEquals(initialised.state(), traced.state());
  }

  @Test
  void stateOfAnUninitialisedModelSaysSo() {
    var error = assertThrows(InvalidArgumentException.class, () -> new Linear(2, 2).state());
    assertTrue(error.getMessage().contains("weight") && error.getMessage().contains("initialise"), error.getMessage());
  }

  @Test
  void stateInsideAStepIsWhatWasCommitted() {
    var model = new Linear(1, 1);
    model.initialise(1);
    Map<String, HostArray> before = model.state();
    Reading.step(Mode.TRAINING, 0, 0, () -> {
      model.weight().assign(model.weight().value().add(1));
      assertEquals(before, model.state());
      return model.weight().value();
    });
  }

  @Test
  void aFunctionMakesAModule() {
    Module twice = Module.of("Twice", x -> x.mul(2));
    assertEquals("Twice", twice.toString());
    assertArrayEquals(new double[] {2, -6}, Reading.doubles(twice.apply(Tensor.of(new double[] {1, -3}))));
    assertTrue(twice.parameters().isEmpty());
  }
}
