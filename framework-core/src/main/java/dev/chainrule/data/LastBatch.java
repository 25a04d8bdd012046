package dev.chainrule.data;

/** What becomes of the examples at the end of an epoch that do not fill a batch. */
public enum LastBatch {
  /** They make a smaller batch: every example is seen, and there is a second shape to plan for. */
  KEEP,
  /** They are left out of this epoch: all batches have one shape. */
  DROP
}
