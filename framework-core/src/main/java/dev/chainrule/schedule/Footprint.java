package dev.chainrule.schedule;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** How much of a buffer an operand reaches. */
final class Footprint {

  /** Elements {@code step} apart, {@code count} of them. */
  private record Progression(long step, long count) {}

  private Footprint() {}

  /** The bytes that the operand's elements lie in: an element that a broadcast or a window repeats counts once. */
  static long bytes(Operand operand) {
    return elements(operand.layout()) * operand.dtype().bytes();
  }

  /**
   * Different places of a layout. From the smallest stride on, an axis whose step falls among the places so far lengthens them, as the
   * windows of a convolution do; any other repeats them elsewhere.
   */
  static long elements(Layout layout) {
    long repeated = 1;
    var run = new Progression(1, 1);
    for (Progression axis : moving(layout)) {
      if (axis.count == 0) {
        return 0;
      }
      if (run.count == 1) {
        run = axis;
      } else if (axis.step % run.step == 0 && axis.step / run.step <= run.count) {
        run = new Progression(run.step, run.count + axis.step / run.step * (axis.count - 1));
      } else {
        repeated *= run.count;
        run = axis;
      }
    }
    return repeated * run.count;
  }

  /** The axes along which the place changes, and those without any index. */
  private static List<Progression> moving(Layout layout) {
    List<Progression> axes = new ArrayList<>();
    for (int i = 0; i < layout.shape().rank(); i++) {
      long count = layout.shape().dim(i);
      if (count == 0 || (count > 1 && layout.stride(i) != 0)) {
        axes.add(new Progression(Math.abs(layout.stride(i)), count));
      }
    }
    axes.sort(Comparator.comparingLong(Progression::step));
    return axes;
  }
}
