package dev.chainrule;

/** An operation, or its derivative, that does not exist for these inputs or on this device. */
public final class UnsupportedOpException extends ChainruleException {

  public UnsupportedOpException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
