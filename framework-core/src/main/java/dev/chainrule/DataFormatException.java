package dev.chainrule;

/** A file or stream is not what its format demands: wrong magic, truncated, offsets outside the file. */
public final class DataFormatException extends ChainruleException {

  public DataFormatException(String where, String problem, String remedy) {
    super(where, problem, remedy);
  }
}
