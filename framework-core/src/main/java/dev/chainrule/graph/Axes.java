package dev.chainrule.graph;

import dev.chainrule.Stability;
import java.util.Arrays;

/** A list of axis numbers, all counted from 0: the axes of a reduction, or the order of a permutation. */
@Stability(Stability.Level.API)
public final class Axes {

  /** No axis. */
  public static final Axes NONE = new Axes(new int[0]);

  private final int[] axes;

  private Axes(int[] axes) {
    this.axes = axes;
  }

  /** Axes by their numbers, in this order; the array is copied. */
  public static Axes of(int... axes) {
    return new Axes(axes.clone());
  }

  /** 0, 1, ..., rank - 1. */
  public static Axes all(int rank) {
    int[] axes = new int[rank];
    for (int i = 0; i < rank; i++) {
      axes[i] = i;
    }
    return new Axes(axes);
  }

  /** How many there are. */
  public int count() {
    return axes.length;
  }

  /** The axis at place {@code i}, counted from 0. */
  public int get(int i) {
    return axes[i];
  }

  /** Whether the axis is among them. */
  public boolean contains(int axis) {
    for (int a : axes) {
      if (a == axis) {
        return true;
      }
    }
    return false;
  }

  /** True when every number from 0 to {@code rank - 1} occurs once. */
  boolean isPermutation(int rank) {
    return axes.length == rank && areDistinctBelow(rank);
  }

  /** True when no number repeats and all lie in [0, rank). */
  public boolean areDistinctBelow(int rank) {
    boolean[] seen = new boolean[rank];
    for (int a : axes) {
      if (a < 0 || a >= rank || seen[a]) {
        return false;
      }
      seen[a] = true;
    }
    return true;
  }

  /** The permutation that undoes this one. */
  public Axes inverse() {
    int[] inverse = new int[axes.length];
    for (int i = 0; i < axes.length; i++) {
      inverse[axes[i]] = i;
    }
    return new Axes(inverse);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Axes a && Arrays.equals(axes, a.axes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(axes);
  }

  @Override
  public String toString() {
    return Arrays.toString(axes).replace(" ", "");
  }
}
