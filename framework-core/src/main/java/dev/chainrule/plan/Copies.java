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

  /** Copies an input of the next run, see {@link Queue#stage}. */
  void toDevice(MemorySegment source, Memory staging, Memory target) {
    Optional<CopyEvent> event = Recorder.ifOn(() -> CopyEvent.begun());
    queue.stage(source, staging, target);
    event.ifPresent(e -> e.ended(CopyEvent.Direction.TO_DEVICE, source.byteSize()));
  }

  /** Begins a copy whose data is asked for later. */
  Queue.Fetched fetch(Memory source, long bytes) {
    Optional<CopyEvent> event = Recorder.ifOn(() -> CopyEvent.begun());
    Queue.Fetched fetched = queue.fetch(source, bytes);
    return target -> {
      fetched.into(target);
      event.ifPresent(e -> e.ended(CopyEvent.Direction.TO_HOST, bytes));
    };
  }

  void toHost(Memory source, MemorySegment target) {
    Optional<CopyEvent> event = Recorder.ifOn(() -> CopyEvent.begun());
    queue.download(source, target);
    event.ifPresent(e -> e.ended(CopyEvent.Direction.TO_HOST, target.byteSize()));
  }
}
