package dev.chainrule;

/** A device refused a kernel; the message carries its compiler's words. */
public final class KernelCompilationException extends ChainruleException {

  /**
   * With a message of up to three lines, one of which is the line of the caller's code.
   *
   * @param where the operation, file or option at fault, shown in brackets
   * @param problem what was expected and what was met
   * @param remedy what the reader can do about it; empty when the problem says it already
   */
  public KernelCompilationException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
