package dev.chainrule.plan;

import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.device.events.CopyEvent;
import java.lang.foreign.MemorySegment;

/** Copies between the host and one device; each is an event. */
record Copies(Queue queue) {

  void toDevice(MemorySegment source, Memory target) {
    CopyEvent event = CopyEvent.begun();
    queue.upload(source, target);
    event.ended(CopyEvent.Direction.TO_DEVICE, source.byteSize());
  }

  void toHost(Memory source, MemorySegment target) {
    CopyEvent event = CopyEvent.begun();
    queue.download(source, target);
    event.ended(CopyEvent.Direction.TO_HOST, target.byteSize());
  }
}
