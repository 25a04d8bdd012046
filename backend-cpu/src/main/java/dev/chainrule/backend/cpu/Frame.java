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

  FaultWord faults() {
    return faults;
  }
}
