package dev.chainrule.backend.cuda;

import dev.chainrule.device.Executable;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import java.lang.foreign.MemorySegment;

/** Copies and runs in the order in which they are asked for. */
final class CudaQueue implements Queue {

  private final Machine machine;

  CudaQueue(Machine machine) {
    this.machine = machine;
  }

  @Override
  public void upload(MemorySegment source, Memory target) {
    checkFits(source.byteSize(), target.bytes());
    MemorySegment data = HostData.of(source);
    long address = CudaMemory.of(target).address();
    machine.context().run(() -> machine.streams().upload(data, address));
  }

  @Override
  public boolean stagesInputs() {
    return true;
  }

  @Override
  public void stage(MemorySegment source, Memory staging, Memory target) {
    checkFits(source.byteSize(), Math.min(staging.bytes(), target.bytes()));
    MemorySegment data = HostData.of(source);
    CudaMemory via = CudaMemory.of(staging);
    long address = CudaMemory.of(target).address();
    machine.context().run(() -> machine.streams().stage(data, via, address));
  }

  @Override
  public void download(Memory source, MemorySegment target) {
    checkFits(target.byteSize(), source.bytes());
    MemorySegment data = HostData.of(target);
    long address = CudaMemory.of(source).address();
    machine.context().run(() -> machine.streams().download(address, data));
  }

  @Override
  public Fetched fetch(Memory source, long bytes) {
    checkFits(bytes, source.bytes());
    long address = CudaMemory.of(source).address();
    Context context = machine.context();
    Driver driver = context.driver();
    return context.call(() -> {
      Exchange exchange = Exchange.of(machine, bytes);
      driver.cuMemcpyDtoHAsync(exchange.piece().address(), address, bytes, machine.streams().compute());
      exchange.enqueued();
      return target -> {
        MemorySegment data = HostData.of(target);
        context.run(() -> {
          exchange.await();
          MemorySegment.copy(exchange.piece().memory(), 0, data, 0, bytes);
          exchange.giveBack();
        });
      };
    });
  }

  @Override
  public boolean keepsFaults() {
    return true;
  }

  @Override
  public void clearFault() {
    machine.context().run(machine.frame()::clear);
  }

  private static void checkFits(long wanted, long available) {
    if (wanted > available) {
      throw new IllegalArgumentException("[cuda] a copy of " + wanted + " bytes exceeds a memory of " + available);
    }
  }

  @Override
  public Completion run(Executable executable, Bindings bindings) {
    if (!(executable instanceof CudaExecutable linked)) {
      throw new IllegalArgumentException("[cuda] expected an executable of this device, got " + executable);
    }
    return linked.run(bindings);
  }
}
