package dev.chainrule.backend.opencl;

import dev.chainrule.DeviceOutOfMemoryException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_mem;

/** Page-locked memory of the host. OpenCL has it as buffers that the driver puts on the host's side, mapped for as long as they live. */
final class PinnedSlabs {

  private final String device;
  private final cl_context context;
  private final cl_command_queue commands;
  private final List<Slab> slabs = new ArrayList<>();

  private record Slab(cl_mem buffer, ByteBuffer mapped) {}

  /** @param device its id, for messages */
  PinnedSlabs(String device, cl_context context, cl_command_queue commands) {
    this.device = device;
    this.context = context;
    this.commands = commands;
  }

  MemorySegment allocate(long bytes) {
    try {
      cl_mem buffer = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE | CL.CL_MEM_ALLOC_HOST_PTR, bytes, null, null);
      ByteBuffer mapped = mapped(buffer, bytes);
      slabs.add(new Slab(buffer, mapped));
      return MemorySegment.ofBuffer(mapped);
    } catch (CLException e) {
      throw new DeviceOutOfMemoryException(device, "the driver locks no %,d bytes of the host's memory: %s".formatted(bytes, e.getMessage()),
          "Let go of memory that other programs use, or raise the limit on locked memory (ulimit -l).");
    }
  }

  private ByteBuffer mapped(cl_mem buffer, long bytes) {
    try {
      return CL.clEnqueueMapBuffer(commands, buffer, true, CL.CL_MAP_READ | CL.CL_MAP_WRITE, 0, bytes, 0, null, null, null);
    } catch (CLException e) {
      CL.clReleaseMemObject(buffer);
      throw e;
    }
  }

  /** Gives all back; nothing may be copied any more. */
  void close() {
    for (Slab slab : slabs) {
      CL.clEnqueueUnmapMemObject(commands, slab.buffer, slab.mapped, 0, null, null);
    }
    CL.clFinish(commands);
    slabs.forEach(slab -> CL.clReleaseMemObject(slab.buffer));
    slabs.clear();
  }
}
