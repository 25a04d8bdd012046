package dev.chainrule.cli;

import dev.chainrule.ChainruleException;
import dev.chainrule.DTypeMismatchException;
import dev.chainrule.DataFormatException;
import dev.chainrule.DeviceMismatchException;
import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.KernelCompilationException;
import dev.chainrule.NonFiniteException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.StaleTensorException;
import dev.chainrule.UnsupportedOpException;
import java.io.UncheckedIOException;

/** What the process ends with. */
final class ExitCode {

  static final int UNEXPECTED = 1;
  static final int USAGE = 2;
  static final int DEVICE = 3;
  static final int FILE = 4;
  static final int NON_FINITE = 5;
  static final int MEMORY = 6;
  static final int PARITY = 7;

  private ExitCode() {}

  static int of(Exception error) {
    return switch (error) {
      case ChainruleException known -> switch (known) {
        case InvalidArgumentException _ -> USAGE;
        case DeviceUnavailableException _, DeviceMismatchException _, KernelCompilationException _, UnsupportedOpException _ -> DEVICE;
        case DataFormatException _, IndexRangeException _ -> FILE;
        case NonFiniteException _ -> NON_FINITE;
        case DeviceOutOfMemoryException _ -> MEMORY;
        case ShapeMismatchException _, DTypeMismatchException _, StaleTensorException _ -> UNEXPECTED;
      };
      case UncheckedIOException _ -> FILE;
      default -> UNEXPECTED;
    };
  }
}
