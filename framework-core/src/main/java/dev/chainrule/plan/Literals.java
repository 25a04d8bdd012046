package dev.chainrule.plan;

import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import java.lang.foreign.MemorySegment;

/** Literals that are the same number everywhere. */
final class Literals {

  private Literals() {}

  /**
   * Whether all elements are the literal {@code value}, of which 0 and -0 are two. False for what depends on data, and for a literal that
   * has been evaluated: it is data of a plan.
   */
  static boolean isAll(Node node, double value) {
    Node source = node;
    while (isRepetition(source)) {
      source = source.input(0);
    }
    return source.value().isEmpty() && source.op() instanceof Op.Const(HostArray array)
        && array.elements() > 0 && begins(array, value) && isUniform(array);
  }

  /** Movement of one input that makes no other elements. */
  private static boolean isRepetition(Node node) {
    return !node.isLeaf() && switch (node.op()) {
      case Op.Reshape _, Op.Permute _, Op.Expand _, Op.Slice _, Op.Window _ -> true;
      default -> false;
    };
  }

  private static boolean begins(HostArray array, double value) {
    return array.type().dtype().isFloating() ? Double.compare(array.doubleAt(0), value) == 0 : array.longAt(0) == (long) value;
  }

  /** Each element is the one before. */
  private static boolean isUniform(HostArray array) {
    MemorySegment bytes = array.segment();
    int width = array.type().dtype().bytes();
    return bytes.asSlice(width).mismatch(bytes.asSlice(0, bytes.byteSize() - width)) < 0;
  }
}
