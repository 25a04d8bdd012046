package dev.chainrule.cli;

import dev.chainrule.ChainruleException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The {@code chainrule} command: parses arguments, runs a subcommand, turns errors into one message and an exit code. */
@Command(
    name = "chainrule",
    description = "Trains neural networks on CPU, OpenCL or CUDA, picked by a flag.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    subcommands = {TrainCommand.class, EvaluateCommand.class, DevicesCommand.class, DoctorCommand.class,
        ParityCommand.class, TuneCommand.class},
    footer = {"", "Exit codes: 0 done, 1 unexpected error, 2 wrong arguments, 3 device unavailable,",
        "4 bad file, 5 value not finite, 6 out of memory, 7 devices disagree."})
public final class Main implements Runnable {

  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Runs the command and gives its exit code. */
  static int run(String... arguments) {
    return commandLine().execute(arguments);
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setExecutionExceptionHandler((error, commandLine, _) -> report(error, commandLine.getErr()))
        .setParameterExceptionHandler((error, _) -> usage(error));
  }

  /** Without a subcommand: the help. */
  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  private static int usage(CommandLine.ParameterException error) {
    PrintWriter err = error.getCommandLine().getErr();
    err.println("chainrule: " + error.getMessage());
    if (!CommandLine.UnmatchedArgumentException.printSuggestions(error, err)) {
      err.println("Try '" + error.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
    }
    return ExitCode.USAGE;
  }

  private static int report(Exception error, PrintWriter err) {
    switch (error) {
      case ChainruleException known -> err.println("chainrule: " + withoutCallerLine(Objects.requireNonNullElse(known.getMessage(), "")));
      case UncheckedIOException io -> err.println("chainrule: " + io.getMessage() + " (" + io.getCause() + ")");
      default -> {
        err.println("chainrule: unexpected error; please report it with what follows");
        error.printStackTrace(err);
      }
    }
    return ExitCode.of(error);
  }

  /** The caller's line in a message is a line of the recipe: of no use to someone at a shell. */
  static String withoutCallerLine(String message) {
    return message.replaceAll("\n  at [^\n]*", "");
  }

  /** The version from the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Optional.ofNullable(Main.class.getPackage().getImplementationVersion()).orElse("(development build)");
      return new String[] {"chainrule " + version + " on Java " + Runtime.version()};
    }
  }
}
