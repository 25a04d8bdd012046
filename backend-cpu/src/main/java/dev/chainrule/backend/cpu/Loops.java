package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Op;

/** The shapes of the loops over registers; {@code A} is an array type. Results go to an array that is not an operand. */
final class Loops {

  private Loops() {}

  /** to[i] = f(x[i]). */
  interface Unary<A> {
    void apply(A to, A x, int n);
  }

  /** to[i] = f(x[i], y[i]). */
  interface Binary<A> {
    void apply(A to, A x, A y, int n);
  }

  /** to[i] = f(x[i], y[i]) ? 1 : 0. */
  interface Comparison<A> {
    void apply(int[] to, A x, A y, int n);
  }

  /** to[i] = x[i], converted. */
  interface Conversion<A, B> {
    void apply(B to, A x, int n);
  }

  /** The type rules let no such node be made. */
  static IllegalStateException undefined(Op op, String elements) {
    return new IllegalStateException(op.label() + " is not defined for " + elements);
  }
}
