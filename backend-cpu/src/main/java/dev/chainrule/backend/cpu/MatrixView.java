package dev.chainrule.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A matrix of a product, seen as lanes along a depth: for A a lane is a row, for B a column, and the depth is the
 * dimension that is summed. So seen, both are packed by the same code. Address and strides are in bytes. It is set anew
 * for each product.
 */
final class MatrixView {
  private long address;
  private long laneStride;
  private long depthStride;

  /**
   * Makes this the matrix in {@code segment} that starts at element {@code offset}; strides are in elements too.
   *
   * @throws IllegalArgumentException if the segment is not off-heap
   * @throws IndexOutOfBoundsException if an element lies outside the segment
   * @throws IllegalStateException if the segment was freed
   */
  void set(
      MemorySegment segment, int elementBytes, long offset, int lanes, long laneStride, int depth, long depthStride) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("[gemm] expected an off-heap segment, got " + segment);
    }
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("[gemm] the segment was freed: " + segment);
    }
    if (lanes > 0 && depth > 0) {
      long laneReach = (lanes - 1) * laneStride;
      long depthReach = (depth - 1) * depthStride;
      long first = offset + Math.min(0, laneReach) + Math.min(0, depthReach);
      long end = offset + Math.max(0, laneReach) + Math.max(0, depthReach) + 1;
      Objects.checkFromToIndex(first * elementBytes, end * elementBytes, segment.byteSize());
    }
    this.address = segment.address() + offset * elementBytes;
    this.laneStride = laneStride * elementBytes;
    this.depthStride = depthStride * elementBytes;
  }

  /** From one lane to the next. */
  long laneStride() {
    return laneStride;
  }

  /** From one depth to the next. */
  long depthStride() {
    return depthStride;
  }

  /** The address of element {@code depth} of lane {@code lane}. */
  long at(int lane, int depth) {
    return address + lane * laneStride + depth * depthStride;
  }
}
