package dev.chainrule.backend.cpu;

import jdk.incubator.vector.VectorShape;

/** Apart from its caller, because it loads only where the JVM has the Vector API. */
final class VectorWidth {

  private VectorWidth() {}

  static int bits() {
    return VectorShape.preferredShape().vectorBitSize();
  }
}
