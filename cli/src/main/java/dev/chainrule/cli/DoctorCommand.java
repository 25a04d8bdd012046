package dev.chainrule.cli;

import dev.chainrule.ChainruleException;
import dev.chainrule.device.Backend;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Diagnosis;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code chainrule doctor}: what was looked for, what was found, what is missing and how to get it. */
@Command(name = "doctor", description = "Says what this machine has for each backend, what is missing, and the fix.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {

  private static final String LINE = "%-8s %-8s %s%n";

  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(LINE, "java", "ok", Runtime.version() + ", " + System.getProperty("java.vm.name") + " by " + System.getProperty("java.vendor"));
    out.printf(LINE, "system", "ok", String.format(Locale.ROOT, "%s %s, %d processors", System.getProperty("os.name"),
        System.getProperty("os.arch"), Runtime.getRuntime().availableProcessors()));
    flag(out, ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(), "the Vector API", "--add-modules=jdk.incubator.vector");
    flag(out, DoctorCommand.class.getModule().isNativeAccessEnabled(), "native access", "--enable-native-access=ALL-UNNAMED");
    Devices.backends().forEach(backend -> examine(backend, out));
    return choice(out);
  }

  private static void flag(PrintWriter out, boolean there, String what, String option) {
    out.printf(LINE, "java", there ? "ok" : "missing", there ? what : what + ": start Java with " + option);
  }

  private static void examine(Backend backend, PrintWriter out) {
    Diagnosis diagnosis = backend.diagnose();
    List<DeviceInfo> devices = backend.discover();
    for (DeviceInfo device : devices) {
      out.printf(LINE, backend.name(), "ok", device.id() + ": " + DevicesCommand.describe(device));
    }
    if (!diagnosis.usable()) {
      out.printf(LINE, backend.name(), "missing", "no device that can be used");
    }
    diagnosis.findings().forEach(finding -> out.printf(LINE, backend.name(), "", finding));
    if (!diagnosis.remedy().isEmpty()) {
      out.printf(LINE, "", "fix", diagnosis.remedy());
    }
  }

  /** What a command without {@code --backend} would run on. */
  private static int choice(PrintWriter out) {
    try {
      out.printf(LINE, "choice", "ok", Devices.current().info().id() + " without --backend");
      return 0;
    } catch (ChainruleException unavailable) {
      out.printf(LINE, "choice", "missing", Main.withoutCallerLine(Objects.requireNonNullElse(unavailable.getMessage(), "")));
      return ExitCode.of(unavailable);
    }
  }
}
