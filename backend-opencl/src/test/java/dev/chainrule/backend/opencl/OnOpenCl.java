package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.chainrule.device.Devices;
import java.util.function.Consumer;

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

  static void with(Consumer<OpenClDevice> body) {
    try (OpenClDevice device = open()) {
      Devices.with(device, () -> {
        body.accept(device);
        return "";
      });
    }
  }
}
