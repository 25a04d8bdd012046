package dev.chainrule;

/**
 * The device that was asked for cannot be used here, or what it held is lost; the message says what was looked for and how to get it.
 */
public final class DeviceUnavailableException extends ChainruleException {

  /**
   * With a message of up to three lines, one of which is the line of the caller's code.
   *
   * @param where the operation, file or option at fault, shown in brackets
   * @param problem what was expected and what was met
   * @param remedy what the reader can do about it; empty when the problem says it already
   */
  public DeviceUnavailableException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
