package dev.chainrule.backend.cpu;

import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Instructions written by hand, run on inputs and outputs only.
 *
 * @param inputs content of the inputs
 * @param outputs what the outputs hold before the run
 */
record KernelRun(List<Instruction> instructions, List<HostArray> inputs, List<HostArray> outputs) {

  KernelRun {
    instructions = List.copyOf(instructions);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** What a run leaves in the outputs, and its fault. */
  record Outcome(List<HostArray> outputs, Fault fault) {}

  Outcome on(CpuDevice device) {
    return with(device, (linked, bindings) -> {
      Fault fault = linked.run(bindings);
      List<HostArray> results = new ArrayList<>();
      for (int i = 0; i < outputs.size(); i++) {
        byte[] bytes = new byte[Math.toIntExact(outputs.get(i).type().bytes())];
        device.queue().download(bindings.outputs().get(i), MemorySegment.ofArray(bytes));
        results.add(HostArray.owning(outputs.get(i).type(), bytes));
      }
      return new Outcome(results, fault);
    });
  }

  /** Something to do with a linked schedule. */
  interface Use<T> {
    T with(CpuExecutable linked, Queue.Bindings bindings);
  }

  <T> T with(CpuDevice device, Use<T> use) {
    var schedule = new Schedule(instructions, List.of(), types(inputs), List.of(), types(outputs), List.of(), List.of(), List.of(), 0, 0);
    List<Memory> in = inputs.stream().map(array -> memory(device, array)).toList();
    List<Memory> out = outputs.stream().map(array -> memory(device, array)).toList();
    Memory arena = device.allocate(0);
    try (Executable executable = device.link(schedule)) {
      return use.with((CpuExecutable) executable, new Queue.Bindings(arena, in, List.of(), out, MemorySegment.ofArray(new byte[0])));
    } finally {
      arena.free();
      in.forEach(Memory::free);
      out.forEach(Memory::free);
    }
  }

  private static List<TensorType> types(List<HostArray> arrays) {
    return arrays.stream().map(HostArray::type).toList();
  }

  private static Memory memory(CpuDevice device, HostArray array) {
    Memory memory = device.allocate(array.type().bytes());
    device.queue().upload(array.segment(), memory);
    return memory;
  }
}
