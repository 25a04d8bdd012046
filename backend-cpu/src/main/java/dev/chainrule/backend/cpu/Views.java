package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Axes;
import dev.chainrule.schedule.Layout;

/** Layouts with their axes in the order in which a kernel walks them. */
final class Views {

  private Views() {}

  /** The axes before the last of {@code axes} that stay, then {@code axes}, then those after. */
  static Layout reducing(Layout layout, Axes axes) {
    int rank = layout.shape().rank();
    int inner = rank - innerAxes(rank, axes);
    int[] order = new int[rank];
    int n = 0;
    for (int axis = 0; axis < inner; axis++) {
      if (!axes.contains(axis)) {
        order[n++] = axis;
      }
    }
    for (int axis = 0; axis < inner; axis++) {
      if (axes.contains(axis)) {
        order[n++] = axis;
      }
    }
    for (int axis = inner; axis < rank; axis++) {
      order[n++] = axis;
    }
    return layout.permute(Axes.of(order));
  }

  /** How many axes lie behind the last of {@code axes}. */
  static int innerAxes(int rank, Axes axes) {
    int behind = 0;
    while (behind < rank && !axes.contains(rank - 1 - behind)) {
      behind++;
    }
    return behind;
  }

  /** The axis moved to the end. */
  static Layout axisLast(Layout layout, int axis) {
    int rank = layout.shape().rank();
    int[] order = new int[rank];
    for (int i = 0; i < rank - 1; i++) {
      order[i] = i < axis ? i : i + 1;
    }
    order[rank - 1] = axis;
    return layout.permute(Axes.of(order));
  }
}
