package dev.chainrule.backend.opencl;

import dev.chainrule.device.Memory;
import org.jocl.CL;
import org.jocl.cl_mem;

/** A buffer of the device. */
final class OpenClMemory implements Memory {

  private final cl_mem buffer;
  private final long handle;
  private final long bytes;
  private boolean freed;

  OpenClMemory(cl_mem buffer, long bytes) {
    this.buffer = buffer;
    this.handle = buffer.getNativePointer();
    this.bytes = bytes;
  }

  static OpenClMemory of(Memory memory) {
    if (memory instanceof OpenClMemory own) {
      return own;
    }
    throw new IllegalArgumentException("[opencl] expected memory of this device, got " + memory);
  }

  long handle() {
    if (freed) {
      throw new IllegalStateException("[opencl] memory is used after it was freed");
    }
    return handle;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public synchronized void free() {
    if (!freed) {
      freed = true;
      CL.clReleaseMemObject(buffer);
    }
  }
}
