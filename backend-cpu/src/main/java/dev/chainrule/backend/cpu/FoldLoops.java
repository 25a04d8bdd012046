package dev.chainrule.backend.cpu;

/** The loops of {@link Folds}, for each kind of register over a whole array and over rows of one. */
final class FoldLoops {

  private FoldLoops() {}

  static void add(float[] into, float[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = into[i] + from[i];
    }
  }

  static void add(float[] into, float[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      float x = into[i];
      for (int row = 0; row < rows; row++) {
        x = x + from[at + row * n + i];
      }
      into[i] = x;
    }
  }

  static void multiply(float[] into, float[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = into[i] * from[i];
    }
  }

  static void multiply(float[] into, float[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      float x = into[i];
      for (int row = 0; row < rows; row++) {
        x = x * from[at + row * n + i];
      }
      into[i] = x;
    }
  }

  static void max(float[] into, float[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Math.max(into[i], from[i]);
    }
  }

  static void max(float[] into, float[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      float x = into[i];
      for (int row = 0; row < rows; row++) {
        x = Math.max(x, from[at + row * n + i]);
      }
      into[i] = x;
    }
  }

  static void min(float[] into, float[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Math.min(into[i], from[i]);
    }
  }

  static void min(float[] into, float[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      float x = into[i];
      for (int row = 0; row < rows; row++) {
        x = Math.min(x, from[at + row * n + i]);
      }
      into[i] = x;
    }
  }

  static void add(double[] into, double[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = into[i] + from[i];
    }
  }

  static void add(double[] into, double[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      double x = into[i];
      for (int row = 0; row < rows; row++) {
        x = x + from[at + row * n + i];
      }
      into[i] = x;
    }
  }

  static void multiply(double[] into, double[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = into[i] * from[i];
    }
  }

  static void multiply(double[] into, double[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      double x = into[i];
      for (int row = 0; row < rows; row++) {
        x = x * from[at + row * n + i];
      }
      into[i] = x;
    }
  }

  static void max(double[] into, double[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Math.max(into[i], from[i]);
    }
  }

  static void max(double[] into, double[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      double x = into[i];
      for (int row = 0; row < rows; row++) {
        x = Math.max(x, from[at + row * n + i]);
      }
      into[i] = x;
    }
  }

  static void min(double[] into, double[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Math.min(into[i], from[i]);
    }
  }

  static void min(double[] into, double[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      double x = into[i];
      for (int row = 0; row < rows; row++) {
        x = Math.min(x, from[at + row * n + i]);
      }
      into[i] = x;
    }
  }

  static void add(int[] into, int[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = into[i] + from[i];
    }
  }

  static void add(int[] into, int[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      int x = into[i];
      for (int row = 0; row < rows; row++) {
        x = x + from[at + row * n + i];
      }
      into[i] = x;
    }
  }

  static void multiply(int[] into, int[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = into[i] * from[i];
    }
  }

  static void multiply(int[] into, int[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      int x = into[i];
      for (int row = 0; row < rows; row++) {
        x = x * from[at + row * n + i];
      }
      into[i] = x;
    }
  }

  static void max(int[] into, int[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Math.max(into[i], from[i]);
    }
  }

  static void max(int[] into, int[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      int x = into[i];
      for (int row = 0; row < rows; row++) {
        x = Math.max(x, from[at + row * n + i]);
      }
      into[i] = x;
    }
  }

  static void min(int[] into, int[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Math.min(into[i], from[i]);
    }
  }

  static void min(int[] into, int[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      int x = into[i];
      for (int row = 0; row < rows; row++) {
        x = Math.min(x, from[at + row * n + i]);
      }
      into[i] = x;
    }
  }

  static void add(long[] into, long[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = into[i] + from[i];
    }
  }

  static void add(long[] into, long[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      long x = into[i];
      for (int row = 0; row < rows; row++) {
        x = x + from[at + row * n + i];
      }
      into[i] = x;
    }
  }

  static void multiply(long[] into, long[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = into[i] * from[i];
    }
  }

  static void multiply(long[] into, long[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      long x = into[i];
      for (int row = 0; row < rows; row++) {
        x = x * from[at + row * n + i];
      }
      into[i] = x;
    }
  }

  static void max(long[] into, long[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Math.max(into[i], from[i]);
    }
  }

  static void max(long[] into, long[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      long x = into[i];
      for (int row = 0; row < rows; row++) {
        x = Math.max(x, from[at + row * n + i]);
      }
      into[i] = x;
    }
  }

  static void min(long[] into, long[] from, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Math.min(into[i], from[i]);
    }
  }

  static void min(long[] into, long[] from, int at, int rows, int n) {
    for (int i = 0; i < n; i++) {
      long x = into[i];
      for (int row = 0; row < rows; row++) {
        x = Math.min(x, from[at + row * n + i]);
      }
      into[i] = x;
    }
  }
}
