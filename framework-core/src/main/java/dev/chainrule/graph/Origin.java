package dev.chainrule.graph;

/**
 * Where a node was made.
 *
 * @param path the module path, such as {@code hidden/linear}; empty outside modules
 * @param line the caller's line; empty unless lines are recorded, which costs more than the op itself
 */
public record Origin(String path, String line) {

  public static final Origin NONE = new Origin("", "");

  /** {@code  in hidden/linear at Example.java:12}, or empty: what an error message adds. */
  public String describe() {
    return (path.isEmpty() ? "" : " in " + path) + (line.isEmpty() ? "" : " at " + line);
  }
}
