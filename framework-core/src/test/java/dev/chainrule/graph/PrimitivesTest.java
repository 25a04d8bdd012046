package dev.chainrule.graph;

import static dev.chainrule.graph.Reference.assertClose;
import static dev.chainrule.graph.Reference.evaluate;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PrimitivesTest {

  static Stream<SampleGraphs.Sample> samples() {
    return SampleGraphs.all().stream();
  }

  @ParameterizedTest
  @MethodSource("samples")
  @Tag("S5.4") @Tag("S5.10") @Tag("S5.22") @Tag("S6.3") @Tag("S6.5") @Tag("S11.1") @Tag("S11.6")
  void meansWhatItsDefinitionSays(SampleGraphs.Sample sample) {
    assertEquals(sample.expected().stream().map(HostArray::type).toList(), sample.node().types());
    assertClose(sample.expected().getFirst(), evaluate(sample.node()).getFirst(), sample.tolerance());
    for (int i = 0; i < sample.expected().size(); i++) {
      assertClose(sample.expected().get(i), evaluate(Ops.node(new Op.Result(i), sample.node())).getFirst(), sample.tolerance());
    }
  }

  @Test
  void eachPrimitiveHasASample() {
    Set<String> sampled = samples().map(sample -> sample.of().getSimpleName()).collect(Collectors.toCollection(TreeSet::new));
    assertEquals(primitives(Op.class).map(Class::getSimpleName).collect(Collectors.toCollection(TreeSet::new)), sampled);
  }

  private static Stream<Class<?>> primitives(Class<?> type) {
    return type.isSealed() ? Stream.of(type.getPermittedSubclasses()).flatMap(PrimitivesTest::primitives) : Stream.of(type);
  }
}
