package dev.chainrule.graph;

import dev.chainrule.ChainruleException;
import java.util.function.Supplier;

/** What surrounds the making of nodes: the module path and whether lines are recorded. A trace extends it. */
public class Scope {

  private static final ScopedValue<Scope> CURRENT = ScopedValue.newInstance();
  private static final Scope OUTSIDE = new Scope(false, false);

  private final boolean recordsLines;
  private final boolean body;
  private Origin origin = Origin.NONE;

  private Scope(boolean recordsLines, boolean body) {
    this.recordsLines = recordsLines;
    this.body = body;
  }

  protected Scope(boolean recordsLines) {
    this(recordsLines, false);
  }

  /** The scope of this thread; a neutral one outside any. */
  public static Scope current() {
    return CURRENT.orElse(OUTSIDE);
  }

  /** Runs {@code body} with this as the current scope. */
  protected final <T> T enter(Supplier<T> body) {
    return ScopedValue.where(CURRENT, this).call(body::get);
  }

  /** Runs {@code body} in a scope with no trace and no path, whatever surrounds the caller. */
  public static <T> T outside(Supplier<T> body) {
    return OUTSIDE.enter(body);
  }

  /** Runs {@code function} as the tracing of a closed {@link Body}: numbers become literals, and no trace is to be seen. */
  public final <T> T tracingBody(Supplier<T> function) {
    var inner = new Scope(recordsLines, true);
    inner.origin = origin;
    return inner.enter(function);
  }

  /** True while a closed body is traced. */
  public final boolean isBody() {
    return body;
  }

  /** The current module path. */
  public final String path() {
    return origin.path();
  }

  /** Runs {@code body} with {@code path} as the module path; outside a trace there are no paths. */
  public final <T> T at(String path, Supplier<T> body) {
    if (this == OUTSIDE || path.equals(origin.path())) {
      return body.get();
    }
    Origin outer = origin;
    origin = new Origin(path, "");
    try {
      return body.get();
    } finally {
      origin = outer;
    }
  }

  final Origin origin() {
    return recordsLines ? new Origin(origin.path(), ChainruleException.callerLine()) : origin;
  }
}
