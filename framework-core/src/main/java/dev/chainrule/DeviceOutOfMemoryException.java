package dev.chainrule;

import java.util.Objects;

/** A device has too little memory for what was asked, after everything unused was given back. */
public final class DeviceOutOfMemoryException extends ChainruleException {

  /** Shown in brackets. */
  private final String where;

  /** Without the caller's line. */
  private final String problem;

  /** May be empty. */
  private final String remedy;

  /**
   * With a message of up to three lines, one of which is the line of the caller's code.
   *
   * @param where the operation, file or option at fault, shown in brackets
   * @param problem what was expected and what was met
   * @param remedy what the reader can do about it; empty when the problem says it already
   */
  public DeviceOutOfMemoryException(String where, String problem, String remedy) {
    super(where, problem, remedy);
    this.where = where;
    this.problem = problem;
    this.remedy = remedy;
  }

  /** The same error, caused by this one, with a report of what the memory was wanted for. */
  @Stability(Stability.Level.INTERNAL)
  public DeviceOutOfMemoryException reporting(String report) {
    Objects.requireNonNull(report, "report");
    var reported = new DeviceOutOfMemoryException(where, problem + "\n  " + report, remedy);
    reported.initCause(this);
    return reported;
  }
}
