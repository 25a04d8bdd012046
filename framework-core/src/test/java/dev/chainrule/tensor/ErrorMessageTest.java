package dev.chainrule.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A message has the operation and the problem, the caller's line, and the way out. */
class ErrorMessageTest {

  private static final Tensor X = Tensor.of(new float[64 * 3], 64, 3);

  private static List<String> message(Executable mistake) {
    return assertThrows(ChainruleException.class, mistake).getMessage().lines().toList();
  }

  /** Where the caller of this method stands. */
  private static int line() {
    return StackWalker.getInstance().walk(f -> f.skip(1).findFirst().orElseThrow().getLineNumber());
  }

  private static void assertMessage(List<String> message, String problem, int line, String remedy) {
    assertEquals(problem, message.get(0));
    assertTrue(message.get(1).startsWith("  at ErrorMessageTest."), message.get(1));
    assertTrue(message.get(1).endsWith("(ErrorMessageTest.java:" + line + ")"), message.get(1) + ", expected line " + line);
    assertEquals(3, message.size());
    assertTrue(message.get(2).startsWith("  ") && message.get(2).contains(remedy), message.get(2));
  }

  @Test
  void productsThatDoNotFit() {
    int line = line() + 1;
    List<String> message = message(() -> X.matmul(Tensor.of(new float[10], 5, 2)));
    assertMessage(message, "[matmul] inner dimensions differ: f32[64,3] x f32[5,2] (3 vs 5)", line, "transpose() swaps them");
  }

  @Test
  void batchesOfProductsAreNamedAsTheUserGaveThem() {
    int line = line() + 1;
    List<String> message = message(() -> X.reshape(4, 16, 3).matmul(Tensor.of(new float[10], 5, 2)));
    assertMessage(message, "[matmul] inner dimensions differ: f32[4,16,3] x f32[5,2] (3 vs 5)", line, "transpose() swaps them");
  }

  @Test
  @Tag("S1.5")
  void shapesThatDoNotBroadcast() {
    int line = line() + 1;
    List<String> message = message(() -> X.add(Tensor.of(new float[4])));
    assertMessage(message, "[add] shapes do not broadcast: f32[64,3] and f32[4] (3 vs 4)", line, "equal or 1");
  }

  @Test
  @Tag("S1.5") @Tag("S1.6")
  void typesThatDoNotMix() {
    int line = line() + 1;
    List<String> message = message(() -> X.mul(Tensor.of(new double[3])));
    assertMessage(message, "[mul] element types differ: f32[64,3] and f64[3]", line, "cast one of them");
  }

  @Test
  void axesThatDoNotExist() {
    int line = line() + 1;
    List<String> message = message(() -> X.softmax(2));
    assertMessage(message, "[softmax] axis 2 of f32[64,3]", line, "Axes go from -2 to 1.");
  }

  /** A call and what its message begins with and contains. */
  private static void assertNamed(String problem, String remedy, Executable mistake) {
    List<String> message = message(mistake);
    assertEquals(problem, message.getFirst());
    assertEquals(remedy.isEmpty() ? 2 : 3, message.size(), message.toString());
    assertTrue(message.getLast().contains(remedy), message.getLast());
  }

  @Test
  void methodsOfAxesAreNamedAsTheyWereCalled() {
    String remedy = "Axes go from -2 to 1.";
    assertNamed("[sum] axis 5 of f32[64,3]", remedy, () -> X.sum(5));
    assertNamed("[max] axis -3 of f32[64,3]", remedy, () -> X.max(0, -3));
    assertNamed("[mean] axis 2 of f32[64,3]", remedy, () -> X.mean(2));
    assertNamed("[std] axis 2 of f32[64,3]", remedy, () -> X.std(2));
    assertNamed("[logsumexp] axis 2 of f32[64,3]", remedy, () -> X.logsumexp(2));
    assertNamed("[all] axis 2 of bool[64,3]", remedy, () -> X.less(0).all(2));
    assertNamed("[argmin] axis 2 of f32[64,3]", remedy, () -> X.argmin(2));
    assertNamed("[cumprod] axis 2 of f32[64,3]", remedy, () -> X.cumprod(2));
    assertNamed("[sort] axis 2 of f32[64,3]", remedy, () -> X.sort(2));
    assertNamed("[topk] axis 2 of f32[64,3]", remedy, () -> X.topk(1, 2));
    assertNamed("[take] axis 2 of f32[64,3]", remedy, () -> X.take(2, Tensor.of(new int[1])));
    assertNamed("[concat] axis 2 of f32[64,3]", remedy, () -> Tensor.concat(2, X, X));
    assertNamed("[dim] axis 2 of f32[64,3]", remedy, () -> X.dim(2));
    assertNamed("[permute] axis 2 of f32[64,3]", remedy, () -> X.permute(0, 2));
    assertNamed("[sum] axes [1, -1] of f32[64,3]", "Name each axis once.", () -> X.sum(1, -1));
  }

  @Test
  void scalarsHaveNoAxes() {
    Tensor scalar = Tensor.scalar(2);
    String remedy = "A scalar has no axes: reshape(1) gives it one.";
    assertNamed("[softmax] axis 0 of f32[]", remedy, () -> scalar.softmax(0));
    assertNamed("[argmax] axis -1 of f32[]", remedy, () -> scalar.argmax(-1));
    assertNamed("[cumsum] axis 0 of f32[]", remedy, () -> scalar.cumsum(0));
    assertNamed("[sort] axis 0 of f32[]", remedy, () -> scalar.sort(0));
    assertArrayEquals(new double[] {1}, Values.read(scalar.reshape(1).softmax(0)));
  }

  @Test
  @Tag("S5.26")
  void functionsOfFloatsAreNamedAsTheyWereCalled() {
    Tensor i = Tensor.of(new int[] {1, 2});
    Map<String, Executable> calls = Map.ofEntries(
        Map.entry("softmax", () -> i.softmax(0)), Map.entry("logSoftmax", () -> i.logSoftmax(0)),
        Map.entry("sigmoid", i::sigmoid), Map.entry("silu", i::silu), Map.entry("gelu", i::gelu), Map.entry("geluTanh", i::geluTanh),
        Map.entry("softplus", i::softplus), Map.entry("leakyRelu", () -> i.leakyRelu(0.1)), Map.entry("reciprocal", i::reciprocal),
        Map.entry("isNaN", i::isNaN), Map.entry("isInfinite", i::isInfinite), Map.entry("isFinite", i::isFinite));
    calls.forEach((name, call) ->
        assertNamed("[" + name + "] not defined for i32[2]", "Cast it first: cast(DType.F32)." + name + "().", call));
    assertNamed("[crossEntropy] logits are i32[1,2], expected a floating type", "cast(DType.F32)",
        () -> Composites.softmaxCrossEntropy(i.reshape(1, 2), Tensor.of(new int[1])));
  }

  @Test
  @Tag("S5.14")
  void onlyQuotientsAreSentToFloorDiv() {
    Tensor i = Tensor.of(new int[] {1, 2});
    assertNamed("[exp] not defined for i32[2]", "Cast to f32 first.", i::exp);
    assertNamed("[div] not defined for i32[2]", "Cast to f32 first; for integer quotients use floorDiv.", () -> i.div(i));
  }

  @Test
  @Tag("S1.6")
  void productsOfWrongTypesAreNamedMatmul() {
    Tensor batch = Tensor.of(new float[12], 2, 2, 3);
    assertNamed("[matmul] element types differ: f32[2,2,3] and f64[3]", "cast one of them", () -> batch.matmul(Tensor.of(new double[3])));
    assertNamed("[matmul] element types differ: f32[2,2,3] and f64[4]", "cast one of them", () -> batch.matmul(Tensor.of(new double[4])));
    assertNamed("[matmul] not defined for bool[2,2,3]", "Cast to a number first.", () -> batch.less(0).matmul(batch.less(0)));
  }

  @Test
  void movementIsNamedAsItWasCalled() {
    Tensor x = Tensor.of(new float[3]);
    assertNamed("[select] index 3 of axis 0 of f32[3]", "Indices go from -3 to 2.", () -> x.select(0, 3));
    assertNamed("[select] index -4 of axis 0 of f32[3]", "Indices go from -3 to 2.", () -> x.select(-1, -4));
    assertNamed("[select] index 0 of axis 0 of f32[0]", "The axis is empty.", () -> x.slice(0, 0, 0).select(0, 0));
    assertNamed("[select] axis 1 of f32[3]", "Axes go from -1 to 0.", () -> x.select(1, 0));
    assertNamed("[stack] axis 2 for f32[3]", "The new axis stands at -2 to 1.", () -> Tensor.stack(2, x, x));
    assertNamed("[unsqueeze] axis -3 for f32[3]", "The new axis stands at -2 to 1.", () -> x.unsqueeze(-3));
    assertNamed("[stack] no tensors given", "type would be unknown", () -> Tensor.stack(0));
    assertNamed("[stack] shapes differ: f32[3] and f32[2]", "concat", () -> Tensor.stack(0, x, x.slice(0, 0, 2)));
    assertNamed("[stack] element types differ: f32[3] and f64[3]", "cast one of them", () -> Tensor.stack(0, x, Tensor.of(new double[3])));
  }

  @Test
  @Tag("S10.1")
  void shapesThatCannotBeWorkedOut() {
    assertNamed("[reshape] f32[64,3] to [-1, -1]: several sizes are -1", "Only one can be worked out", () -> X.reshape(-1, -1));
    assertNamed("[reshape] f32[64,3] to [-2, 96]: a negative size", "One size may be -1", () -> X.reshape(-2, 96));
  }

  @Test
  void countsThatAreNegative() {
    assertNamed("[arange] count is -1, expected 0 or more", "", () -> Tensor.arange(DType.I32, -1));
    assertNamed("[arange] not defined for bool", "Use a number type.", () -> Tensor.arange(DType.BOOL, 3));
    assertNamed("[linspace] count is -1, expected 0 or more", "", () -> Tensor.linspace(DType.F32, 0, 1, -1));
    assertNamed("[eye] rows is -1, expected 0 or more", "", () -> Tensor.eye(DType.F32, -1));
    assertNamed("[eye] columns is -2, expected 0 or more", "", () -> Tensor.eye(DType.F32, 1, -2));
  }

  @Test
  void theLineIsTheCallersEvenThroughACompositesBody() {
    Tensor labels = Tensor.of(new int[64]);
    int line = line() + 1;
    List<String> message = message(() -> Composites.softmaxCrossEntropy(X, labels.reshape(8, 8)));
    assertTrue(message.get(1).endsWith("(ErrorMessageTest.java:" + line + ")"), message.toString());
  }

  @Test
  void itemIsForOneElement() {
    var e = assertThrows(ShapeMismatchException.class, X::item);
    assertTrue(e.getMessage().startsWith("[item] f32[64,3] has 192 elements, expected one"), e.getMessage());
    assertThrows(ShapeMismatchException.class, () -> Tensor.of(new float[0]).item());
    assertEquals(3.5, Tensor.of(new float[] {3.5f}, 1, 1).item());
  }

  @Test
  @Tag("S2.7")
  void itemIsExactOrAnError() {
    long beyond = (1L << 53) + 1;
    var e = assertThrows(InvalidArgumentException.class, () -> Tensor.of(new long[] {beyond}).item());
    assertTrue(e.getMessage().startsWith("[item] 9007199254740993 is not exact as a double"), e.getMessage());
    assertTrue(e.getMessage().contains("itemAsLong()"), e.getMessage());
    assertThrows(InvalidArgumentException.class, () -> Tensor.of(new long[] {Long.MAX_VALUE}).item());
    assertEquals(-0x1p63, Tensor.of(new long[] {Long.MIN_VALUE}).item());
    assertEquals(0x1p53, Tensor.of(new long[] {beyond - 1}).item());
    assertEquals(beyond, Tensor.of(new long[] {beyond}).itemAsLong());
    assertEquals(Long.MAX_VALUE, Tensor.scalar(DType.I64, Long.MAX_VALUE).itemAsLong());
    assertEquals(1, Tensor.scalar(DType.BOOL, 1).itemAsLong());
    assertThrows(DTypeMismatchException.class, () -> Tensor.scalar(1.5).itemAsLong());
    assertThrows(ShapeMismatchException.class, () -> Tensor.of(new long[2]).itemAsLong());
    assertEquals("i64[1] [9007199254740993]", Tensor.of(new long[] {beyond}).toString());
  }

  @Test
  void variablesKeepTheirType() {
    Variable w = Variable.of("hidden/weight", HostArray.ofFloats(TensorType.of(DType.F32, 2), 1, 2), true);
    List<String> message = message(() -> w.assign(Tensor.of(new float[3])));
    assertEquals("[hidden/weight] the variable is f32[2], the new value f32[3]", message.get(0));
    assertEquals("[hidden/weight] the variable is f32[2], the new value f64[2]", message(() -> w.assign(Tensor.of(new double[2]))).get(0));
    assertEquals("hidden/weight f32[2]", w.toString());
  }

  @Test
  @Tag("S15.11")
  void aVariableWithoutAValueSaysHowToGiveItOne() {
    Variable w = Variable.declared("w", TensorType.of(DType.F32, 1), true, seed -> HostArray.ofFloats(TensorType.of(DType.F32, 1), seed));
    var e = assertThrows(ChainruleException.class, () -> Values.read(w.value()));
    assertTrue(e.getMessage().startsWith("[w] the variable has no value yet"), e.getMessage());
    assertTrue(e.getMessage().contains("initialise(seed)"), e.getMessage());
    w.initialise(3);
    assertEquals(3, Values.read(w.value())[0]);
  }

  @Test
  void explainShowsThePendingGraph() {
    assertEquals("""
        %0 = input f32[64,3]
        %1 = reduce f32[3] (%0) sum axes=[0]
        return %1
        """, X.sum(0).explain());
  }
}
