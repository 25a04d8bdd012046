package dev.chainrule.backend.opencl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_mem;

/** Page-locked memory of the host. OpenCL has it as buffers that the driver puts on the host's side, mapped for as long as they live. */
final class PinnedSlabs {

  private final cl_context context;
  private final cl_command_queue commands;
  private final List<Slab> slabs = new ArrayList<>();

  private record Slab(cl_mem buffer, ByteBuffer mapped) {}

  PinnedSlabs(cl_context context, cl_command_queue commands) {
    this.context = context;
    this.commands = commands;
  }

  MemorySegment allocate(long bytes) {
    cl_mem buffer = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE | CL.CL_MEM_ALLOC_HOST_PTR, bytes, null, null);
    ByteBuffer mapped = CL.clEnqueueMapBuffer(commands, buffer, true, CL.CL_MAP_READ | CL.CL_MAP_WRITE, 0, bytes, 0, null, null, null);
    slabs.add(new Slab(buffer, mapped));
    return MemorySegment.ofBuffer(mapped);
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
