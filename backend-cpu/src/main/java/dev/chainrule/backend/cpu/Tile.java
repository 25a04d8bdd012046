package dev.chainrule.backend.cpu;

/**
 * A part of a kernel's domain that fits the registers, see {@link Tiling}: {@code outers} times {@code rows} times {@code columns}
 * elements. More than one outer index only with all rows and columns; rows that are not all columns wide, one at a time.
 */
final class Tile {

  long outer;
  long row;
  long column;
  int outers;
  int rows;
  int columns;

  /** Number of the group's first place in [outer, width]. */
  long place;

  /** Number of the first element in [outer, rows, width]. */
  long at;

  /** Of the group. */
  int places() {
    return outers * columns;
  }

  int elements() {
    return outers * rows * columns;
  }
}
