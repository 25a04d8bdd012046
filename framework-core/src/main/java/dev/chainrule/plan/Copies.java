package dev.chainrule.plan;

import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.device.events.CopyEvent;
import dev.chainrule.device.events.Recorder;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Copies between the host and one device; each is an event. */
record Copies(Queue queue) {

  void toDevice(MemorySegment source, Memory target) {
    Optional<CopyEvent> event = Recorder.ifOn(() -> CopyEvent.begun());
    queue.upload(source, target);
    event.ifPresent(e -> e.ended(CopyEvent.Direction.TO_DEVICE, source.byteSize()));
  }

  void toHost(Memory source, MemorySegment target) {
    Optional<CopyEvent> event = Recorder.ifOn(() -> CopyEvent.begun());
    queue.download(source, target);
    event.ifPresent(e -> e.ended(CopyEvent.Direction.TO_HOST, target.byteSize()));
  }
}
