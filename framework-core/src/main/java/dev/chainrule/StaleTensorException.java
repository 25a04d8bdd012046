package dev.chainrule;

/** A pending tensor needs a variable's value that has been overwritten since. */
public final class StaleTensorException extends ChainruleException {

  public StaleTensorException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
