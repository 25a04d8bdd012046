package dev.chainrule.backend.cpu;

import org.jspecify.annotations.Nullable;

/** A single-precision product C = A B with the bits that {@link Gemm} defines. Kept and used again, so that one allocates nothing. */
abstract class FloatProduct {

  /** To be set before {@link #run}: the operands and the result. The lanes of A and C are their rows, those of B its columns. */
  final MatrixView a = new MatrixView();

  final MatrixView b = new MatrixView();
  final MatrixView c = new MatrixView();

  /** The product of A[m, k] and B[k, n]; none of m, n and k is 0. A follower is told of each block that is done. */
  abstract void run(int m, int n, int k, Workers workers, Gemm.@Nullable Follower follower);
}
