package dev.chainrule.cli;

import dev.chainrule.device.Backend;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Diagnosis;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code chainrule devices}: what this machine offers, and for a backend without devices what is missing. */
@Command(name = "devices", description = "Lists the devices that --backend can name.", mixinStandardHelpOptions = true)
final class DevicesCommand implements Callable<Integer> {

  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    for (Backend backend : Devices.backends()) {
      for (DeviceInfo device : backend.discover()) {
        out.printf("%-10s %s%n", device.id(), describe(device));
      }
      Diagnosis diagnosis = backend.diagnose();
      if (diagnosis.usable()) {
        diagnosis.findings().forEach(finding -> out.printf("%-10s %s%n", "", finding));
      } else {
        out.printf("%-10s none: %s. %s%n", backend.name(), String.join("; ", diagnosis.findings()), diagnosis.remedy());
      }
    }
    return 0;
  }

  /** {@code 2 threads, 512-bit vectors, amd64, 17.7 GiB}. */
  static String describe(DeviceInfo device) {
    return String.format(Locale.ROOT, "%s, %.1f GiB", device.description(), device.memoryBytes() / (double) (1L << 30));
  }
}
