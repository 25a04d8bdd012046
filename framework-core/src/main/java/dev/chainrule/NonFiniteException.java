package dev.chainrule;

/** A value that must be finite (a loss, an updated parameter) is not; variables keep their values from before the step. */
public final class NonFiniteException extends ChainruleException {

  public NonFiniteException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
