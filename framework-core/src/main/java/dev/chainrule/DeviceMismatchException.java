package dev.chainrule;

/** Tensors of two devices met in one operation. */
public final class DeviceMismatchException extends ChainruleException {

  /**
   * With a message of up to three lines, one of which is the line of the caller's code.
   *
   * @param where the operation, file or option at fault, shown in brackets
   * @param problem what was expected and what was met
   * @param remedy what the reader can do about it; empty when the problem says it already
   */
  public DeviceMismatchException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
