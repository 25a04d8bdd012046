package dev.chainrule.cli;

import dev.chainrule.device.Devices;
import dev.chainrule.io.Safetensors;
import dev.chainrule.nn.Module;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code chainrule evaluate FILE}: the accuracy of saved weights on held-out data. */
@Command(name = "evaluate", description = "Reports the accuracy of weights written by 'train --save'.", mixinStandardHelpOptions = true,
    sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {

  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  @Parameters(paramLabel = "FILE", description = "Weights as safetensors.")
  private Path file = Path.of("");

  @Mixin
  private BackendOption backend = new BackendOption();

  @Option(names = "--data", paramLabel = "DIR", description = "A folder with the four files of MNIST or Fashion-MNIST, instead of the"
      + " 10,000 digits that come along.")
  private Optional<Path> data = Optional.empty();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Safetensors weights = Safetensors.read(file);
    var images = MnistTraining.load(data);
    Module module = DigitsNetwork.of(file, weights.metadata()).module(images.test().fields().getFirst(), images.classes());
    module.load(weights.tensors());
    return Devices.with(backend.open(), () -> {
      out.println(MnistTraining.accuracyLine(MnistTraining.accuracy(module, images.test())));
      return 0;
    });
  }
}
