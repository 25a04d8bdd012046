package dev.chainrule.conformance;

import dev.chainrule.device.Device;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Instructions written by hand, run on inputs and outputs only.
 *
 * @param inputs content of the inputs
 * @param outputs types of the outputs, which hold zeros before the run
 */
record KernelRun(List<Instruction> instructions, List<HostArray> inputs, List<TensorType> outputs) {

  KernelRun {
    instructions = List.copyOf(instructions);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** What a run leaves in the outputs, and its fault. */
  record Outcome(List<HostArray> outputs, Fault fault) {}

  Outcome on(Device device) {
    Schedule schedule = new Schedule(instructions, List.of(), inputs.stream().map(HostArray::type).toList(), List.of(), outputs, List.of(),
        List.of(), List.of(), 0, 0);
    List<Memory> in = inputs.stream().map(x -> uploaded(device, x)).toList();
    List<Memory> out = outputs.stream().map(type -> uploaded(device, HostArray.zeros(type))).toList();
    Memory arena = device.allocate(0);
    try (Executable linked = device.link(schedule); Arena none = Arena.ofConfined()) {
      var bindings = new Queue.Bindings(arena, in, List.of(), out, none.allocate(0));
      Fault fault = device.queue().run(linked, bindings).await();
      List<HostArray> results = new ArrayList<>();
      for (int i = 0; i < out.size(); i++) {
        results.add(downloaded(device, out.get(i), outputs.get(i)));
      }
      return new Outcome(results, fault);
    } finally {
      in.forEach(Memory::free);
      out.forEach(Memory::free);
      arena.free();
    }
  }

  private static Memory uploaded(Device device, HostArray array) {
    Memory memory = device.allocate(array.type().bytes());
    device.queue().upload(array.segment(), memory);
    return memory;
  }

  private static HostArray downloaded(Device device, Memory memory, TensorType type) {
    byte[] bytes = new byte[Math.toIntExact(type.bytes())];
    device.queue().download(memory, MemorySegment.ofArray(bytes));
    return HostArray.owning(type, bytes);
  }
}
