package dev.chainrule.kernels;

/**
 * Libraries that come in jars and that JCuda and JOCL unpack into Java's folder for temporary files, where they are opened when a class is
 * initialised.
 */
public final class UnpackedLibraries {

  private UnpackedLibraries() {}

  /**
   * What went wrong.
   *
   * @param whose such as {@code JCuda}
   * @param failure of the class, the first or a later one
   */
  public static String problem(String whose, LinkageError failure) {
    return "%s's library cannot be opened from %s, where it is unpacked: %s".formatted(whose, System.getProperty("java.io.tmpdir"), failure.getMessage());
  }

  /** What helps. */
  public static String remedy() {
    return "The folder must exist, have room, let you write, and not be mounted noexec; name another one with -Djava.io.tmpdir=/a/folder"
        + " (for the chainrule command: JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=/a/folder).";
  }
}
