package dev.chainrule.kernels;

import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import java.util.List;
import java.util.Optional;

/**
 * Elements that a thread loads and stores together where all operands lie without gaps: 16 bytes of the widest type, so that a warp asks
 * for whole lines of memory at once and has four times as much on its way.
 */
final class Packs {

  private static final int BYTES = 16;

  /** Elements for which it pays to have another text: a pack for each thread of a group. */
  private static final long LEAST = 1024;

  /**
   * An operand in packs.
   *
   * @param memory type of an element there
   * @param offset where among the numbers of the geometry it says where the first element is
   */
  record Operand(int buffer, String memory, int bytes, int offset, boolean result) {}

  private Packs() {}

  /** How many elements a pack has; 1 if there are none. */
  static int length(GeneratedKernel kernel, Traversal traversal, List<Layout> layouts) {
    if (kernel.folded().count() > 0 || traversal.outer().size() > 1 || traversal.rows() < LEAST) {
      return 1;
    }
    int widest = Math.max(
        kernel.values().stream().filter(KernelExpression.Load.class::isInstance).mapToInt(load -> load.dtype().bytes()).max().orElse(1),
        kernel.results().stream().mapToInt(result -> kernel.values().get(result.value()).dtype().bytes()).max().orElse(1));
    int length = BYTES / widest;
    int loads = layouts.size() - kernel.results().size();
    boolean any = false;
    for (int i = 0; i < layouts.size(); i++) {
      long stride = traversal.strides().get(i)[0];
      if (stride == 0 ? i >= loads : stride != 1 || layouts.get(i).offset() % length != 0) {
        return 1;
      }
      any |= stride == 1;
    }
    return any ? length : 1;
  }

  /** Not what is one element for all. */
  static boolean isPacked(Traversal traversal, int layout) {
    return traversal.strides().get(layout)[0] == 1;
  }

  /** Of the pack of an operand, by the number of its layout. */
  static String element(int layout) {
    return "x%d.at[k]".formatted(layout);
  }

  /** Declares the type of each operand's packs. */
  static void types(List<Optional<Operand>> operands, int length, LineSink lines) {
    each(operands, (i, operand) -> lines.line(
        "typedef struct ALIGNED(%d) { %s at[%d]; } pack%d;".formatted(operand.bytes * length, operand.memory, length, i)));
  }

  /** Loads what is read, declares what will be stored. */
  static void load(List<Optional<Operand>> operands, LineSink lines) {
    each(operands, (i, operand) -> lines.line(operand.result ? "pack%1$d x%1$d;".formatted(i)
        : "const pack%1$d x%1$d = %2$s;".formatted(i, place("GLOBAL const ", i, operand))));
  }

  static void store(List<Optional<Operand>> operands, LineSink lines) {
    each(operands, (i, operand) -> {
      if (operand.result) {
        lines.line("%s = x%d;".formatted(place("GLOBAL ", i, operand), i));
      }
    });
  }

  private static String place(String space, int number, Operand operand) {
    return "((%1$spack%2$d *)((%1$s%3$s *)p%4$d + g[%5$d]))[pack]".formatted(space, number, operand.memory, operand.buffer, operand.offset);
  }

  /** Where lines of a text go. */
  interface LineSink {
    void line(String line);
  }

  private interface Each {
    void take(int number, Operand operand);
  }

  private static void each(List<Optional<Operand>> operands, Each each) {
    for (int i = 0; i < operands.size(); i++) {
      int number = i;
      operands.get(i).ifPresent(operand -> each.take(number, operand));
    }
  }
}
