package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Devices;
import java.util.function.Consumer;
import org.jocl.CL;

/** The first device of whatever driver is here. Without one tests are skipped, in CI a failure. */
final class OnOpenCl {

  private OnOpenCl() {}

  static OpenClDevice open() {
    if (new OpenClBackend().discover().isEmpty()) {
      String reason = String.join("; ", new OpenClBackend().diagnose().findings());
      if ("true".equals(System.getenv("CI"))) {
        fail(reason);
      }
      System.out.println("skipped: " + reason);
      abort(reason);
    }
    return (OpenClDevice) new OpenClBackend().open(0);
  }

  /** The same device as one that says it is a GPU, and so gets the kernels that a GPU does. */
  static OpenClDevice openAsGpu() {
    return open(CL.CL_DEVICE_TYPE_GPU, true);
  }

  /** The same device as one that says it does not compute in f64. */
  static OpenClDevice openWithoutF64() {
    return open(CL.CL_DEVICE_TYPE_CPU, false);
  }

  private static OpenClDevice open(long type, boolean f64) {
    open().close();
    Hardware.Found found = Hardware.look().devices().getFirst();
    var other = new Hardware.Found(found.platform(), found.device(), type, found.name(), found.platformName(), found.version(), found.driver(),
        found.memoryBytes(), found.largestBuffer(), found.parameterBytes(), found.groupSize(), f64, found.roundsCorrectly());
    return new OpenClDevice(new DeviceInfo(OpenClBackend.NAME, 0, other.description(), other.memoryBytes()), other);
  }

  static void with(Consumer<OpenClDevice> body) {
    try (OpenClDevice device = open()) {
      Devices.with(device, () -> {
        body.accept(device);
        return "";
      });
    }
  }
}
