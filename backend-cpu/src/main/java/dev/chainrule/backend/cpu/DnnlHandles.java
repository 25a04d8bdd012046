package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** What a primitive consists of on oneDNN's side, and what threads need to execute it: made one by one, destroyed together. */
final class DnnlHandles {

  private static final String LAYOUT = "dnnl_memory_desc_destroy";

  private final Dnnl dnnl;
  private final Deque<Runnable> endings = new ArrayDeque<>();

  DnnlHandles(Dnnl dnnl) {
    this.dnnl = dnnl;
  }

  private synchronized long until(String destroyer, long handle) {
    endings.push(() -> dnnl.destroy(destroyer, handle));
    return handle;
  }

  /** @throws Dnnl.RefusedException if oneDNN does not do this */
  long descriptor(String name, Object... arguments) {
    return until("dnnl_primitive_desc_destroy", dnnl.create(name, arguments));
  }

  /** @throws Dnnl.RefusedException if oneDNN cannot make it */
  long primitive(long descriptor) {
    return until("dnnl_primitive_destroy", dnnl.create("dnnl_primitive_create", descriptor));
  }

  /** A layout by its strides, in elements. */
  long layout(DType dtype, List<Long> dims, List<Long> strides) {
    return until(LAYOUT, dnnl.layout(dtype, dims, strides));
  }

  /** A layout by its name, one of dnnl_format_tag_t. */
  long layout(DType dtype, List<Long> dims, int tag) {
    return until(LAYOUT, dnnl.layout(dtype, dims, tag));
  }

  /** A memory object, which {@link Dnnl#setAddress} has refer to memory. */
  long memory(long layout) {
    return until("dnnl_memory_destroy", dnnl.memory(layout));
  }

  /** A stream, for one thread at a time. */
  long stream() {
    return until("dnnl_stream_destroy", dnnl.stream());
  }

  /** Room for so many arguments of a primitive. */
  synchronized long arguments(int count) {
    long list = LibC.malloc((long) count * Dnnl.ARGUMENT_BYTES);
    endings.push(() -> LibC.free(list));
    return list;
  }

  /** Destroys all, the last first; nobody may be executing. */
  synchronized void destroy() {
    endings.forEach(Runnable::run);
    endings.clear();
  }
}
