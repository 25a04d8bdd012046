package dev.chainrule.kernels;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import java.util.ArrayList;
import java.util.List;

/**
 * The axes that a kernel goes through for each of its rows and, where it folds, within one, with as few axes as the layouts allow: axes
 * of one element are left out, neighbours that all layouts walk with one stride are one. The order of the elements stays.
 *
 * @param outer sizes of the axes that are not folded; at least one
 * @param inner sizes of the folded axes; at least one if there are any
 * @param strides for each layout the strides along the outer, then along the inner axes
 * @param places for each axis of the domain its number among outer and inner axes; -1 where it has none of its own
 */
record Traversal(List<Long> outer, List<Long> inner, List<long[]> strides, int... places) {

  /** A run of axes of the domain, walked as one. */
  private record Run(List<Integer> axes, long size) {}

  /** @param kept axes whose index is asked for, which are not joined with others */
  static Traversal of(Shape domain, Axes folded, List<Layout> layouts, List<Integer> kept) {
    List<Run> outer = runs(domain, folded, false, layouts, kept);
    List<Run> inner = runs(domain, folded, true, layouts, kept);
    List<Run> all = new ArrayList<>(outer);
    all.addAll(inner);
    List<long[]> strides = new ArrayList<>();
    for (Layout layout : layouts) {
      strides.add(all.stream().mapToLong(run -> run.axes.isEmpty() ? 0 : layout.stride(run.axes.getLast())).toArray());
    }
    int[] places = new int[domain.rank()];
    for (int axis = 0; axis < places.length; axis++) {
      places[axis] = -1;
      for (int i = 0; i < all.size(); i++) {
        if (all.get(i).axes.equals(List.of(axis))) {
          places[axis] = i;
        }
      }
    }
    return new Traversal(outer.stream().map(Run::size).toList(), inner.stream().map(Run::size).toList(), strides, places);
  }

  private static List<Run> runs(Shape domain, Axes folded, boolean within, List<Layout> layouts, List<Integer> kept) {
    List<Run> runs = new ArrayList<>();
    for (int axis = 0; axis < domain.rank(); axis++) {
      if (folded.contains(axis) != within || domain.dim(axis) == 1) {
        continue;
      }
      Run last = runs.isEmpty() ? null : runs.getLast();
      if (last != null && isOne(last.axes.getLast(), axis, domain, layouts)
          && !kept.contains(axis) && !kept.contains(last.axes.getLast())) {
        List<Integer> axes = new ArrayList<>(last.axes);
        axes.add(axis);
        runs.set(runs.size() - 1, new Run(List.copyOf(axes), last.size * domain.dim(axis)));
      } else {
        runs.add(new Run(List.of(axis), domain.dim(axis)));
      }
    }
    if (runs.isEmpty() && (!within || folded.count() > 0)) {
      runs.add(new Run(List.of(), 1));
    }
    return runs;
  }

  private static boolean isOne(int axis, int next, Shape domain, List<Layout> layouts) {
    return layouts.stream().allMatch(layout -> layout.stride(axis) == layout.stride(next) * domain.dim(next));
  }

  long rows() {
    return product(outer);
  }

  /** Elements that each fold combines. */
  long length() {
    return product(inner);
  }

  private static long product(List<Long> sizes) {
    return sizes.stream().reduce(1L, Math::multiplyExact);
  }
}
