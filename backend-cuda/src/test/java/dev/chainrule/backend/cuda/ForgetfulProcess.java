package dev.chainrule.backend.cuda;

import dev.chainrule.device.Devices;

/** Takes memory and ends without giving back anything, or with {@code close} as its argument after it closed the device. */
final class ForgetfulProcess {

  private ForgetfulProcess() {}

  public static void main(String[] args) {
    var device = Devices.open("cuda:0");
    var memory = device.allocate(100);
    if (args.length > 0) {
      memory.free();
      device.close();
    }
  }
}
