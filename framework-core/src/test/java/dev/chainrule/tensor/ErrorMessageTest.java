package dev.chainrule.tensor;

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
    assertMessage(message, "[axis] axis 2 of f32[64,3]", line, "Axes go from -2 to 1.");
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
