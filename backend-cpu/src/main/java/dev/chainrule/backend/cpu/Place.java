package dev.chainrule.backend.cpu;

/**
 * Where an operand's buffer lies: a run has one table of base addresses, one entry for the arena and for each input, state, output and
 * constant.
 *
 * @param base entry of the table
 * @param byteOffset distance from there
 */
record Place(int base, long byteOffset) {

  long address(Frame frame) {
    return frame.base(base) + byteOffset;
  }

  Place plus(long bytes) {
    return new Place(base, byteOffset + bytes);
  }
}
