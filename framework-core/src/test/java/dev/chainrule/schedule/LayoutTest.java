package dev.chainrule.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A layout after any number of movements finds the elements that the interpreter's movements give. */
class LayoutTest {

  /** The places in the buffer of all elements, row-major. */
  private static List<Long> places(Layout layout) {
    List<Long> places = new ArrayList<>();
    walk(layout, 0, layout.offset(), places);
    return places;
  }

  private static void walk(Layout layout, int axis, long place, List<Long> places) {
    if (axis == layout.shape().rank()) {
      places.add(place);
      return;
    }
    for (long i = 0; i < layout.shape().dim(axis); i++) {
      walk(layout, axis + 1, place + i * layout.stride(axis), places);
    }
  }

  private static List<Long> elements(Node node) {
    HostArray array = Interpreter.evaluate(List.of(node), _ -> {
      throw new AssertionError();
    }).getFirst();
    List<Long> elements = new ArrayList<>();
    for (long i = 0; i < array.elements(); i++) {
      elements.add(array.longAt(i));
    }
    return elements;
  }

  /** A buffer whose element at place p is p. */
  private static Node numbered(Shape shape) {
    long[] numbers = new long[Math.toIntExact(shape.elements())];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i;
    }
    return Ops.input(HostArray.ofLongs(new TensorType(DType.I64, shape), numbers));
  }

  @Test
  void movementsOfLayoutsAreMovementsOfElements() {
    var random = new SplittableRandom(1);
    int reshapesRefused = 0;
    int reshapesDone = 0;
    for (int round = 0; round < 4_000; round++) {
      Shape shape = shape(random, 1 + random.nextInt(4), round % 10 == 0 ? 0 : 1);
      Node node = numbered(shape);
      Layout layout = Layout.dense(shape);
      for (int step = 0; step < 4; step++) {
        Op.Movement op = movement(random, layout.shape());
        Node moved = Ops.node(op, node);
        Shape target = moved.type().shape();
        if (target.elements() > 500) {
          continue;
        }
        Optional<Layout> next = switch (op) {
          case Op.Reshape _ -> layout.reshape(target);
          case Op.Permute(Axes order) -> Optional.of(layout.permute(order));
          case Op.Expand _ -> Optional.of(layout.expand(target));
          case Op.Slice(List<Op.Range> ranges) -> Optional.of(layout.slice(ranges));
          case Op.Window window -> Optional.of(layout.window(window, target));
          case Op.Pad _, Op.Concat _ -> throw new AssertionError();
        };
        if (op instanceof Op.Reshape) {
          reshapesDone += next.isPresent() ? 1 : 0;
          reshapesRefused += next.isPresent() ? 0 : 1;
        }
        if (next.isEmpty()) {
          assertFalse(layout.isContiguous(), "a contiguous layout has every shape");
          continue;
        }
        layout = next.get();
        node = moved;
        assertEquals(target, layout.shape());
        assertEquals(elements(node), places(layout), op + " gives " + layout);
        assertEquals(isSequence(places(layout)), layout.isContiguous(), layout.toString());
      }
    }
    assertTrue(reshapesDone > 500 && reshapesRefused > 100, reshapesDone + " done, " + reshapesRefused + " refused");
  }

  private static boolean isSequence(List<Long> places) {
    for (int i = 1; i < places.size(); i++) {
      if (places.get(i) != places.get(i - 1) + 1) {
        return false;
      }
    }
    return true;
  }

  /** What is refused cannot be expressed: no strides give those places in that shape. */
  @Test
  void reshapesAreRefusedOnlyWhereNoStridesExist() {
    var random = new SplittableRandom(2);
    int refused = 0;
    for (int round = 0; round < 3_000; round++) {
      Shape shape = shape(random, 2 + random.nextInt(3), 1);
      Layout layout = Layout.dense(shape);
      for (int i = 0; i < 2; i++) {
        layout = random.nextBoolean() ? layout.permute(order(random, shape.rank())) : layout.slice(ranges(random, layout.shape()));
      }
      Shape target = other(random, layout.shape());
      if (layout.reshape(target).isEmpty()) {
        refused++;
        assertFalse(expressible(places(layout), target), layout + " to " + target);
      }
    }
    assertTrue(refused > 100, "refused " + refused);
  }

  /** Strides follow from the places of the neighbours of the first element; then all others must agree. */
  private static boolean expressible(List<Long> places, Shape target) {
    long[] dense = target.strides();
    for (int i = 0; i < places.size(); i++) {
      long place = places.getFirst();
      for (int axis = 0; axis < target.rank(); axis++) {
        long index = i / dense[axis] % target.dim(axis);
        place += index == 0 ? 0 : index * (places.get(Math.toIntExact(dense[axis])) - places.getFirst());
      }
      if (place != places.get(i)) {
        return false;
      }
    }
    return true;
  }

  @Test
  void equalityIsOfShapeOffsetAndStrides() {
    Layout a = Layout.dense(Shape.of(2, 3));
    assertEquals(a, Layout.dense(Shape.of(2, 3)));
    assertEquals(a.hashCode(), Layout.dense(Shape.of(2, 3)).hashCode());
    assertFalse(a.equals(a.permute(Axes.of(1, 0))));
    assertFalse(a.equals(a.slice(List.of(new Op.Range(1, 2, -1), new Op.Range(0, 3, 1)))));
    assertEquals(1, a.stride(-1));
    assertEquals(3, a.stride(-2));
  }

  // --- random movements ----------------------------------------------------------------------------------------------------------------

  private static Shape shape(SplittableRandom random, int rank, int smallest) {
    long[] dims = new long[rank];
    for (int i = 0; i < rank; i++) {
      dims[i] = smallest + random.nextInt(4);
    }
    return Shape.of(dims);
  }

  private static Op.Movement movement(SplittableRandom random, Shape shape) {
    return switch (random.nextInt(6)) {
      case 0 -> new Op.Permute(order(random, shape.rank()));
      case 1 -> new Op.Expand(expanded(random, shape));
      case 2 -> new Op.Slice(ranges(random, shape));
      case 3 -> window(random, shape);
      default -> new Op.Reshape(other(random, shape));
    };
  }

  private static Axes order(SplittableRandom random, int rank) {
    int[] order = Axes.all(rank).count() == 0 ? new int[0] : new int[rank];
    for (int i = 0; i < rank; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return Axes.of(order);
  }

  private static Shape expanded(SplittableRandom random, Shape shape) {
    long[] dims = shape.dims();
    for (int i = 0; i < dims.length; i++) {
      dims[i] = dims[i] == 1 ? random.nextInt(4) : dims[i];
    }
    return random.nextBoolean() ? Shape.of(dims) : Shape.of(1 + random.nextInt(2)).concat(Shape.of(dims));
  }

  private static List<Op.Range> ranges(SplittableRandom random, Shape shape) {
    List<Op.Range> ranges = new ArrayList<>();
    for (int i = 0; i < shape.rank(); i++) {
      long n = shape.dim(i);
      if (n == 0) {
        ranges.add(new Op.Range(0, 0, 1));
        continue;
      }
      long start = random.nextLong(n);
      long step = random.nextBoolean() ? 1 + random.nextInt(3) : -1 - random.nextInt(3);
      long most = step > 0 ? (n - 1 - start) / step + 1 : start / -step + 1;
      ranges.add(random.nextInt(3) == 0 ? new Op.Range(0, n, 1) : new Op.Range(start, 1 + random.nextLong(most), step));
    }
    return ranges;
  }

  private static Op.Movement window(SplittableRandom random, Shape shape) {
    for (int axis = 0; axis < shape.rank(); axis++) {
      long size = 1 + random.nextInt(3);
      long dilation = 1 + random.nextInt(2);
      if ((size - 1) * dilation + 1 <= shape.dim(axis)) {
        return new Op.Window(axis, size, 1 + random.nextInt(2), dilation);
      }
    }
    return new Op.Reshape(shape);
  }

  @Test
  void layoutsThatAreApartShareNoElementAndPartsAlongAnAxisAreApart() {
    var random = new SplittableRandom(2);
    int found = 0;
    for (int round = 0; round < 4_000; round++) {
      Shape shape = shape(random, 1 + random.nextInt(3), 1);
      Layout one = Layout.dense(shape).slice(ranges(random, shape));
      Layout other = Layout.dense(shape).slice(ranges(random, shape));
      boolean apart = one.isApartFrom(other);
      assertEquals(apart, other.isApartFrom(one));
      assertFalse(apart && places(one).stream().anyMatch(places(other)::contains), one + " and " + other);
      found += apart ? 1 : 0;
      int axis = random.nextInt(shape.rank());
      long first = 1 + random.nextLong(shape.dim(axis));
      if (first < shape.dim(axis)) {
        Layout part = part(shape, axis, 0, first);
        Layout rest = part(shape, axis, first, shape.dim(axis) - first);
        Axes order = Axes.of(IntStream.range(0, shape.rank()).map(i -> shape.rank() - 1 - i).toArray());
        assertTrue(part.isApartFrom(rest) && rest.permute(order).isApartFrom(part.permute(order)), part + " and " + rest);
      }
    }
    assertTrue(found > 100, "of some that were drawn: " + found);
  }

  private static Layout part(Shape shape, int axis, long first, long size) {
    return Layout.dense(shape).slice(IntStream.range(0, shape.rank())
        .mapToObj(i -> i == axis ? new Op.Range(first, size, 1) : new Op.Range(0, shape.dim(i), 1)).toList());
  }

  /** A shape of as many elements: some neighbours merged, some split, ones put in. */
  private static Shape other(SplittableRandom random, Shape shape) {
    List<Long> dims = new ArrayList<>();
    for (long d : shape.dims()) {
      if (!dims.isEmpty() && random.nextInt(2) == 0) {
        dims.add(dims.removeLast() * d);
      } else if (d > 1 && d % 2 == 0 && random.nextInt(2) == 0) {
        dims.add(2L);
        dims.add(d / 2);
      } else {
        dims.add(d);
      }
      if (random.nextInt(5) == 0) {
        dims.add(1L);
      }
    }
    return Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
  }
}
