package dev.chainrule;

/** An operation, or its derivative, that does not exist for these inputs or on this device. */
public final class UnsupportedOpException extends ChainruleException {

  /**
   * With a message of up to three lines, one of which is the line of the caller's code.
   *
   * @param where the operation, file or option at fault, shown in brackets
   * @param problem what was expected and what was met
   * @param remedy what the reader can do about it; empty when the problem says it already
   */
  public UnsupportedOpException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
