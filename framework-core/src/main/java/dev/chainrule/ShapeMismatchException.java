package dev.chainrule;

/** Shapes that do not fit one another or the operation. */
public final class ShapeMismatchException extends ChainruleException {

  public ShapeMismatchException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
