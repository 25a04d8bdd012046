package dev.chainrule.backend.cpu;

/** One part of a data-parallel loop, run by {@link Workers#forEach}. */
@FunctionalInterface
interface PartTask {
  /** Does part {@code part}; called once for each part, in any order, on any of the pool's threads. */
  void run(int part);
}
