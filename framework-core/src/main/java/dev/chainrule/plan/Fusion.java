package dev.chainrule.plan;

/** Joins kernels. */
final class Fusion {

  static final int LARGEST_KERNEL = 64;

  private Fusion() {}
}
