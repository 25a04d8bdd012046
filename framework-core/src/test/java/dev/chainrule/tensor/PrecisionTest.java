package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.Bfloat16;
import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Losses;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PrecisionTest {

  private static final List<Precision> MIXED = List.of(Precision.MIXED_BF16, Precision.MIXED_F16);

  private static DType narrow(Precision precision) {
    return precision == Precision.MIXED_BF16 ? DType.BF16 : DType.F16;
  }

  private static Tensor random(DType dtype, long seed, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    return Tensor.of(HostArray.ofDoubles(type, new SplittableRandom(seed).doubles(type.elements(), -1, 1).toArray()));
  }

  /** All nodes behind the tensors, those in bodies of composites too. */
  private static List<Node> nodes(Tensor... tensors) {
    List<Node> found = new ArrayList<>();
    for (Node node : Graphs.topological(Stream.of(tensors).map(Tensor::node).toList())) {
      found.add(node);
      if (node.op() instanceof Op.Composite composite) {
        Body body = composite.body();
        found.addAll(nodes(body.results().stream().map(Tensor::of).toArray(Tensor[]::new)));
      }
    }
    return found;
  }

  /** The types that operations of a kind have. */
  private static Set<DType> types(Class<? extends Op> op, Tensor... tensors) {
    return nodes(tensors).stream().filter(n -> op.isInstance(n.op())).map(n -> n.type().dtype()).collect(Collectors.toSet());
  }

  private static long count(Class<? extends Op> op, Tensor... tensors) {
    return nodes(tensors).stream().filter(n -> op.isInstance(n.op())).count();
  }

  @Test
  void withoutAPolicyEverythingIsAsWritten() {
    assertEquals(Precision.AS_WRITTEN, Precision.current());
    Tensor y = random(DType.F32, 1, 3, 4).matmul(random(DType.F32, 2, 4, 2));
    assertEquals(Set.of(DType.F32), types(Op.Dot.class, y));
    assertEquals(0, count(Op.Cast.class, y));
  }

  @Test
  @Tag("S19.9")
  void productsOfF32AreComputedIn16BitsAndAreF32() {
    for (Precision precision : MIXED) {
      for (long[][] shapes : new long[][][] {{{3, 4}, {4, 2}}, {{2, 3, 4}, {4, 2}}, {{2, 1, 3, 4}, {5, 4, 2}}, {{0, 4}, {4, 2}},
          {{4}, {4}}}) {
        Tensor x = random(DType.F32, 1, shapes[0]);
        Tensor w = random(DType.F32, 2, shapes[1]);
        Tensor y = precision.call(() -> x.matmul(w));
        assertEquals(DType.F32, y.dtype());
        assertEquals(x.matmul(w).type(), y.type());
        assertEquals(Set.of(narrow(precision)), types(Op.Dot.class, y));
        assertEquals(3, count(Op.Cast.class, y), "two down, one up");
      }
    }
  }

  @Test
  void soAreSumsOfProductsOverNamedAxes() {
    Tensor y = Precision.MIXED_BF16.call(() -> Tensor.einsum("bi,bj->ij", random(DType.F32, 1, 5, 2), random(DType.F32, 2, 5, 3)));
    assertEquals(TensorType.of(DType.F32, 2, 3), y.type());
    assertEquals(Set.of(DType.BF16), types(Op.Dot.class, y));
  }

  @Test
  void soIsAttentionButForItsSoftmax() {
    Tensor x = random(DType.F32, 1, 2, 5, 4);
    for (Precision precision : MIXED) {
      Tensor y = precision.call(() -> Attention.CAUSAL.apply(x, x, x));
      assertEquals(x.type(), y.type());
      assertEquals(Set.of(narrow(precision)), types(Op.Dot.class, y));
      assertEquals(Set.of(DType.F32), types(Op.Exp.class, y));
      assertEquals(x.type(), Gradients.of(y.sum(), List.of(x)).getFirst().type());
    }
    assertEquals(Set.of(DType.F32), types(Op.Dot.class, Attention.CAUSAL.apply(x, x, x)), "no body is remembered");
  }

  @Test
  void soAreConvolutionsAndTheirGradients() {
    Tensor x = random(DType.F32, 1, 2, 3, 8);
    Tensor w = random(DType.F32, 2, 4, 3, 3);
    for (Precision precision : MIXED) {
      Tensor y = precision.call(() -> x.conv1d(w));
      Tensor back = precision.call(() -> y.convTranspose1d(w, ConvOptions.DEFAULT));
      List<Tensor> gradients = Gradients.of(back.sum(), List.of(x, w));
      assertEquals(List.of(DType.F32, DType.F32), List.of(y.dtype(), back.dtype()));
      assertEquals(List.of(x.type(), w.type()), gradients.stream().map(Tensor::type).toList());
      for (Class<? extends Op> op : List.of(Op.Conv.class, Op.ConvInputGradient.class, Op.ConvWeightGradient.class)) {
        assertEquals(Set.of(narrow(precision)), types(op, gradients.toArray(Tensor[]::new)), op.getSimpleName());
      }
    }
  }

  @Test
  void theyAreTheProductsOfTheRoundedOperands() {
    Tensor x = random(DType.F32, 1, 3, 4);
    Tensor w = random(DType.F32, 2, 4, 2);
    double[] a = read(x);
    double[] b = read(w);
    double[] expected = new double[6];
    for (int i = 0; i < 6; i++) {
      float sum = 0;
      for (int k = 0; k < 4; k++) {
        sum += rounded(a[i / 2 * 4 + k]) * rounded(b[k * 2 + i % 2]);
      }
      expected[i] = rounded(sum);
    }
    assertArrayEquals(expected, read(Precision.MIXED_BF16.call(() -> x.matmul(w))), 1e-9);
  }

  private static float rounded(double value) {
    return Bfloat16.toFloat(Bfloat16.fromDouble(value));
  }

  @Test
  @Tag("S19.10")
  void gradientsComeBackInF32ThroughProductsIn16Bits() {
    for (Precision precision : MIXED) {
      Tensor x = random(DType.F32, 1, 3, 4);
      Tensor w = random(DType.F32, 2, 4, 4);
      // The gradient is taken outside: the products in it are as narrow as those in the loss.
      Tensor loss = precision.call(() -> x.matmul(w).tanh().matmul(w).square().mean());
      for (List<Tensor> gradients : List.of(Gradients.of(loss, List.of(x, w)), precision.call(() -> Gradients.of(loss, List.of(x, w))))) {
        assertEquals(List.of(x.type(), w.type()), gradients.stream().map(Tensor::type).toList());
        assertEquals(Set.of(narrow(precision)), types(Op.Dot.class, gradients.toArray(Tensor[]::new)));
      }
    }
  }

  @Test
  void gradientsOfSeveralUsesAddUpInF32() {
    Tensor w = random(DType.F32, 2, 4, 4);
    Tensor loss = Precision.MIXED_BF16.call(() -> random(DType.F32, 1, 3, 4).matmul(w).matmul(w).matmul(w).sum());
    Tensor gradient = Gradients.of(loss, List.of(w)).getFirst();
    assertEquals(Set.of(DType.F32), types(Op.Add.class, gradient));
  }

  @Test
  void theBackwardPassReadsTheCastOperandsOfTheForwardPass() {
    Tensor x = random(DType.F32, 1, 3, 4);
    Tensor w = random(DType.F32, 2, 4, 2);
    Tensor loss = Precision.MIXED_BF16.call(() -> x.matmul(w).sum());
    Tensor[] all = Stream.concat(Stream.of(loss), Gradients.of(loss, List.of(x, w)).stream()).toArray(Tensor[]::new);
    assertEquals(1, nodes(all).stream().filter(n -> n.op() instanceof Op.Cast && n.input(0) == w.node()).distinct().count());
  }

  @Test
  void gradientsAreNearThoseInF32() {
    Tensor x = random(DType.F32, 1, 8, 16);
    Tensor w = random(DType.F32, 2, 16, 8);
    UnaryOperator<Tensor> f = v -> x.matmul(v).square().mean();
    double[] exact = read(Gradients.of(f.apply(w), List.of(w)).getFirst());
    for (Precision precision : MIXED) {
      double[] mixed = read(Gradients.of(precision.call(() -> f.apply(w)), List.of(w)).getFirst());
      double u = precision == Precision.MIXED_BF16 ? 0x1p-8 : 0x1p-11;
      // |x|, |w| <= 1: y = x w <= 16 is wrong by 3u 16; its gradient 2y/64 by 3u 16 2/64, summed over 8 rows, and the product's own 3u.
      assertArrayEquals(exact, mixed, 8 * (3 * u * 16 * 2 / 64 + 3 * u * 16 * 2 / 64));
      assertNotEquals(exact[0], mixed[0]);
    }
  }

  @Test
  void otherTypesAreLeftAlone() {
    for (DType dtype : List.of(DType.F64, DType.F16, DType.BF16, DType.I32)) {
      Tensor x = Tensor.ones(TensorType.of(dtype, 2, 2));
      Tensor y = Precision.MIXED_BF16.call(() -> x.matmul(x));
      assertEquals(Set.of(dtype), types(Op.Dot.class, y));
      assertEquals(0, count(Op.Cast.class, y));
    }
  }

  @Test
  void errorsAreThoseOfTheTypesThatTheProgramSees() {
    Tensor x = random(DType.F32, 1, 2, 3);
    Tensor bf16 = random(DType.BF16, 1, 3, 2);
    assertThrows(DTypeMismatchException.class, () -> Precision.MIXED_BF16.call(() -> x.matmul(bf16)), "no type is cast to meet another");
    var e = assertThrows(ShapeMismatchException.class, () -> Precision.MIXED_BF16.call(() -> x.matmul(x)));
    assertTrue(e.getMessage().contains("f32[2,3] x f32[2,3]"), e.getMessage());
    Tensor batches = random(DType.F32, 1, 2, 3, 4);
    e = assertThrows(ShapeMismatchException.class, () -> Precision.MIXED_BF16.call(() -> batches.matmul(random(DType.F32, 1, 5, 4, 3))));
    assertTrue(e.getMessage().contains("f32[2] and f32[5]"), e.getMessage());
    assertThrows(DTypeMismatchException.class, () -> Precision.MIXED_BF16.call(() -> Losses.mse(x, bf16.transpose())));
  }

  @Test
  @Tag("S19.9")
  void softmaxAndLossesOf16BitTensorsAreComputedInF32() {
    Tensor labels = Tensor.of(new int[] {1, 0});
    for (Precision precision : MIXED) {
      for (DType dtype : List.of(DType.BF16, DType.F16)) {
        Tensor x = random(dtype, 1, 2, 3);
        List<UnaryOperator<Tensor>> functions = List.of(t -> t.softmax(1), t -> t.logSoftmax(1), t -> Losses.mse(t, t.neg()),
            t -> Losses.crossEntropy(t, labels), t -> Composites.softmaxCrossEntropy(t, labels));
        for (UnaryOperator<Tensor> f : functions) {
          Tensor y = precision.call(() -> f.apply(x));
          assertEquals(f.apply(x).type(), y.type(), "the program sees the same types");
          assertTrue(Set.of(DType.F32).containsAll(types(Op.Exp.class, y)), y.explain());
          assertEquals(Set.of(DType.F32), types(Op.Sub.class, y));
          assertEquals(x.type(), Gradients.of(y.sum(), List.of(x)).getFirst().type());
        }
        assertEquals(Set.of(dtype), types(Op.Sub.class, Losses.mse(x, x.neg())), "without a policy as written");
      }
    }
  }

  @Test
  void sumsAndNormsOf16BitTensorsNeedNoPolicyToBeComputedInF32() {
    Tensor x = Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F16, 3), 60_000, 60_000, -60_000));
    for (Precision precision : Precision.values()) {
      precision.call(() -> {
        assertArrayEquals(new double[] {60_000}, read(x.sum()), "120,000 is beyond f16");
        assertArrayEquals(new double[] {20_000}, read(x.mean()), 8);
        assertArrayEquals(new double[] {Double.POSITIVE_INFINITY}, read(x.norm()), "103,923 is beyond f16");
        return x;
      });
    }
  }

  @Test
  @Tag("S19.8")
  void thePolicyReachesIntoBodiesAndIsNotRememberedByThem() {
    var function = new CompositeFunction("twice", (in, _) -> List.of(in.getFirst().matmul(in.getFirst())), Optional.empty());
    Tensor x = random(DType.F32, 1, 2, 2);
    for (Precision precision : List.of(Precision.AS_WRITTEN, Precision.MIXED_BF16, Precision.AS_WRITTEN, Precision.MIXED_F16)) {
      Tensor y = precision.call(() -> function.apply(Map.of(), x).getFirst());
      assertEquals(Set.of(precision == Precision.AS_WRITTEN ? DType.F32 : narrow(precision)), types(Op.Dot.class, y));
    }
  }

  private static Set<Boolean> allowTf32(Tensor... tensors) {
    return nodes(tensors).stream().map(Node::op).filter(Op.Dot.class::isInstance).map(op -> ((Op.Dot) op).tf32()).collect(Collectors.toSet());
  }

  @Test
  @Tag("S19.16")
  void productsOfF32AndTheirGradientsMayBeReducedWhereAPolicySaysSo() {
    Tensor x = random(DType.F32, 1, 2, 2);
    Tensor y = Precision.TF32.call(() -> x.matmul(x));
    assertEquals(Set.of(true), allowTf32(y));
    assertEquals(DType.F32, y.dtype());
    assertEquals(0, count(Op.Cast.class, y));
    assertEquals(Set.of(true), allowTf32(Gradients.of(y.sum(), List.of(x)).getFirst()), "outside the policy, too");
    assertEquals(Set.of(false), allowTf32(x.matmul(x)));
    assertEquals(Set.of(false), allowTf32(Precision.MIXED_BF16.call(() -> x.matmul(x))));
    Tensor wide = random(DType.F64, 1, 2, 2);
    assertEquals(Set.of(false), allowTf32(Precision.TF32.call(() -> wide.matmul(wide))));
    assertEquals(Set.of(true), allowTf32(Precision.TF32.call(() -> Attention.CAUSAL.apply(x, x, x))));
  }

  private static Set<Boolean> convolveInTf32(Tensor... tensors) {
    return nodes(tensors).stream().flatMap(node -> switch (node.op()) {
      case Op.Conv(var geometry) -> Stream.of(geometry.tf32());
      case Op.ConvInputGradient(var geometry, _) -> Stream.of(geometry.tf32());
      case Op.ConvWeightGradient(var geometry, _) -> Stream.of(geometry.tf32());
      default -> Stream.empty();
    }).collect(Collectors.toSet());
  }

  @Test
  @Tag("S19.16")
  void soMayConvolutionsAndTheirGradients() {
    Tensor x = random(DType.F32, 1, 2, 3, 4, 4);
    Tensor w = random(DType.F32, 2, 5, 3, 2, 2);
    Tensor y = Precision.TF32.call(() -> x.conv2d(w));
    assertEquals(Set.of(true), convolveInTf32(y));
    for (Tensor gradient : Gradients.of(y.mul(y).sum(), List.of(x, w))) {
      assertEquals(Set.of(true), convolveInTf32(gradient), "outside the policy, too");
    }
    assertEquals(Set.of(false), convolveInTf32(x.conv2d(w)));
    assertEquals(Set.of(false), convolveInTf32(Precision.MIXED_BF16.call(() -> x.conv2d(w))));
    Tensor wide = random(DType.F64, 1, 2, 3, 4, 4);
    assertEquals(Set.of(false), convolveInTf32(Precision.TF32.call(() -> wide.conv2d(random(DType.F64, 2, 5, 3, 2, 2)))));
    Tensor line = random(DType.F32, 1, 2, 3, 4);
    assertEquals(Set.of(true), convolveInTf32(Precision.TF32.call(() -> line.convTranspose1d(random(DType.F32, 2, 3, 5, 2), ConvOptions.DEFAULT))));
  }

  @Test
  void gradientsOfALoopKeepIt() {
    Tensor w = random(DType.F32, 1, 3, 3);
    Tensor all = Precision.TF32.call(() -> Loop.scan(4, List.of(random(DType.F32, 2, 2, 3)), List.of(), (_, carries, _) ->
        new Loop.Results(List.of(carries.getFirst().matmul(w)), List.of())).carries().getFirst());
    assertEquals(Set.of(true), allowTf32(Gradients.of(all.sum(), List.of(w)).getFirst()));
  }

  @Test
  void theInnerPolicyCounts() {
    Tensor x = random(DType.F32, 1, 2, 2);
    Precision.MIXED_BF16.call(() -> {
      assertEquals(Set.of(DType.F32), types(Op.Dot.class, Precision.AS_WRITTEN.call(() -> x.matmul(x))));
      assertEquals(Set.of(DType.F16), types(Op.Dot.class, Precision.MIXED_F16.call(() -> x.matmul(x))));
      assertEquals(Precision.MIXED_BF16, Precision.current());
      return x;
    });
    assertEquals(Precision.AS_WRITTEN, Precision.current());
  }
}
