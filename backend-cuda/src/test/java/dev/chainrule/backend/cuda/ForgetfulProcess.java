package dev.chainrule.backend.cuda;

import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.device.Devices;

/**
 * Takes memory and ends without giving back anything, or with {@code close} as its argument after it closed the device,
 * or with {@code refused} says twice why it gets none.
 */
final class ForgetfulProcess {

  private ForgetfulProcess() {}

  public static void main(String[] args) {
    if (args.length > 0 && args[0].equals("refused")) {
      refused();
      refused(); // a class that could not be initialised fails in another way from then on
      return;
    }
    var device = Devices.open("cuda:0");
    var memory = device.allocate(100);
    if (args.length > 0) {
      memory.free();
      device.close();
    }
  }

  private static void refused() {
    try {
      Devices.open("cuda:0");
    } catch (DeviceUnavailableException e) {
      System.out.println("refused: " + e.getMessage());
    }
  }
}
