package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.VectorLanes.FLOATS;

import dev.chainrule.graph.Op;
import jdk.incubator.vector.FloatVector;

/**
 * {@link Folding}'s tree for rows of at least {@value Folding#LANES} floats with vectors: its lanes are some vectors, one after the other,
 * so no row is transposed or copied. Traffic: each element once from first-level cache. Loads only where the JVM has the Vector API.
 */
final class VectorFolds {

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

  private static void sums(float[] x, int rows, int n, float[] into, float[] lanes) {
    for (int row = 0; row < rows; row++) {
      into[row] = sum(x, row * n, n, lanes);
    }
  }

  private static float sum(float[] x, int at, int n, float[] lanes) {
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
    int half = Folding.LANES / 2;
    for (; half >= length; half /= 2) {
      for (int i = 0; i < half; i += length) {
        FloatVector.fromArray(FLOATS, lanes, i).add(FloatVector.fromArray(FLOATS, lanes, i + half)).intoArray(lanes, i);
      }
    }
    for (; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] = lanes[i] + lanes[i + half];
      }
    }
    return lanes[0];
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
    int half = Folding.LANES / 2;
    for (; half >= length; half /= 2) {
      for (int i = 0; i < half; i += length) {
        FloatVector.fromArray(FLOATS, lanes, i).max(FloatVector.fromArray(FLOATS, lanes, i + half)).intoArray(lanes, i);
      }
    }
    for (; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] = Math.max(lanes[i], lanes[i + half]);
      }
    }
    return lanes[0];
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
    int half = Folding.LANES / 2;
    for (; half >= length; half /= 2) {
      for (int i = 0; i < half; i += length) {
        FloatVector.fromArray(FLOATS, lanes, i).min(FloatVector.fromArray(FLOATS, lanes, i + half)).intoArray(lanes, i);
      }
    }
    for (; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] = Math.min(lanes[i], lanes[i + half]);
      }
    }
    return lanes[0];
  }
}
