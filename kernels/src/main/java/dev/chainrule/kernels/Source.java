package dev.chainrule.kernels;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A kernel in the dialect, of which a device makes a program together with others. Equal texts have equal names.
 *
 * @param name what the kernel is called in the text
 * @param text beginning with {@code KERNEL}, for 256 threads in each group
 * @param tensorCores whether only a device can run it that has {@link Target#tensorCores}
 */
public record Source(String name, String text, boolean tensorCores) {

  /** Threads in each group, the same for all kernels, so that a device compiles each for one size. */
  public static final int THREADS = 256;

  /** Of a name, so that two texts do not meet by chance. */
  private static final int DIGITS = 16;

  /** What stands in a template where the name belongs. */
  static final String NAME = "$name";

  /** What ends the names of functions that belong to one kernel. */
  static final String ID = "$id";

  /** For any device. */
  public Source(String name, String text) {
    this(name, text, false);
  }

  /** @param label of the name's beginning, for people who read profiles */
  static Source named(String label, String template) {
    return named(label, template, false);
  }

  static Source named(String label, String template, boolean tensorCores) {
    String id = digest(template).substring(0, DIGITS);
    String name = label.replaceAll("\\W", "_") + "_" + id;
    return new Source(name, template.replace(NAME, name).replace(ID, id), tensorCores);
  }

  /** The SHA-256 of a text. */
  public static String digest(String text) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
