package dev.chainrule.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Compared with the set of all places, walked one at a time. */
class FootprintTest {

  private static long walked(Layout layout) {
    Set<Long> places = new HashSet<>();
    walk(layout, 0, layout.offset(), places);
    return places.size();
  }

  private static void walk(Layout layout, int axis, long place, Set<Long> places) {
    if (axis == layout.shape().rank()) {
      places.add(place);
      return;
    }
    for (long i = 0; i < layout.shape().dim(axis); i++) {
      walk(layout, axis + 1, place + i * layout.stride(axis), places);
    }
  }

  private static void assertCounted(Layout layout) {
    assertEquals(walked(layout), Footprint.elements(layout), layout.toString());
  }

  private static Layout windowed(Layout layout, int axis, long size, long stride, long dilation) {
    long count = (layout.shape().dim(axis) - (size - 1) * dilation - 1) / stride + 1;
    List<Long> dims = new ArrayList<>();
    for (int i = 0; i < layout.shape().rank(); i++) {
      dims.add(i == axis ? count : layout.shape().dim(i));
    }
    dims.add(size);
    return layout.window(new Op.Window(axis, size, stride, dilation), Shape.of(dims.stream().mapToLong(d -> d).toArray()));
  }

  /** Slices with steps of either sign, exchanged axes and broadcasts never bring two indices to one place but by stride 0. */
  @Test
  void movedTensorsAreCountedExactly() {
    var random = new Random(3);
    for (int round = 0; round < 2000; round++) {
      Layout layout = Layout.dense(Shape.of(1 + random.nextInt(4), 1 + random.nextInt(5), random.nextInt(6)));
      List<Op.Range> ranges = new ArrayList<>();
      for (int axis = 0; axis < 3; axis++) {
        long dim = layout.shape().dim(axis);
        long size = dim == 0 ? 0 : 1 + random.nextInt((int) dim);
        long step = size > 1 ? 1 + random.nextInt((int) ((dim - 1) / (size - 1))) : 1;
        boolean backwards = random.nextBoolean();
        ranges.add(new Op.Range(backwards ? Math.max(0, (size - 1) * step) : 0, size, backwards ? -step : step));
      }
      List<Integer> order = new ArrayList<>(List.of(0, 1, 2));
      Collections.shuffle(order, random);
      Layout moved = layout.slice(ranges).permute(Axes.of(order.stream().mapToInt(i -> i).toArray()));
      Shape wider = Shape.of(3, moved.shape().dim(0), moved.shape().dim(1), moved.shape().dim(2) == 1 ? 4 : moved.shape().dim(2));
      assertCounted(moved.expand(wider));
    }
  }

  @Test
  void theWindowsOfAConvolutionCountEachElementOnce() {
    Layout images = Layout.dense(Shape.of(2, 3, 9, 11));
    for (long size = 1; size <= 4; size++) {
      for (long stride = 1; stride <= 3; stride++) {
        for (long dilation = 1; dilation <= 2; dilation++) {
          assertCounted(windowed(images, 3, size, stride, dilation));
          if (dilation == 1) {
            assertCounted(windowed(windowed(images, 2, size, stride, 1), 3, size, stride, 1));
          }
        }
      }
    }
  }

  @Test
  void noPlaceIsCountedTwiceBecauseTwoAxesCross() {
    Layout line = Layout.dense(Shape.of(100));
    assertEquals(100, Footprint.elements(windowed(line, 0, 51, 1, 1)));
    assertEquals(4, Footprint.elements(windowed(Layout.dense(Shape.of(5)), 0, 2, 3, 1)));
    assertTrue(Footprint.elements(Layout.dense(Shape.of(0)).expand(Shape.of(7, 0))) == 0);
  }

  @Test
  void bytesAreElementsOfTheType() {
    var operand = new Operand(new BufferRef.Input(0), DType.F16, Layout.dense(Shape.of(5)).expand(Shape.of(8, 5)));
    assertEquals(10, Footprint.bytes(operand));
  }
}
