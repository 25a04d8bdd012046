package dev.chainrule.cli;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Backend;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Diagnosis;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code --backend} and what devices are told beside their name, the same for every command that computes. */
final class BackendOption {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command = CommandSpec.create();

  @Option(names = "--backend", paramLabel = "NAME", showDefaultValue = Visibility.NEVER,
      description = "cpu, opencl[:n], cuda[:n] or auto; 'chainrule devices' lists what is here.")
  private Optional<String> name = Optional.empty();

  @Option(names = "--threads", paramLabel = "N", showDefaultValue = Visibility.NEVER,
      description = "Threads that compute on the CPU; by default one for each processor. Results do not depend on it.")
  private Optional<Integer> threads = Optional.empty();

  @Option(names = "--no-graphs", description = "With cuda: launch kernels one by one rather than whole steps as graphs.")
  private boolean noGraphs;

  @Option(names = "--sync", description = "With cuda: wait for each kernel, so that one that fails is named.")
  private boolean sync;

  /** The device asked for; without the option, what property and environment say, else auto. */
  Device open() {
    // The backend reads them when it opens the device; what the user's own properties say stays where nothing is asked for.
    threads.ifPresent(BackendOption::useThreads);
    if (noGraphs) {
      System.setProperty("chainrule.cuda.graphs", "false");
    }
    if (sync) {
      System.setProperty("chainrule.cuda.sync", "true");
    }
    Device device = name.map(Devices::open).orElseGet(Devices::current);
    if (name.filter("auto"::equals).isPresent()) {
      sayWhy(device);
    }
    return device;
  }

  /** What stands before the chosen device in auto's order, and why it was passed over. */
  private void sayWhy(Device device) {
    String chosen = device.info().backend();
    PrintWriter err = command.commandLine().getErr();
    for (Backend backend : Devices.backends()) {
      if (backend.name().equals(chosen)) {
        break;
      }
      Diagnosis diagnosis = backend.diagnose();
      err.printf("auto: not %s: %s%n", backend.name(),
          diagnosis.usable() || diagnosis.findings().isEmpty() ? "its devices are processors" : diagnosis.findings().getFirst());
    }
    err.printf("auto: %s%n", device.info().id());
  }

  private static void useThreads(int threads) {
    if (threads < 1) {
      throw new InvalidArgumentException("--threads", threads + ", expected 1 or more", "");
    }
    System.setProperty("chainrule.cpu.threads", Integer.toString(threads));
  }
}
