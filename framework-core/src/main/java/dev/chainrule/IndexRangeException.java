package dev.chainrule;

/** An index read from a tensor lies outside the axis it indexes; variables keep their values from before the step. */
public final class IndexRangeException extends ChainruleException {

  /**
   * With a message of up to three lines, one of which is the line of the caller's code.
   *
   * @param where the operation, file or option at fault, shown in brackets
   * @param problem what was expected and what was met
   * @param remedy what the reader can do about it; empty when the problem says it already
   */
  public IndexRangeException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
