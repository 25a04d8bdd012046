package dev.chainrule.backend.opencl;

import dev.chainrule.device.Executable;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Copies and runs in the order of the device's queue. What lies in the Java heap goes through memory outside it, a piece at a time. */
final class OpenClQueue implements Queue {

  private static final long PIECE = 1L << 20;

  private final OpenClLibrary library;
  private final long commands;
  private final MemorySegment piece = Arena.ofAuto().allocate(PIECE, 64);

  OpenClQueue(OpenClLibrary library, long commands) {
    this.library = library;
    this.commands = commands;
  }

  long commands() {
    return commands;
  }

  @Override
  public void upload(MemorySegment source, Memory target) {
    checkFits(source.byteSize(), target.bytes());
    long buffer = OpenClMemory.of(target).handle();
    for (long done = 0; done < source.byteSize(); done += PIECE) {
      long bytes = Math.min(PIECE, source.byteSize() - done);
      MemorySegment.copy(source, done, piece, 0, bytes);
      library.write(commands, buffer, true, done, bytes, piece);
    }
  }

  @Override
  public void download(Memory source, MemorySegment target) {
    checkFits(target.byteSize(), source.bytes());
    long buffer = OpenClMemory.of(source).handle();
    for (long done = 0; done < target.byteSize(); done += PIECE) {
      long bytes = Math.min(PIECE, target.byteSize() - done);
      library.read(commands, buffer, done, bytes, piece);
      MemorySegment.copy(piece, 0, target, done, bytes);
    }
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
