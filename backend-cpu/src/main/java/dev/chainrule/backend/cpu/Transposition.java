package dev.chainrule.backend.cpu;

/** Transposes small matrices in registers. */
final class Transposition {

  private Transposition() {}

  /** to[column, row] = from[row, column]. */
  static void of(Object from, Object to, int rows, int columns, RegisterKind kind) {
    switch (kind) {
      case FLOAT -> of((float[]) from, (float[]) to, rows, columns);
      case DOUBLE -> of((double[]) from, (double[]) to, rows, columns);
      case INT -> of((int[]) from, (int[]) to, rows, columns);
      case LONG -> of((long[]) from, (long[]) to, rows, columns);
    }
  }

  private static void of(float[] from, float[] to, int rows, int columns) {
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        to[column * rows + row] = from[row * columns + column];
      }
    }
  }

  private static void of(double[] from, double[] to, int rows, int columns) {
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        to[column * rows + row] = from[row * columns + column];
      }
    }
  }

  private static void of(int[] from, int[] to, int rows, int columns) {
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        to[column * rows + row] = from[row * columns + column];
      }
    }
  }

  private static void of(long[] from, long[] to, int rows, int columns) {
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        to[column * rows + row] = from[row * columns + column];
      }
    }
  }
}
