package dev.chainrule;

/** A value that must be finite (a loss, an updated parameter) is not; variables keep their values from before the step. */
public final class NonFiniteException extends ChainruleException {

  /**
   * With a message of up to three lines, one of which is the line of the caller's code.
   *
   * @param where the operation, file or option at fault, shown in brackets
   * @param problem what was expected and what was met
   * @param remedy what the reader can do about it; empty when the problem says it already
   */
  public NonFiniteException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
