package dev.chainrule.backend.cpu;

/** Shares ranges of items among the threads, and gives each part scratch space that lasts as long as the device. */
final class Parts {

  /** More parts than threads, so that a thread that the operating system delays holds up little. */
  private static final int PARTS_PER_THREAD = 4;

  /** Work per part that outweighs the hand-over to another thread, in elementary operations of about a nanosecond or less. */
  static final long GRAIN = 16_384;

  private final Workers workers;
  private final Registers[] registers;

  Parts(Workers workers) {
    this.workers = workers;
    this.registers = new Registers[workers.threads() == 1 ? 1 : PARTS_PER_THREAD * workers.threads()];
    for (int i = 0; i < registers.length; i++) {
      registers[i] = new Registers();
    }
  }

  Workers workers() {
    return workers;
  }

  /** Into how many parts a loop is cut at most; 1 on one thread. */
  int most() {
    return registers.length;
  }

  /** Scratch space of a part. */
  Registers registers(int part) {
    return registers[part];
  }

  /**
   * Runs {@code task} over 0 to {@code items - 1} in one or several ranges; each item costs about {@code work} operations. A task may
   * start another loop only if that one leaves its registers alone: they would be those of other parts.
   */
  void forEach(long items, long work, RangeTask task) {
    long worthwhile = items > Long.MAX_VALUE / Math.max(work, 1) ? registers.length : items * Math.max(work, 1) / GRAIN;
    int parts = (int) Math.min(Math.min(items, registers.length), worthwhile);
    if (parts <= 1) {
      if (items > 0) {
        task.run(registers[0], 0, items);
      }
      return;
    }
    workers.forEach(parts, part -> task.run(registers[part], items * part / parts, items * (part + 1) / parts));
  }
}
