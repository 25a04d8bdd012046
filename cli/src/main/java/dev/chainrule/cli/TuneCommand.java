package dev.chainrule.cli;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Device;
import dev.chainrule.device.Tuner;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code chainrule tune}: measures a device's kernels once, so that later programs take the fastest. */
@Command(name = "tune", mixinStandardHelpOptions = true, sortOptions = false, showDefaultValues = true,
    description = {"Measures which variants of its kernels a device runs fastest, and keeps that for all programs of this user.",
        "Results do not depend on it, only time does. Once for each device and driver is enough."})
final class TuneCommand implements Callable<Integer> {

  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  @Mixin
  private BackendOption backend = new BackendOption();

  @Option(names = "--sizes", paramLabel = "N,...", split = ",",
      description = "Rows, columns and depths of the matrix products to measure, each with each: powers of four from 16 to 4096.")
  private List<Long> sizes = List.of(16L, 64L, 256L, 1024L);

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    sizes.stream().filter(size -> size < 1).findFirst().ifPresent(size -> {
      throw new InvalidArgumentException("--sizes", size + ", expected 1 or more", "");
    });
    Device device = backend.open();
    Tuner tuner = device.tuner().orElseThrow(() -> new InvalidArgumentException(
        "tune", device.info().id() + " has no variants of kernels to choose from", "Name another device: --backend opencl or cuda."));
    out.printf("%s: %s%n", device.info().id(), device.info().description());
    tuner.tune(sizes, outcome -> {
      out.println(outcome);
      out.flush();
    });
    out.println("kept in " + tuner.file());
    return 0;
  }
}
