package dev.chainrule.backend.opencl;

import dev.chainrule.device.Executable;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.kernels.PinnedMemory;
import java.lang.foreign.MemorySegment;

/** Copies and runs in the order of the device's queue. */
final class OpenClQueue implements Queue {

  private final OpenClDevice device;
  private final Copies copies;

  OpenClQueue(OpenClDevice device) {
    this.device = device;
    this.copies = new Copies(device.library(), device.commands(), device.pinned());
  }

  @Override
  public void upload(MemorySegment source, Memory target) {
    checkFits(source.byteSize(), target.bytes());
    copies.upload(source, OpenClMemory.of(target));
  }

  @Override
  public void download(Memory source, MemorySegment target) {
    checkFits(target.byteSize(), source.bytes());
    copies.download(OpenClMemory.of(source), target);
  }

  @Override
  public Fetched fetch(Memory source, long bytes) {
    checkFits(bytes, source.bytes());
    if (bytes == 0) { // which OpenCL before 2.1 does not copy
      return _ -> {};
    }
    OpenClLibrary library = device.library();
    PinnedMemory.Piece piece = device.pinned().take(bytes);
    long done = library.read(device.commands(), OpenClMemory.of(source).handle(), 0, bytes, piece.memory());
    library.flush(device.commands());
    return target -> {
      library.await(done);
      MemorySegment.copy(piece.memory(), 0, target, 0, bytes);
      device.pinned().giveBack(piece);
    };
  }

  /** Waits for all copies. */
  void close() {
    copies.close();
  }

  @Override
  public boolean keepsFaults() {
    return true;
  }

  @Override
  public void clearFault() {
    device.frame().clear();
  }

  private static void checkFits(long wanted, long available) {
    if (wanted > available) {
      throw new IllegalArgumentException("[opencl] a copy of " + wanted + " bytes exceeds a memory of " + available);
    }
  }

  @Override
  public Completion run(Executable executable, Bindings bindings) {
    if (!(executable instanceof OpenClExecutable linked)) {
      throw new IllegalArgumentException("[opencl] expected an executable of this device, got " + executable);
    }
    return linked.run(bindings);
  }
}
