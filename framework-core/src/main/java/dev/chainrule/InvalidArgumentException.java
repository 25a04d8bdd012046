package dev.chainrule;

/** An argument outside what an operation accepts. */
public final class InvalidArgumentException extends ChainruleException {

  public InvalidArgumentException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
