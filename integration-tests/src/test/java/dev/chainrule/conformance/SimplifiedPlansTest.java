package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.conformance.TestedDevices.TestedDevice;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.Evaluator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the planner takes out of a graph leaves the bits that a device computes with it. A barrier behind each operand keeps the planner
 * from seeing that there is something to take out.
 */
class SimplifiedPlansTest {

  private static final String DEVICES = "dev.chainrule.conformance.TestedDevices#stream";

  /** Puts together what the rewrites are about: any node may be seen, or is hidden. */
  private record Builder(UnaryOperator<Node> shown) {

    Node apply(Op op, Node... inputs) {
      return Ops.node(op, Arrays.stream(inputs).map(shown).toArray(Node[]::new));
    }

    Node literal(TensorType type, double value) {
      Node one = Ops.node(new Op.Const(HostArray.ofDoubles(TensorType.scalar(type.dtype()), value)));
      return shown.apply(Ops.node(new Op.Expand(type.shape()), one));
    }

    List<Node> all(Node x) {
      DType dtype = x.type().dtype();
      List<Node> all = new ArrayList<>(conversions(x));
      all.addAll(moved(x));
      all.addAll(reduced(x));
      all.addAll(chosen(x));
      if (dtype != DType.BOOL) {
        all.addAll(numeric(x));
      }
      if (!dtype.isFloating()) {
        all.addAll(masked(x));
      }
      return all;
    }

    private List<Node> conversions(Node x) {
      List<Node> all = new ArrayList<>();
      for (DType between : Samples.ALL) {
        for (DType to : Samples.ALL) {
          all.add(apply(new Op.Cast(to), apply(new Op.Cast(between), x)));
        }
      }
      return all;
    }

    private List<Node> moved(Node x) {
      Shape shape = x.type().shape();
      Shape flat = Shape.of(shape.elements());
      Op swap = new Op.Permute(Axes.of(1, 0));
      Op back = new Op.Slice(List.of(new Op.Range(shape.dim(0) - 1, shape.dim(0), -1), new Op.Range(0, shape.dim(1), 1)));
      return List.of(
          apply(new Op.Reshape(shape), apply(new Op.Reshape(flat), apply(swap, apply(swap, x)))),
          apply(new Op.Reshape(flat), apply(new Op.Reshape(shape), apply(swap, x))),
          apply(back, apply(back, x)),
          apply(new Op.Expand(Shape.of(3, shape.dim(0), 2)), apply(new Op.Expand(Shape.of(1, shape.dim(0), 2)), x)),
          apply(new Op.Concat(0), apply(new Op.Pad(List.of(new Op.Edge(0, 0), new Op.Edge(0, 0))), x,
              Ops.node(new Op.Const(HostArray.zeros(TensorType.scalar(x.type().dtype())))))));
    }

    /** The sign of a floating sum of 0 is open. */
    private List<Node> reduced(Node x) {
      Node thin = apply(new Op.Reshape(Shape.of(x.type().shape().dim(0), 1, 2)), x);
      List<Node> all = new ArrayList<>();
      for (Op.Fold fold : Op.Fold.values()) {
        boolean floating = x.type().dtype().isFloating();
        if (!(fold == Op.Fold.SUM && floating)) {
          all.add(apply(new Op.Reduce(fold, Axes.of(1)), thin));
        }
        if (fold == Op.Fold.MAX || fold == Op.Fold.MIN || !floating) {
          all.add(apply(new Op.Reduce(fold, Axes.of(0)), apply(new Op.Reduce(fold, Axes.of(1)), x)));
          all.add(apply(new Op.Reduce(fold, Axes.of(0)), apply(new Op.Reduce(fold, Axes.of(0)), x)));
        }
      }
      return all;
    }

    private List<Node> chosen(Node x) {
      TensorType mask = x.type().withDType(DType.BOOL);
      Node other = apply(new Op.Max(), x, x);
      return List.of(
          other,
          apply(new Op.Min(), x, x),
          apply(new Op.Where(), apply(new Op.Equal(), x, x), x, x),
          apply(new Op.Where(), literal(mask, 1), x, other),
          apply(new Op.Where(), literal(mask, 0), other, x));
    }

    private List<Node> numeric(Node x) {
      TensorType type = x.type();
      List<Node> all = new ArrayList<>(List.of(
          apply(new Op.Neg(), apply(new Op.Neg(), x)),
          apply(new Op.Abs(), apply(new Op.Neg(), x)),
          apply(new Op.Abs(), apply(new Op.Abs(), x)),
          apply(new Op.Sign(), apply(new Op.Sign(), x)),
          apply(new Op.Mul(), x, literal(type, 1)),
          apply(new Op.Mul(), literal(type, 1), x),
          apply(new Op.Sub(), x, literal(type, 0)),
          apply(new Op.Add(), x, literal(type, 0)),
          apply(new Op.Add(), x, literal(type, -0.0)),
          apply(type.dtype().isFloating() ? new Op.Div() : new Op.IDiv(), x, literal(type, 1))));
      if (type.dtype().isFloating()) {
        for (Op op : List.of(new Op.Floor(), new Op.Ceil(), new Op.Round())) {
          all.add(apply(op, apply(op, x)));
        }
      }
      return all;
    }

    private List<Node> masked(Node x) {
      List<Node> all = new ArrayList<>(List.of(apply(new Op.Not(), apply(new Op.Not(), x))));
      for (Op op : List.of(new Op.And(), new Op.Or(), new Op.Xor())) {
        all.add(apply(op, x, literal(x.type(), 0)));
        all.add(apply(op, x, apply(new Op.Not(), literal(x.type(), 0))));
      }
      return all;
    }
  }

  /** Pairs: an even number of what is tricky about the type, and as many random bits. */
  private static List<HostArray> data(DType dtype) {
    HostArray specials = Samples.specials(dtype);
    long pairs = specials.elements() / 2;
    return List.of(HostArray.copyOf(TensorType.of(dtype, pairs, 2), specials.segment()), Samples.anyBits(dtype, 7, 20, 2));
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S16.14")
  void simplifiedGraphsHaveTheBitsOfThoseThatAreComputedAsWritten(TestedDevice tested) {
    for (DType dtype : Samples.ALL) {
      for (HostArray array : data(dtype)) {
        List<Node> seen = new Builder(node -> node).all(Ops.input(array));
        List<Node> hidden = new Builder(node -> Ops.node(new Op.Barrier(), node)).all(Ops.input(array));
        List<HostArray> expected = Interpreter.evaluate(seen, Engine::read);
        tested.run(() -> {
          List<HostArray> asWritten = Evaluator.compute(hidden).stream().map(Engine::read).toList();
          List<HostArray> simplified = Evaluator.compute(seen).stream().map(Engine::read).toList();
          for (int i = 0; i < seen.size(); i++) {
            assertSameBits(asWritten.get(i), simplified.get(i), seen.get(i) + " of " + seen.get(i).inputs() + ", as written");
            assertSameBits(expected.get(i), simplified.get(i), seen.get(i) + " of " + seen.get(i).inputs() + ", the interpreter's");
          }
        });
      }
    }
  }

  private static void assertSameBits(HostArray expected, HostArray actual, String what) {
    assertEquals(expected.type(), actual.type());
    for (long i = 0; i < expected.elements(); i++) {
      if (expected.type().dtype().isFloating()) {
        assertEquals(expected.doubleAt(i), actual.doubleAt(i), what + " at " + i);
      } else {
        assertEquals(expected.longAt(i), actual.longAt(i), what + " at " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(DEVICES)
  @Tag("S5.24") @Tag("S16.14")
  void aDivisionByZeroFaultsWhereALiteralChoosesTheOtherOperand(TestedDevice tested) {
    var builder = new Builder(node -> node);
    Node x = Ops.input(HostArray.ofLongs(TensorType.of(DType.I32, 2), 5, 0));
    Node faulting = builder.apply(new Op.IDiv(), x, x);
    List<Node> roots = List.of(
        builder.apply(new Op.Where(), builder.literal(TensorType.of(DType.BOOL, 2), 1), x, faulting),
        builder.apply(new Op.Where(), builder.apply(new Op.Less(), faulting, x), x, x),
        builder.apply(new Op.And(), builder.literal(x.type(), 0), faulting));
    roots.forEach(root -> tested.run(() -> assertThrows(InvalidArgumentException.class, () -> Evaluator.compute(List.of(root)))));
  }
}
