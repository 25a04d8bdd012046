package dev.chainrule.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Kernels walk as few axes as layouts allow, in the order of the elements. */
class TraversalTest {

  private static final Shape DOMAIN = Shape.of(4, 1, 5, 6);

  @Test
  void denseAxesAreOne() {
    Traversal traversal = Traversal.of(DOMAIN, Axes.NONE, List.of(Layout.dense(DOMAIN), Layout.dense(DOMAIN)), List.of());
    assertEquals(List.of(120L), traversal.outer());
    assertEquals(List.of(), traversal.inner());
    assertArrayEquals(new long[] {1}, traversal.strides().getFirst());
  }

  @Test
  void aBroadcastAxisStaysApart() {
    Layout bias = Layout.dense(Shape.of(6)).expand(DOMAIN);
    Traversal traversal = Traversal.of(DOMAIN, Axes.NONE, List.of(Layout.dense(DOMAIN), bias), List.of());
    assertEquals(List.of(20L, 6L), traversal.outer());
    assertArrayEquals(new long[] {6, 1}, traversal.strides().get(0));
    assertArrayEquals(new long[] {0, 1}, traversal.strides().get(1));
  }

  @Test
  void anAxisWhoseIndexIsAskedForStaysApart() {
    Traversal traversal = Traversal.of(DOMAIN, Axes.NONE, List.of(Layout.dense(DOMAIN)), List.of(2));
    assertEquals(List.of(4L, 5L, 6L), traversal.outer());
    assertArrayEquals(new int[] {0, -1, 1, 2}, traversal.places());
  }

  @Test
  void foldedAxesAreWalkedWithinARow() {
    Traversal traversal = Traversal.of(DOMAIN, Axes.of(2, 3), List.of(Layout.dense(DOMAIN)), List.of());
    assertEquals(List.of(4L), traversal.outer());
    assertEquals(List.of(30L), traversal.inner());
    assertArrayEquals(new long[] {30, 1}, traversal.strides().getFirst());
  }

  @Test
  void foldedAxesJoinAcrossOthers() {
    Shape domain = Shape.of(3, 5, 7);
    Traversal traversal = Traversal.of(domain, Axes.of(0, 2), List.of(Layout.dense(domain)), List.of());
    assertEquals(List.of(5L), traversal.outer());
    assertEquals(List.of(3L, 7L), traversal.inner());
    assertArrayEquals(new long[] {7, 35, 1}, traversal.strides().getFirst());
  }

  @Test
  void aScalarIsOneRow() {
    Traversal traversal = Traversal.of(Shape.SCALAR, Axes.NONE, List.of(Layout.dense(Shape.SCALAR)), List.of());
    assertEquals(1, traversal.rows());
    assertArrayEquals(new long[] {0}, traversal.strides().getFirst());
  }
}
