package dev.chainrule;

/**
 * The device that was asked for cannot be used here, or what it held is lost; the message says what was looked for and how to get it.
 */
public final class DeviceUnavailableException extends ChainruleException {

  public DeviceUnavailableException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
