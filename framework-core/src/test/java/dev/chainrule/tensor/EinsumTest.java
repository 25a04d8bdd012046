package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.array;
import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class EinsumTest {

  private static final Tensor X = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
  private static final Tensor Y = Tensor.of(new double[] {1, 0, 2, -1, 1, 3}, 3, 2);
  private static final Tensor V = Tensor.of(new double[] {1, 10, 100});

  @Test
  @Tag("S8.8")
  void knownNotationsMeanWhatTheyMeanInNumPy() {
    assertArrayEquals(read(X.matmul(Y)), read(Tensor.einsum("ij,jk->ik", X, Y)));
    assertArrayEquals(read(X.matmul(Y)), read(Tensor.einsum("ij,jk", X, Y)));
    assertArrayEquals(read(X.matmul(Y).transpose()), read(Tensor.einsum("ij,jk->ki", X, Y)));
    assertArrayEquals(new double[] {1, 4, 2, 5, 3, 6}, read(Tensor.einsum("ji", X)));
    assertArrayEquals(new double[] {21}, read(Tensor.einsum("ij->", X)));
    assertArrayEquals(new double[] {6, 15}, read(Tensor.einsum("ij->i", X)));
    assertArrayEquals(new double[] {321, 654}, read(Tensor.einsum("ij,j", X, V)));
    assertArrayEquals(new double[] {5, 10101}, read(Tensor.einsum("ij,ij->i", Tensor.stack(0, V.slice(0, 0, 3), V), Tensor.stack(0,
        Tensor.of(new double[] {5, 0, 0}), V))));
    assertEquals(Shape.of(2, 3, 3, 2), Tensor.einsum("ij,kl", X, Y).shape());
    assertArrayEquals(new double[] {1, 1, 3}, read(Tensor.einsum("ii->i", Tensor.of(new double[] {1, 2, 9, 1, 1, 3, 4, 5, 3}, 3, 3))));
    assertArrayEquals(new double[] {5}, read(Tensor.einsum("ii", Tensor.of(new double[] {1, 2, 9, 1, 1, 3, 4, 5, 3}, 3, 3))));
  }

  @Test
  void capitalsComeFirstAndSpacesMeanNothing() {
    assertArrayEquals(new double[] {1, 4, 2, 5, 3, 6}, read(Tensor.einsum("aB", X)));
    assertArrayEquals(read(X.matmul(Y)), read(Tensor.einsum(" i j , j k -> i k ", X, Y)));
  }

  @Test
  void scalarsAreOperandsWithoutLetters() {
    Tensor two = Tensor.of(HostArray.ofDoubles(TensorType.scalar(DType.F64), 2));
    assertArrayEquals(new double[] {2, 4, 6, 8, 10, 12}, read(Tensor.einsum(",ij", two, X)));
    assertArrayEquals(new double[] {4}, read(Tensor.einsum(",->", two, two)));
    assertArrayEquals(new double[] {2}, read(Tensor.einsum("", two)));
  }

  @Test
  @Tag("S8.8")
  void ellipsesLineUpAtTheLastAxisAndBroadcast() {
    Tensor batch = Tensor.ones(TensorType.of(DType.F64, 4, 1, 2, 3));
    assertEquals(Shape.of(4, 5, 2, 2), Tensor.einsum("...ij,...jk->...ik", batch, Y.broadcastTo(Shape.of(5, 3, 2))).shape());
    assertEquals(Shape.of(2, 4, 5, 2), Tensor.einsum("...ij,...jk->k...i", batch, Y.broadcastTo(Shape.of(5, 3, 2))).shape());
    assertEquals(Shape.of(4, 1, 3, 2), Tensor.einsum("...ij->...ji", batch).shape());
    assertEquals(Shape.of(4, 1), Tensor.einsum("...ij,j,i", batch, V, Tensor.of(new double[] {1, 1})).shape());
  }

  @Test
  @Tag("S8.9")
  void integersStayInTheirTypeAndWrap() {
    Tensor bytes = Tensor.of(HostArray.ofLongs(TensorType.of(DType.U8, 2, 2), 200, 100, 3, 4));
    assertEquals(HostArray.ofLongs(TensorType.of(DType.U8, 2), (200 + 100) % 256, 7), array(Tensor.einsum("ij->i", bytes)));
    assertEquals(TensorType.of(DType.U8, 2, 2), Tensor.einsum("ij,jk", bytes, bytes).type());
    assertArrayEquals(new long[] {(200 * 200 + 300) % 256, (20_000 + 400) % 256, (600 + 12) % 256, (300 + 16) % 256},
        readLongs(Tensor.einsum("ij,jk", bytes, bytes)));
  }

  @Test
  @Tag("S8.9")
  void aLetterOfOneOperandIsSummedBeforeTheProduct() {
    Tensor z = Tensor.einsum("ij,kl->i", X, Y);
    long largest = Graphs.topological(List.of(z.node())).stream().mapToLong(n -> n.type().elements()).max().orElseThrow();
    assertEquals(6, largest, z.explain());
    assertArrayEquals(new double[] {36, 90}, read(z));
  }

  @Test
  void aProductWithoutASumIsNoMatrixProduct() {
    Tensor z = Tensor.einsum("ij,j->ij", X, V);
    assertTrue(Graphs.topological(List.of(z.node())).stream().noneMatch(n -> n.op() instanceof Op.Dot), z.explain());
  }

  // --- against loops over all indices --------------------------------------------------------------------------------------------------

  @Test
  @Tag("S8.8")
  void anySubscriptsAreTheSumOverAllIndices() {
    var random = new SplittableRandom(20);
    for (int round = 0; round < 1_500; round++) {
      var drawn = new RandomSubscripts(random);
      Tensor[] operands = drawn.shapes().stream().map(shape -> integers(random, shape)).toArray(Tensor[]::new);
      Tensor result = Tensor.einsum(drawn.text(), operands);
      assertEquals(Shape.of(drawn.resultShape()), result.shape(), () -> drawn + " " + Arrays.toString(operands));
      // As whole numbers: the sign of a zero sum is open.
      long[] expected = Arrays.stream(drawn.naive(Arrays.stream(operands).map(Values::read).toList())).mapToLong(v -> (long) v).toArray();
      assertArrayEquals(expected, readLongs(result), () -> drawn + " " + Arrays.toString(operands));
      if (round % 3 == 0) {
        Tensor[] whole = Arrays.stream(operands).map(x -> x.cast(DType.I32)).toArray(Tensor[]::new);
        assertArrayEquals(expected, readLongs(Tensor.einsum(drawn.text(), whole)));
      }
    }
  }

  /** Small whole numbers: every sum is exact. */
  private static Tensor integers(SplittableRandom random, long[] shape) {
    TensorType type = TensorType.of(DType.F64, shape);
    return Tensor.of(HostArray.ofDoubles(type, random.ints(type.elements(), -4, 5).asDoubleStream().toArray()));
  }

  // --- what is refused -----------------------------------------------------------------------------------------------------------------

  private static void assertRefused(Class<? extends ChainruleException> type, String start, String subscripts, Tensor... operands) {
    var e = assertThrows(type, () -> Tensor.einsum(subscripts, operands));
    assertTrue(e.getMessage().startsWith("[einsum] " + start), e.getMessage());
    assertTrue(e.getMessage().contains("EinsumTest"), e.getMessage());
  }

  @Test
  void sizesThatDifferAreNamed() {
    assertRefused(ShapeMismatchException.class,
        "\"ij,jk->ik\": 'j' is 3 in operand 0, f64[2,3], and 2 in operand 1, f64[2,3]", "ij,jk->ik", X, X);
    assertRefused(ShapeMismatchException.class, "\"ii\": 'i' is 2 in operand 0, f64[2,3], and 3 in operand 0, f64[2,3]", "ii", X);
    assertRefused(ShapeMismatchException.class, "\"...i,...i\": axis -1 of the ellipsis is 2 in operand 0, f64[2,3], and 4 in operand 1",
        "...i,...i", X, Tensor.ones(TensorType.of(DType.F64, 4, 3)));
    // A diagonal broadcasts nothing, whichever size comes first.
    assertRefused(ShapeMismatchException.class, "\"ii\": 'i' is 1", "ii", V.unsqueeze(0));
    assertRefused(ShapeMismatchException.class, "\"ii\": 'i' is 3", "ii", V.unsqueeze(1));
    assertRefused(ShapeMismatchException.class, "\"i,ii\": 'i' is 1 in operand 1", "i,ii", V, V.unsqueeze(0));
  }

  @Test
  void axesThatDoNotFitTheLettersAreNamed() {
    assertRefused(ShapeMismatchException.class, "\"ij,jkl\": operand 1 is f64[3,2], expected 3 axes for \"jkl\"", "ij,jkl", X, Y);
    assertRefused(ShapeMismatchException.class, "\"i\": operand 0 is f64[2,3], expected 1 axes for \"i\"", "i", X);
    assertRefused(ShapeMismatchException.class, "\"...ijk\": operand 0 is f64[2,3], expected 3 or more axes", "...ijk", X);
  }

  @Test
  void resultsThatMakeNoSenseAreRefused() {
    assertRefused(InvalidArgumentException.class, "\"ij->ik\": 'k' of the result is in no operand", "ij->ik", X);
    assertRefused(InvalidArgumentException.class, "\"ij->ii\": 'i' occurs twice in the result", "ij->ii", X);
    assertRefused(InvalidArgumentException.class, "\"i...->i\": the result has no place for the axes of the ellipsis", "i...->i", X);
    assertRefused(InvalidArgumentException.class, "\"ij->i->j\" has more than one ->", "ij->i->j", X);
  }

  @Test
  void whatIsNoSubscriptIsRefused() {
    assertRefused(InvalidArgumentException.class, "\"ij,jk\" has subscripts for 2 operands, got 1", "ij,jk", X);
    assertRefused(InvalidArgumentException.class, "\"ij\" has subscripts for 1 operands, got 2", "ij", X, Y);
    assertRefused(InvalidArgumentException.class, "\"i1\": '1' in \"i1\", expected letters", "i1", X);
    assertRefused(InvalidArgumentException.class, "\"i-\": '-' in", "i-", X);
    assertRefused(InvalidArgumentException.class, "\"iä\": 'ä' in", "iä", X);
    assertRefused(InvalidArgumentException.class, "\".i\": '.' in", ".i", X);
    Tensor wide = Tensor.ones(TensorType.of(DType.F64, 1, 1, 1, 1, 1));
    assertRefused(InvalidArgumentException.class, "\"...i...\": '.' in", "...i...", wide);
    assertRefused(InvalidArgumentException.class, "\"ij->I!\": '!' in", "ij->I!", X);
    assertRefused(InvalidArgumentException.class, "no tensors given", "");
  }

  @Test
  void operandsAreNumbersOfOneType() {
    assertRefused(DTypeMismatchException.class, "element types differ: f64[2,3] and f32[3,2]", "ij,jk", X, Y.cast(DType.F32));
    assertRefused(DTypeMismatchException.class, "not defined for bool[2,3]", "ij", X.cast(DType.BOOL));
  }
}
