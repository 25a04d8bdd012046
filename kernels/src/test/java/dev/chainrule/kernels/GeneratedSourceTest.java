package dev.chainrule.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Few texts for many kernels, and what their threads share. */
class GeneratedSourceTest {

  private static KernelExpression.Load load(DType dtype, Shape shape) {
    return new KernelExpression.Load(0, dtype, Layout.dense(shape));
  }

  private static GeneratedSource exp(DType dtype, long... dims) {
    return GeneratedSource.of(GeneratedKernel.of(
        List.of(load(dtype, Shape.of(dims)), new KernelExpression.Apply(new Op.Exp(), List.of(0), dtype)), Shape.of(dims)), 1, false, 0, GeneratedSource.Means.ALL).getFirst();
  }

  private static GeneratedSource sum(long rows, long length) {
    Shape domain = Shape.of(rows, length);
    return GeneratedSource.of(new GeneratedKernel(domain, Axes.of(1),
        List.of(load(DType.F32, domain), new KernelExpression.Fold(Op.Fold.SUM, 0, DType.F32)),
        List.of(new GeneratedKernel.Result(1, Layout.folded(domain, Axes.of(1)))), List.of()), 1, false, 0, GeneratedSource.Means.ALL).getFirst();
  }

  @Test
  void shapesAreDataAndNoText() {
    assertEquals(exp(DType.F32, 7).source(), exp(DType.F32, 3, 5, 2).source());
    assertEquals(sum(4, 100).source(), sum(1000, 500).source());
  }

  @Test
  void typesAndOperationsAreText() {
    assertNotEquals(exp(DType.F32, 7).source().name(), exp(DType.BF16, 7).source().name());
  }

  @Test
  void copiesOfTypesOfOneSizeAreOneText() {
    Shape shape = Shape.of(9);
    Source floats = GeneratedSource.of(GeneratedKernel.copy(load(DType.F32, shape)), 1, false, 0, GeneratedSource.Means.ALL).getFirst().source();
    assertEquals(floats, GeneratedSource.of(GeneratedKernel.copy(load(DType.I32, shape)), 1, true, 0, GeneratedSource.Means.ALL).getFirst().source());
    assertNotEquals(floats, GeneratedSource.of(GeneratedKernel.copy(load(DType.F64, shape)), 1, false, 0, GeneratedSource.Means.ALL).getFirst().source());
  }

  @Test
  void theNameIsInTheText() {
    Source source = exp(DType.F32, 7).source();
    assertTrue(source.name().startsWith("exp_"), source.name());
    assertTrue(source.text().contains("void " + source.name() + "("), source.text());
  }

  @Test
  void onlyLongRowsAreShared() {
    assertFalse(sum(1, GeneratedSource.SERIAL).source().text().contains("BARRIER"));
    assertTrue(sum(1, GeneratedSource.SERIAL + 1).source().text().contains("BARRIER"));
  }

  @Test
  void groupsCoverTheRowsUpToALimit() {
    assertEquals(1, exp(DType.F32, 256).groups());
    assertEquals(2, exp(DType.F32, 257).groups());
    assertEquals(GeneratedSource.MOST_GROUPS, exp(DType.F32, 1L << 40).groups());
    assertEquals(2, sum(9, 100).groups());
  }

  /** Of what depends on the mean, as a variance does. */
  private static String spread(long length, DType dtype) {
    Shape domain = Shape.of(3, length);
    return GeneratedSource.of(new GeneratedKernel(domain, Axes.of(1), List.of(load(dtype, domain),
        new KernelExpression.Fold(Op.Fold.SUM, 0, dtype),
        new KernelExpression.Apply(new Op.Sub(), List.of(0, 1), dtype),
        new KernelExpression.Fold(Op.Fold.MAX, 2, dtype)),
        List.of(new GeneratedKernel.Result(3, Layout.folded(domain, Axes.of(1)))), List.of()), 1, false, 0, GeneratedSource.Means.ALL).getFirst().source().text();
  }

  private static List<GeneratedSource> standardised(long rows, long length) {
    Shape domain = Shape.of(rows, length);
    return GeneratedSource.of(new GeneratedKernel(domain, Axes.of(1), List.of(load(DType.F32, domain),
        new KernelExpression.Fold(Op.Fold.SUM, 0, DType.F32),
        new KernelExpression.Apply(new Op.Sub(), List.of(0, 1), DType.F32),
        new KernelExpression.Fold(Op.Fold.MAX, 2, DType.F32),
        new KernelExpression.Apply(new Op.Div(), List.of(2, 3), DType.F32)),
        List.of(new GeneratedKernel.Result(4, Layout.dense(domain))), List.of()), 1, false, 0, GeneratedSource.Means.ALL);
  }

  /** Two for each fold that needs another, one for what is stored at each element. */
  @Test
  void fewLongRowsAreSharedOutByChunksInStages() {
    assertEquals(1, standardised(3, 3 * GeneratedSource.CHUNK).size());
    assertEquals(1, standardised(4096, 10 * GeneratedSource.CHUNK).size());
    List<GeneratedSource> stages = standardised(16, 100 * GeneratedSource.CHUNK);
    assertEquals(List.of(200L, 1L, 200L, 1L, 200L), stages.stream().map(GeneratedSource::groups).toList());
    assertEquals((16 * 100 + 2 * 16) * 8, stages.getFirst().partialBytes());
  }

  @Test
  void rowsThatAreNeededTwiceAreHeldInOneOfFewClasses() {
    assertTrue(spread(100, DType.F32).contains("f32 h0[4]"), spread(100, DType.F32));
    assertEquals(spread(100, DType.F32), spread(128, DType.F32));
    assertTrue(spread(768, DType.BF16).contains("f32 h0[24]"));
    assertTrue(spread(2048, DType.F32).contains("f32 h0[64]"));
  }

  @Test
  void rowsOfMoreThanAChunkOrTooManyRegistersAreReadAgain() {
    assertFalse(spread(2049, DType.F32).contains("h0["));
    assertTrue(spread(1024, DType.F64).contains("f64 h0[32]"));
    assertFalse(spread(1025, DType.F64).contains("h0["), "128 registers");
    assertFalse(sum(4, 100).source().text().contains("h0["), "once is enough");
  }

  /** Of a residual the sum is kept, not its terms. */
  @Test
  void whatGoesIntoOneValueIsNotHeldButThat() {
    Shape domain = Shape.of(3, 100);
    String text = GeneratedSource.of(new GeneratedKernel(domain, Axes.of(1), List.of(load(DType.F32, domain),
        new KernelExpression.Load(1, DType.F32, Layout.dense(domain)),
        new KernelExpression.Apply(new Op.Add(), List.of(0, 1), DType.F32),
        new KernelExpression.Fold(Op.Fold.SUM, 2, DType.F32),
        new KernelExpression.Apply(new Op.Sub(), List.of(2, 3), DType.F32)),
        List.of(new GeneratedKernel.Result(4, Layout.dense(domain))), List.of()), 1, false, 0, GeneratedSource.Means.ALL).getFirst().source().text();
    assertTrue(text.contains("h2[4]"), text);
    assertFalse(text.contains("h0[") || text.contains("h1["), text);
  }

  private static GeneratedSource twice(DType dtype, Layout layout, boolean aligned) {
    return GeneratedSource.of(GeneratedKernel.of(List.of(new KernelExpression.Load(0, dtype, layout),
        new KernelExpression.Apply(new Op.Add(), List.of(0, 0), dtype)), layout.shape()), 1, false, 0, new GeneratedSource.Means(aligned, true)).getFirst();
  }

  private static Layout dense(long elements) {
    return Layout.dense(Shape.of(elements));
  }

  @Test
  void elementsWithoutGapsAreLoadedBySixteenBytes() {
    String text = twice(DType.F32, dense(1024), true).source().text();
    assertTrue(text.contains("ALIGNED(16) { f32 at[4]; } pack0") && text.contains("f32 at[4]; } pack1"), text);
    assertTrue(twice(DType.BF16, dense(1027), true).source().text().contains("ALIGNED(16) { u16 at[8]; } pack0"));
    assertEquals(twice(DType.F32, dense(1024), true).source(), twice(DType.F32, dense(5000), true).source());
    assertEquals(2, twice(DType.F32, dense(1028), true).groups());
  }

  @Test
  void otherElementsAreLoadedOneByOne() {
    Layout everyOther = Layout.dense(Shape.of(4096)).slice(List.of(new Op.Range(0, 2048, 2)));
    Layout odd = Layout.dense(Shape.of(4096)).slice(List.of(new Op.Range(3, 2048, 1)));
    Layout even = Layout.dense(Shape.of(4096)).slice(List.of(new Op.Range(4, 2048, 1)));
    assertFalse(twice(DType.F32, dense(1023), true).source().text().contains("pack"), "too few");
    assertFalse(twice(DType.F32, dense(1024), false).source().text().contains("pack"), "anywhere");
    assertFalse(twice(DType.F32, everyOther, true).source().text().contains("pack"), "gaps");
    assertFalse(twice(DType.F32, odd, true).source().text().contains("pack"), "begins between two");
    assertTrue(twice(DType.F32, even, true).source().text().contains("pack"));
  }
}
