package dev.chainrule;

/** A device refused a kernel; the message carries its compiler's words. */
public final class KernelCompilationException extends ChainruleException {

  public KernelCompilationException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
