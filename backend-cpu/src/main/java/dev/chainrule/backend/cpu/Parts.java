package dev.chainrule.backend.cpu;

import java.util.List;

/** Shares ranges of items among the threads, and gives each part scratch space that lasts as long as the device. */
final class Parts {

  /** More parts than threads, so that a thread that the operating system delays holds up little. */
  private static final int PARTS_PER_THREAD = 4;

  /** Work per part that outweighs the hand-over to another thread, in elementary operations of about a nanosecond or less. */
  static final long GRAIN = 16_384;

  private final Workers workers;
  private final Registers[] registers;
  private final Pool<Registers> spare = new Pool<>(() -> new Registers(0));

  Parts(Workers workers) {
    this.workers = workers;
    this.registers = new Registers[workers.threads() == 1 ? 1 : PARTS_PER_THREAD * workers.threads()];
    for (int i = 0; i < registers.length; i++) {
      registers[i] = new Registers(i);
    }
  }

  Workers workers() {
    return workers;
  }

  /** Into how many parts a loop is cut at most; 1 on one thread. */
  int most() {
    return registers.length;
  }

  /** Scratch space for what runs within a part that is not its own, such as blocks of a product. */
  Pool<Registers> spare() {
    return spare;
  }

  /** Scratch space of a part. */
  Registers registers(int part) {
    return registers[part];
  }

  /** A kernel as a loop of its own, shared among the threads. */
  Kernel loop(RangeKernel kernel) {
    return new ParallelLoop(List.of(kernel), this);
  }
}
