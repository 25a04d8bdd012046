package dev.chainrule;

import java.util.Locale;
import java.util.Objects;

/**
 * The root of everything Chainrule throws on purpose. A message has up to three lines: the operation and what is wrong with which
 * values, the line of the caller's code, and the way out.
 */
public abstract sealed class ChainruleException extends RuntimeException
    permits DataFormatException,
        DeviceMismatchException,
        DeviceOutOfMemoryException,
        DeviceUnavailableException,
        DTypeMismatchException,
        IndexRangeException,
        InvalidArgumentException,
        KernelCompilationException,
        NonFiniteException,
        ShapeMismatchException,
        StaleTensorException,
        UnsupportedOpException {

  private static final StackWalker WALKER = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  /**
   * With a message of up to three lines, one of which is the line of the caller's code.
   *
   * @param where the operation, file or option at fault, shown in brackets
   * @param problem what was expected and what was met
   * @param remedy what the reader can do about it; empty when the problem says it already
   */
  protected ChainruleException(String where, String problem, String remedy) {
    super(message(where, problem, remedy));
  }

  private static String message(String where, String problem, String remedy) {
    Objects.requireNonNull(where, "where");
    Objects.requireNonNull(problem, "problem");
    Objects.requireNonNull(remedy, "remedy");
    var text = new StringBuilder("[").append(where).append("] ").append(problem);
    String line = callerLine();
    if (!line.isEmpty()) {
      text.append("\n  at ").append(line);
    }
    if (!remedy.isEmpty()) {
      text.append("\n  ").append(remedy);
    }
    return text.toString();
  }

  /** The innermost frame outside the framework's own classes, as {@code Class.method(File.java:12)}; empty when there is none. */
  public static String callerLine() {
    return WALKER.walk(frames -> frames.filter(ChainruleException::isCaller).findFirst())
        .map(f -> String.format(Locale.ROOT, "%s.%s(%s:%d)",
            f.getDeclaringClass().getSimpleName(), f.getMethodName(), f.getFileName(), f.getLineNumber()))
        .orElse("");
  }

  /** The framework's code lies in one place (a jar, a class folder); whatever lies elsewhere and is not the JDK is the caller's. */
  private static boolean isCaller(StackWalker.StackFrame frame) {
    Class<?> type = frame.getDeclaringClass();
    var source = type.getProtectionDomain().getCodeSource();
    return source != null
        && type.getClassLoader() != null
        && !source.equals(ChainruleException.class.getProtectionDomain().getCodeSource());
  }
}
