package dev.chainrule;

/** A device has too little memory for what was asked, after everything unused was given back. */
public final class DeviceOutOfMemoryException extends ChainruleException {

  public DeviceOutOfMemoryException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
