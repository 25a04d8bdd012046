package dev.chainrule.graph;

import dev.chainrule.ChainruleException;
import java.util.function.Supplier;

/** What surrounds the making of nodes: the module path and whether lines are recorded. A trace extends it. */
public class Scope {

  private static final ScopedValue<Scope> CURRENT = ScopedValue.newInstance();
  private static final Scope OUTSIDE = new Scope(false, Kind.OUTSIDE, Origin.NONE);

  private enum Kind {
    OUTSIDE,
    TRACE,
    /** A body whose outer tensors become inputs. */
    OPEN_BODY,
    /** A body that reads nothing from outside. */
    CLOSED_BODY
  }

  private final boolean recordsLines;
  private final Kind kind;
  private Origin origin;

  private Scope(boolean recordsLines, Kind kind, Origin origin) {
    this.recordsLines = recordsLines;
    this.kind = kind;
    this.origin = origin;
  }

  /** A trace. */
  protected Scope(boolean recordsLines) {
    this(recordsLines, Kind.TRACE, Origin.NONE);
  }

  /** An open body at the place that {@code around} is at; within a closed body closed too. */
  protected Scope(Scope around) {
    this(around.recordsLines, around.isClosedBody() ? Kind.CLOSED_BODY : Kind.OPEN_BODY, around.origin);
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
    return new Scope(recordsLines, Kind.CLOSED_BODY, origin).enter(function);
  }

  /** True while the body of a composite, a loop or a choice is traced: there are no values to be read. */
  public final boolean isBody() {
    return kind == Kind.OPEN_BODY || kind == Kind.CLOSED_BODY;
  }

  /** True while a body is traced that may read nothing but its parameters. */
  public final boolean isClosedBody() {
    return kind == Kind.CLOSED_BODY;
  }

  /** The current module path. */
  public final String path() {
    return origin.path();
  }

  /** Runs {@code body} with {@code path} as the module path; outside a trace there are no paths. */
  public final <T> T at(String path, Supplier<T> body) {
    Scope innermost = current();
    if (innermost != this) { // a trace's loop is being traced, and what it makes is made there
      return innermost.at(path, body);
    }
    if (kind == Kind.OUTSIDE || path.equals(origin.path())) {
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
