package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Matrix products go to the library, which is told what is meant; without it they run on kernels. */
class ProductsTest {

  /** A number that TF32 rounds to 1, f32 does not. */
  private static final float BEYOND_TF32 = 1 + 0x1p-12f;

  /** An operand as it lies in memory, and as it goes into the product. */
  private record View(String name, UnaryOperator<Tensor> move, long... stored) {}

  private static long products() {
    return OnTheStandIn.standIn().count("products");
  }

  /** Small whole numbers: their sums are exact in every type and order. */
  private static HostArray data(DType dtype, long seed, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    return HostArray.ofLongs(type, new SplittableRandom(seed).longs(type.elements(), -3, 4).toArray());
  }

  /** A matrix of the batch as everything that a plan may find in memory. */
  private static List<View> views(int rows, int columns) {
    return List.of(
        new View("dense", x -> x, 2, 3, rows, columns),
        new View("transposed", Tensor::transpose, 2, 3, columns, rows),
        new View("batch behind rows", x -> x.permute(1, 2, 0, 3), rows, 2, 3, columns),
        new View("heads beside one another", x -> x.permute(0, 2, 1, 3), 2, rows, 3, columns),
        new View("batch last but one", x -> x.permute(2, 0, 1, 3), 3, rows, 2, columns),
        new View("one for all", x -> x.broadcastTo(Shape.of(2, 3, rows, columns)), rows, columns),
        new View("one for each of three", x -> x.broadcastTo(Shape.of(2, 3, rows, columns)), 3, rows, columns),
        new View("inside another", x -> x.slice(2, 1, rows + 1).slice(3, 2, columns + 2), 2, 3, rows + 3, columns + 5),
        new View("steps", x -> x.slice(2, 0, 2 * rows, 2).slice(3, 0, 2 * columns, 2), 2, 3, 2 * rows, 2 * columns),
        new View("the same row", x -> x.broadcastTo(Shape.of(2, 3, rows, columns)), 1, columns));
  }

  private static void assertProduct(DType dtype, View left, View right) {
    Tensor x = Tensor.of(data(dtype, 1, left.stored));
    Tensor w = Tensor.of(data(dtype, 2, right.stored));
    Tensor meant = left.move.apply(x).matmul(right.move.apply(w));
    HostArray expected = Interpreter.evaluate(List.of(meant.node()), Engine::read).getFirst();
    Step step = Step.evaluation(in -> List.of(left.move.apply(in.get(0)).matmul(right.move.apply(in.get(1)))));
    assertArrayEquals(expected.toDoubleArray(), step.run(x, w).getFirst().toDoubleArray(), dtype + " " + left.name + " by " + right.name);
  }

  @Test
  @Tag("S19.17")
  void allTypesTranspositionsBatchesAndStrides() {
    OnTheStandIn.with(_ -> {
      for (DType dtype : List.of(DType.F32, DType.F64, DType.F16, DType.BF16)) {
        for (View left : views(5, 7)) {
          for (View right : views(7, 4)) {
            long before = products();
            assertProduct(dtype, left, right);
            boolean own = List.of(left.name, right.name).contains("steps") || left.name.equals("the same row") || right.name.equals("the same row");
            assertEquals(own, products() == before, dtype + " " + left.name + " by " + right.name);
          }
        }
      }
    });
  }

  @Test
  void degenerateSizes() {
    OnTheStandIn.with(_ -> {
      for (int[] size : new int[][] {{1, 1, 1}, {1, 6, 1}, {4, 1, 5}, {1, 5, 9}, {9, 5, 1}, {3, 0, 4}, {0, 3, 4}, {2, 3, 0}}) {
        for (View left : views(size[0], size[1])) {
          assertProduct(DType.F32, left, views(size[1], size[2]).getFirst());
        }
      }
    });
  }

  @Test
  void integersWrapOnKernelsOfOurOwn() {
    OnTheStandIn.with(_ -> {
      long before = products();
      assertProduct(DType.I32, views(5, 7).getFirst(), views(7, 4).getFirst());
      assertEquals(before, products());
    });
  }

  @Test
  @Tag("S19.17")
  void withoutTheLibraryKernelsOfOurOwnDoIt() {
    long before = products();
    try (CudaDevice device = OnTheStandIn.open(OnTheStandIn.usual(), Libraries.NONE)) {
      OnTheStandIn.run(device, () -> assertProduct(DType.F32, views(5, 7).get(1), views(7, 4).getFirst()));
    }
    OnTheStandIn.assertNothingLeft();
    assertEquals(before, products());
  }

  @Test
  void aLibraryThatDoesNotStartIsDoneWithout() {
    long before = products();
    OnTheStandIn.standIn().fail("products", 1);
    OnTheStandIn.with(_ -> assertProduct(DType.F32, views(5, 7).getFirst(), views(7, 4).getFirst()));
    assertEquals(before, products());
  }

  @Test
  void aProductWithoutAnAlgorithmRunsOnAKernel() {
    OnTheStandIn.with(_ -> {
      long before = products();
      OnTheStandIn.standIn().fail("algorithm", 1);
      assertProduct(DType.F32, views(5, 7).getFirst(), views(7, 4).getFirst());
      assertEquals(before, products());
    });
  }

  private static double product(Step step) {
    return step.run(Tensor.of(new float[] {BEYOND_TF32}, 1, 1), Tensor.of(new float[] {1}, 1, 1)).getFirst().item();
  }

  @Test
  @Tag("S19.16")
  void f32IsStrictUnlessAPolicyAllowsLess() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> List.of(in.get(0).matmul(in.get(1))));
      for (int i = 0; i < 2; i++) {
        assertEquals(BEYOND_TF32, product(step), "strict");
        assertEquals(1.0, Precision.TF32.call(() -> product(step)), "another plan of the same Step");
      }
      assertEquals(BEYOND_TF32, product(step.withPrecision(Precision.AS_WRITTEN)));
      assertEquals(1.0, product(step.withPrecision(Precision.TF32)));
    });
  }

  @Test
  void gradientsOfAReducedProductAreReduced() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> {
        Tensor loss = Precision.TF32.call(() -> in.get(1).matmul(in.get(0)).sum());
        return Gradients.of(loss, List.of(in.get(1)));
      });
      assertEquals(1.0, product(step));
    });
  }

  /** Slices of a loop begin where their size has them begin: the library is not told of a better alignment. */
  @Test
  void slicesOfALoopAtOddAddresses() {
    OnTheStandIn.with(_ -> {
      for (DType dtype : List.of(DType.F32, DType.BF16)) {
        Tensor x = Tensor.of(data(dtype, 3, 4, 3, 5));
        Tensor w = Tensor.of(data(dtype, 4, 5, 3));
        Step step = Step.evaluation(in -> List.of(Loop.scan(4, List.of(), List.of(in.get(0)), (_, _, slices) ->
            new Loop.Results(List.of(), List.of(slices.getFirst().matmul(in.get(1))))).outputs().getFirst()));
        long before = products();
        double[] expected = x.matmul(w).toDoubleArray();
        for (int i = 0; i < 3; i++) {
          assertArrayEquals(expected, step.run(x, w).getFirst().toDoubleArray());
        }
        assertEquals(1 + 3 * 4, products() - before);
      }
    });
  }

  @Test
  void aCapturedProductIsTheSame() {
    OnTheStandIn.with(_ -> {
      long replays = OnTheStandIn.standIn().count("replays");
      Step step = Step.evaluation(in -> List.of(in.get(0).matmul(in.get(0).transpose())));
      List<Double> sums = new ArrayList<>();
      for (int i = 1; i <= 4; i++) {
        sums.add(step.run(Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F32, 1, 2), i, 2))).getFirst().item());
      }
      assertEquals(List.of(5.0, 8.0, 13.0, 20.0), sums);
      assertEquals(replays + 3, OnTheStandIn.standIn().count("replays"));
    });
  }

  /** Results that somebody keeps lie in other memory each time, for which the library's work is captured anew. */
  @Test
  void freshMemoryIsPutIntoACapturedProduct() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> List.of(in.get(0).matmul(in.get(1))));
      Tensor w = Tensor.of(data(DType.F32, 6, 40, 50));
      long updates = OnTheStandIn.standIn().count("updates");
      List<Tensor> kept = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        kept.add(step.run(Tensor.of(data(DType.F32, 10 + i, 60, 40)), w).getFirst());
      }
      for (int i = 0; i < 5; i++) {
        Tensor meant = Tensor.of(data(DType.F32, 10 + i, 60, 40)).matmul(w);
        assertArrayEquals(Interpreter.evaluate(List.of(meant.node()), Engine::read).getFirst().toDoubleArray(), kept.get(i).toDoubleArray());
      }
      assertTrue(OnTheStandIn.standIn().count("updates") > updates);
    });
  }

  @Test
  void theWorkspaceComesWithTheFirstProduct() {
    OnTheStandIn.with(device -> {
      Tensor.of(new float[] {1, 2}).add(1).toFloatArray();
      long before = device.machine().context().call(() -> device.machine().context().setup().cuMemGetInfo())[0];
      Tensor x = Tensor.of(data(DType.F32, 5, 64, 64));
      x.matmul(x).toFloatArray();
      long after = device.machine().context().call(() -> device.machine().context().setup().cuMemGetInfo())[0];
      assertEquals(32, (before - after) >> 20, "MB");
    });
  }
}
