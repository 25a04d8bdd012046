package dev.chainrule.backend.cpu;

/**
 * The inner loops of a single-precision matrix product: packing, the product of two packed panels, and writing the
 * resulting tile. {@link BlockedProduct} holds the loops around them.
 *
 * <p>A panel holds a few lanes (rows of A, columns of B) of one block of depth, in the order in which the product reads
 * them: element {@code d} of lane {@code l} lies at {@code d * width + l}, with {@code width} the tile's rows or
 * columns. Every kernel computes an element of a tile as {@code sum = fma(a, b, sum)}, from zero and in the order of
 * depth, so all kernels give the same bits whatever their tiles' shape. (Only what kind of NaN is not defined.)
 */
interface GemmKernel {
  /** The depth of a block. It is part of the definition of a product's bits and never depends on the machine. */
  int DEPTH = 256;

  /**
   * How many floats after a panel of A {@link #pack} may overwrite. After a panel of B it may overwrite none: threads
   * pack them side by side.
   */
  int SLACK = 16;

  /** Rows of a tile: the width of a panel of A. */
  int tileRows();

  /** Columns of a tile: the width of a panel of B. */
  int tileColumns();

  /**
   * Packs {@code lanes} lanes of {@code source} from {@code lane} on into the panel that starts at {@code at}. If
   * they are fewer than {@code width}, the panel's other lanes are undefined.
   */
  void pack(MatrixView source, int lane, int lanes, int depthStart, int depth, float[] panel, int at, int width);

  /** Multiplies two panels into {@code tile}; sums outside the first {@code rows} and {@code columns} are undefined. */
  void multiply(float[] a, int aAt, float[] b, int bAt, int depth, int rows, int columns, float[] tile);

  /** Writes a tile's first rows and columns to the address {@code c}, or adds them to what is there. */
  void write(float[] tile, int rows, int columns, long c, long rowStride, boolean add);
}
