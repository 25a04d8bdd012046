package dev.chainrule;

/** Two element types met that never mix silently, or an operation does not exist for a type. */
public final class DTypeMismatchException extends ChainruleException {

  public DTypeMismatchException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
