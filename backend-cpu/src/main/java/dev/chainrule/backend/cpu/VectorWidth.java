package dev.chainrule.backend.cpu;

import jdk.incubator.vector.VectorShape;

/** Apart from its caller, because it loads only where the JVM has the Vector API. */
final class VectorWidth {

  /** Elements of 32 bits in a vector. */
  static final int LANES = bits() / Integer.SIZE;

  private VectorWidth() {}

  static int bits() {
    return VectorShape.preferredShape().vectorBitSize();
  }
}
