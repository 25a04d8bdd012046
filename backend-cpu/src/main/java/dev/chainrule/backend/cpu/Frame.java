package dev.chainrule.backend.cpu;

/** What kernels see of the run they are part of. */
final class Frame {

  private final long[] bases;
  private final FaultWord faults;

  Frame(int bases) {
    this.bases = new long[bases];
    this.faults = new FaultWord();
  }

  long base(int entry) {
    return bases[entry];
  }

  void bind(int entry, long address) {
    bases[entry] = address;
  }

  /** Takes over the addresses of another frame of the same plan. Faults stay apart. */
  void bindAll(Frame other) {
    System.arraycopy(other.bases, 0, bases, 0, bases.length);
  }

  FaultWord faults() {
    return faults;
  }
}
