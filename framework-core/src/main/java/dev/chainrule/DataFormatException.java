package dev.chainrule;

/** A file or stream is not what its format demands: wrong magic, truncated, offsets outside the file. */
public final class DataFormatException extends ChainruleException {

  /**
   * With a message of up to three lines, one of which is the line of the caller's code.
   *
   * @param where the operation, file or option at fault, shown in brackets
   * @param problem what was expected and what was met
   * @param remedy what the reader can do about it; empty when the problem says it already
   */
  public DataFormatException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
