package dev.chainrule.graph;

/**
 * What a leaf of the graph stands for: host data, a Java number, storage on a device, a variable at one of its versions. The graph
 * knows its type and its identity, nothing else.
 */
public interface Value {

  /** The type of its elements and its shape. */
  TensorType type();
}
