package dev.chainrule.cli;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import java.util.Optional;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** {@code --backend}, the same for every command that computes. */
final class BackendOption {

  @Option(names = "--backend", paramLabel = "NAME", showDefaultValue = Visibility.NEVER,
      description = "cpu, opencl[:n], cuda[:n] or auto; 'chainrule devices' lists what is here.")
  private Optional<String> name = Optional.empty();

  /** The device asked for; without the option, what property and environment say, else auto. */
  Device open() {
    return name.map(Devices::open).orElseGet(Devices::current);
  }
}
