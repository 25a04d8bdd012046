package dev.chainrule.backend.cuda;

import dev.chainrule.kernels.PinnedMemory;

/**
 * Page-locked memory through which something that is enqueued takes and gives small data, with the event of its end. On the context's
 * thread.
 *
 * @param done when nothing uses the piece any more
 */
record Exchange(Machine machine, PinnedMemory.Piece piece, long done) {

  /** One with a piece of at least so many bytes, until it is given back. */
  static Exchange of(Machine machine, long bytes) {
    long done = machine.streams().takeEvent();
    try {
      return new Exchange(machine, machine.pinned().take(bytes), done);
    } catch (CudaException e) {
      machine.streams().giveBackEvent(done);
      throw e;
    }
  }

  /** All that uses the piece has been enqueued for computing. */
  void enqueued() {
    machine.context().driver().cuEventRecord(done, machine.streams().compute());
  }

  /** Waits until nothing uses the piece any more. */
  void await() {
    machine.context().driver().cuEventSynchronize(done);
  }

  /** Lets others have it. */
  void giveBack() {
    machine.pinned().giveBack(piece);
    machine.streams().giveBackEvent(done);
  }
}
