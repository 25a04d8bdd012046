package dev.chainrule;

/** Tensors of two devices met in one operation. */
public final class DeviceMismatchException extends ChainruleException {

  public DeviceMismatchException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
