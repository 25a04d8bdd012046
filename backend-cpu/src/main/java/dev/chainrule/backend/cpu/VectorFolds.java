package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.VectorLanes.FLOATS;

import dev.chainrule.graph.Op;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/**
 * {@link Folding}'s tree for rows of at least {@value Folding#LANES} floats with vectors: its lanes are some vectors, one after the other,
 * so no row is transposed or copied; and what loops by rows leave to be done for folds. Traffic: each element once from first-level cache.
 * Loads only where the JVM has the Vector API.
 */
final class VectorFolds {

  /** Lanes of the longest vector there is. */
  private static final int LAST = 16;

  // What lies so many lanes further on; the last lanes, which nobody looks at, get the first.
  private static final VectorShuffle<Float> UPPER_HALF = VectorShuffle.iota(FLOATS, FLOATS.length() / 2, 1, true);
  private static final VectorShuffle<Float> UPPER_QUARTER = VectorShuffle.iota(FLOATS, FLOATS.length() / 4, 1, true);
  private static final VectorShuffle<Float> UPPER_EIGHTH = VectorShuffle.iota(FLOATS, FLOATS.length() / 8, 1, true);
  private static final VectorShuffle<Float> SECOND = VectorShuffle.iota(FLOATS, 1, 1, true);

  private VectorFolds() {}

  /** Combines rows of floats that lie one behind the other. */
  interface Rows {
    /** into[i] = x[i * n] to x[i * n + n - 1] combined, for {@code rows} rows; {@code lanes} has room for a block's lanes. */
    void apply(float[] x, int rows, int n, float[] into, float[] lanes);
  }

  /** Products are no floats, see {@link Folding}. */
  static Rows of(Op.Fold fold) {
    return switch (fold) {
      case SUM -> VectorFolds::sums;
      case MAX -> VectorFolds::maxima;
      case MIN -> VectorFolds::minima;
      case PROD -> throw new IllegalArgumentException("[cpu] products are combined as doubles");
    };
  }

  /**
   * Combines the lanes that {@link VectorProgram.ToLanes} has left of {@code rows} rows.
   *
   * @param lanes a vector for each row
   * @param into a number for each row
   */
  static void lanes(Op.Fold fold, float[] lanes, int rows, float[] into) {
    switch (fold) {
      case SUM -> {
        for (int row = 0; row < rows; row++) {
          into[row] = FLOATS.length() == LAST ? sumOfVector(lanes, row * LAST) : sumOfHalf(lanes, row * LAST / 2);
        }
      }
      case MAX -> {
        for (int row = 0; row < rows; row++) {
          into[row] = FloatVector.fromArray(FLOATS, lanes, row * FLOATS.length()).reduceLanes(VectorOperators.MAX);
        }
      }
      case MIN -> {
        for (int row = 0; row < rows; row++) {
          into[row] = FloatVector.fromArray(FLOATS, lanes, row * FLOATS.length()).reduceLanes(VectorOperators.MIN);
        }
      }
      case PROD -> throw new IllegalArgumentException("[cpu] products are combined as doubles");
    }
  }

  /** Of the longest vector's lanes. It comes in an array since vectors that cross calls are objects where these are not inlined. */
  private static float sumOfVector(float[] lanes, int at) {
    FloatVector sum = FloatVector.fromArray(FLOATS, lanes, at);
    sum = sum.add(sum.rearrange(UPPER_HALF));
    sum = sum.add(sum.rearrange(UPPER_QUARTER));
    sum = sum.add(sum.rearrange(UPPER_EIGHTH));
    return sum.add(sum.rearrange(SECOND)).lane(0);
  }

  /** Of eight lanes; shorter vectors leave none. */
  private static float sumOfHalf(float[] x, int at) {
    return ((x[at] + x[at + 4]) + (x[at + 2] + x[at + 6])) + ((x[at + 1] + x[at + 5]) + (x[at + 3] + x[at + 7]));
  }

  /** Before rows are added to {@code sum}: where they begin a block of {@link FoldTree} there is nothing yet, not even a positive zero. */
  static void beginSum(float[] sum, Tile tile) {
    if (tile.row % Tiling.BLOCK_OF_ROWS == 0) {
      Arrays.fill(sum, 0, tile.columns, -0.0f);
    }
  }

  private static void sums(float[] x, int rows, int n, float[] into, float[] lanes) {
    for (int row = 0; row < rows; row++) {
      into[row] = sum(x, row * n, n, lanes);
    }
  }

  /** x[at] to x[at + n - 1] added up, at least {@value Folding#LANES}; {@code lanes} has room for a block's lanes. */
  static float sum(float[] x, int at, int n, float[] lanes) {
    if (FLOATS.length() == LAST && n % LAST == 0) {
      return sumOfLongest(x, at, n, lanes);
    }
    int length = FLOATS.length();
    int whole = FLOATS.loopBound(n);
    for (int lane = 0; lane < Folding.LANES; lane += length) {
      FloatVector sum = FloatVector.fromArray(FLOATS, x, at + lane);
      for (int i = Folding.LANES + lane; i < whole; i += Folding.LANES) {
        sum = sum.add(FloatVector.fromArray(FLOATS, x, at + i));
      }
      sum.intoArray(lanes, lane);
    }
    for (int i = whole; i < n; i++) {
      lanes[i % Folding.LANES] = lanes[i % Folding.LANES] + x[at + i];
    }
    for (int half = Folding.LANES / 2; half >= LAST; half /= 2) {
      for (int i = 0; i < half; i += length) {
        FloatVector.fromArray(FLOATS, lanes, i).add(FloatVector.fromArray(FLOATS, lanes, i + half)).intoArray(lanes, i);
      }
    }
    return sumOfLast(lanes);
  }

  /** The same with the longest vectors: the lanes are four of them, which never leave the machine's registers. */
  private static float sumOfLongest(float[] x, int at, int n, float[] lanes) {
    FloatVector a = FloatVector.fromArray(FLOATS, x, at);
    FloatVector b = FloatVector.fromArray(FLOATS, x, at + LAST);
    FloatVector c = FloatVector.fromArray(FLOATS, x, at + 2 * LAST);
    FloatVector d = FloatVector.fromArray(FLOATS, x, at + 3 * LAST);
    int end = at + n;
    int i = at + Folding.LANES;
    for (; i <= end - Folding.LANES; i += Folding.LANES) {
      a = a.add(FloatVector.fromArray(FLOATS, x, i));
      b = b.add(FloatVector.fromArray(FLOATS, x, i + LAST));
      c = c.add(FloatVector.fromArray(FLOATS, x, i + 2 * LAST));
      d = d.add(FloatVector.fromArray(FLOATS, x, i + 3 * LAST));
    }
    if (i < end) {
      a = a.add(FloatVector.fromArray(FLOATS, x, i));
    }
    if (i + LAST < end) {
      b = b.add(FloatVector.fromArray(FLOATS, x, i + LAST));
    }
    if (i + 2 * LAST < end) {
      c = c.add(FloatVector.fromArray(FLOATS, x, i + 2 * LAST));
    }
    a.add(c).add(b.add(d)).intoArray(lanes, 0);
    return sumOfVector(lanes, 0);
  }

  /** Written out: with loops that store what they add, this takes longer than all before it. */
  private static float sumOfLast(float[] x) {
    float a = x[0] + x[8];
    float b = x[1] + x[9];
    float c = x[2] + x[10];
    float d = x[3] + x[11];
    float e = x[4] + x[12];
    float f = x[5] + x[13];
    float g = x[6] + x[14];
    float h = x[7] + x[15];
    return ((a + e) + (c + g)) + ((b + f) + (d + h));
  }

  private static void maxima(float[] x, int rows, int n, float[] into, float[] lanes) {
    for (int row = 0; row < rows; row++) {
      into[row] = maximum(x, row * n, n, lanes);
    }
  }

  private static float maximum(float[] x, int at, int n, float[] lanes) {
    int length = FLOATS.length();
    int whole = FLOATS.loopBound(n);
    for (int lane = 0; lane < Folding.LANES; lane += length) {
      FloatVector max = FloatVector.fromArray(FLOATS, x, at + lane);
      for (int i = Folding.LANES + lane; i < whole; i += Folding.LANES) {
        max = max.max(FloatVector.fromArray(FLOATS, x, at + i));
      }
      max.intoArray(lanes, lane);
    }
    for (int i = whole; i < n; i++) {
      lanes[i % Folding.LANES] = Math.max(lanes[i % Folding.LANES], x[at + i]);
    }
    for (int half = Folding.LANES / 2; half >= length; half /= 2) {
      for (int i = 0; i < half; i += length) {
        FloatVector.fromArray(FLOATS, lanes, i).max(FloatVector.fromArray(FLOATS, lanes, i + half)).intoArray(lanes, i);
      }
    }
    return FloatVector.fromArray(FLOATS, lanes, 0).reduceLanes(VectorOperators.MAX);
  }

  private static void minima(float[] x, int rows, int n, float[] into, float[] lanes) {
    for (int row = 0; row < rows; row++) {
      into[row] = minimum(x, row * n, n, lanes);
    }
  }

  private static float minimum(float[] x, int at, int n, float[] lanes) {
    int length = FLOATS.length();
    int whole = FLOATS.loopBound(n);
    for (int lane = 0; lane < Folding.LANES; lane += length) {
      FloatVector min = FloatVector.fromArray(FLOATS, x, at + lane);
      for (int i = Folding.LANES + lane; i < whole; i += Folding.LANES) {
        min = min.min(FloatVector.fromArray(FLOATS, x, at + i));
      }
      min.intoArray(lanes, lane);
    }
    for (int i = whole; i < n; i++) {
      lanes[i % Folding.LANES] = Math.min(lanes[i % Folding.LANES], x[at + i]);
    }
    for (int half = Folding.LANES / 2; half >= length; half /= 2) {
      for (int i = 0; i < half; i += length) {
        FloatVector.fromArray(FLOATS, lanes, i).min(FloatVector.fromArray(FLOATS, lanes, i + half)).intoArray(lanes, i);
      }
    }
    return FloatVector.fromArray(FLOATS, lanes, 0).reduceLanes(VectorOperators.MIN);
  }
}
