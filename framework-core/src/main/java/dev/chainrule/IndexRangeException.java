package dev.chainrule;

/** An index read from a tensor lies outside the axis it indexes; variables keep their values from before the step. */
public final class IndexRangeException extends ChainruleException {

  public IndexRangeException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
