package dev.chainrule.kernels;

/**
 * Where a kernel finds a buffer.
 *
 * @param base number in the table of the run's memories, see {@link Bases}
 * @param offset in bytes from there
 */
public record Place(int base, long offset) {
  Place plus(long bytes) {
    return new Place(base, offset + bytes);
  }
}
