package dev.chainrule.recomputation;

import dev.chainrule.backend.cpu.CpuDevice;
import dev.chainrule.device.Devices;
import dev.chainrule.plan.Engine;

/** The most memory that a program has in use on a device of its own. */
final class Peak {

  private Peak() {}

  static long of(Runnable program) {
    try (var device = new CpuDevice(2)) {
      return Devices.with(device, () -> {
        program.run();
        return Engine.of(device).peakBytes();
      });
    }
  }
}
