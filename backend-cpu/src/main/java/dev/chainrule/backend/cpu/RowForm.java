package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.stream.Stream;

/**
 * The rows that a loop by rows of a generated kernel goes through.
 *
 * @param length elements of a row: those that a fold combines, or of the width behind the folded axes; without folds the shortest of an
 *     operand; 0 where there are none
 */
record RowForm(long length) {

  /** Without folds shorter rows are better repeated in a register. */
  private static final long SHORTEST = 32;

  static RowForm of(Instruction.Compute compute, Tiling tiling) {
    if (compute.kernel().folded().count() > 0) {
      return new RowForm(tiling.width() == 1 ? tiling.rows() : tiling.width());
    }
    Stream<Layout> read = compute.kernel().values().stream()
        .flatMap(value -> value instanceof KernelExpression.Load load ? Stream.of(load.layout()) : Stream.empty());
    Stream<Layout> written = compute.outputs().stream().map(Operand::layout);
    long shortest = Stream.concat(read, written).map(layout -> Strides.of(tiling.elements(layout)))
        .filter(strides -> !strides.isRow() && (strides.rowStride() == 0 || strides.rowStride() == 1))
        .mapToLong(Strides::rowLength).min().orElse(0);
    return new RowForm(shortest >= SHORTEST ? shortest : 0);
  }

  /** Whether rows are whole vectors, as they have to be in a loop by rows. */
  boolean isOfWholeVectors() {
    return length > 0 && length % VectorWidth.LANES == 0;
  }

  /** Whether a loop by rows reads an operand with this layout of elements from memory itself. */
  boolean reads(DType dtype, Layout elements) {
    return isNumberOfRow(dtype, elements) || isOfNeighbours(dtype, elements);
  }

  /** Whether there is one number for each row. */
  boolean isNumberOfRow(DType dtype, Layout elements) {
    Strides strides = Strides.of(elements);
    return dtype.bytes() == Integer.BYTES && strides.rowStride() == 0 && isOfWholeRows(strides);
  }

  /** Whether the elements of a row lie side by side. */
  boolean isOfNeighbours(DType dtype, Layout elements) {
    Strides strides = Strides.of(elements);
    return VectorOperations.isStreamed(dtype) && strides.rowStride() == 1 && isOfWholeRows(strides);
  }

  private boolean isOfWholeRows(Strides strides) {
    return strides.isRow() || strides.rowLength() % length == 0;
  }
}
