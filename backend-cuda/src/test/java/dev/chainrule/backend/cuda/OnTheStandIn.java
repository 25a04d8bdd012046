package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import java.util.function.Consumer;

/** A device of the stand-in's for one test: what the test leaves on it must be nothing. */
final class OnTheStandIn {

  private static final Settings USUAL = new Settings(true, false, false, StandIn.cubins());

  private OnTheStandIn() {}

  static StandIn standIn() {
    assumeTrue(StandIn.isPossible(), "skipped: the stand-in for CUDA needs g++ on Linux, x86-64");
    return StandIn.here();
  }

  static Settings usual() {
    return USUAL;
  }

  static CudaDevice open(Settings settings) {
    return open(settings, standIn().installation().libraries());
  }

  static CudaDevice open(Settings settings, Libraries libraries) {
    Installation found = standIn().installation();
    var backend = new CudaBackend(() -> found);
    return (CudaDevice) CudaDevice.open(backend.discover().getFirst(), found.cards().getFirst(), found.driver().orElseThrow(),
        found.compiler().orElseThrow(), libraries, settings);
  }

  static void with(Settings settings, Consumer<CudaDevice> body) {
    try (CudaDevice device = open(settings)) {
      run(device, () -> body.accept(device));
    }
    assertNothingLeft();
  }

  static void with(Consumer<CudaDevice> body) {
    with(USUAL, body);
  }

  static void run(Device device, Runnable body) {
    Devices.with(device, () -> {
      body.run();
      return "";
    });
  }

  static void assertNothingLeft() {
    assertEquals(0, standIn().count("all"), "left on the device");
    assertEquals(0, standIn().count("contexts"));
    assertEquals(0, standIn().count("overruns"), "kernels wrote behind their memory");
    assertEquals(0, standIn().count("mistakes"), "told to a library");
  }
}
