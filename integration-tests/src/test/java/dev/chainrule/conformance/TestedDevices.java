package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.chainrule.device.Backend;
import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Devices;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The devices that the suite runs on: all that are here, or those of the backends that the property
 * {@code chainrule.conformance.backends} names ({@code cpu,opencl}). A named backend without a device is skipped, with the reason; where
 * the variable {@code CI} is {@code true} it is a failure.
 *
 * @param skipped backends left out, each with the reason
 */
record TestedDevices(List<Device> devices, List<String> skipped) {

  private static final String PROPERTY = "chainrule.conformance.backends";

  static TestedDevices here() {
    String named = System.getProperty(PROPERTY, "");
    Set<String> wanted = named.isEmpty() ? Set.of() : Set.of(named.split(",", -1));
    List<Device> devices = new ArrayList<>();
    List<String> skipped = new ArrayList<>();
    for (Backend backend : Devices.backends()) {
      if (!wanted.isEmpty() && !wanted.contains(backend.name())) {
        skipped.add(backend.name() + ": not named in " + PROPERTY + "=" + named);
        continue;
      }
      List<DeviceInfo> found = backend.discover();
      if (found.isEmpty()) {
        skipped.add(backend.name() + ": no device: " + String.join("; ", backend.diagnose().findings()));
        mustBeHere(wanted.contains(backend.name()), skipped.getLast());
      }
      found.forEach(info -> devices.add(Devices.open(info.id())));
    }
    for (String name : wanted) {
      if (Devices.backends().stream().noneMatch(b -> b.name().equals(name))) {
        skipped.add(name + ": no such backend on the class path");
        mustBeHere(true, skipped.getLast());
      }
    }
    return new TestedDevices(List.copyOf(devices), List.copyOf(skipped));
  }

  private static void mustBeHere(boolean wanted, String reason) {
    if (wanted && "true".equals(System.getenv("CI"))) {
      fail(reason);
    }
  }

  /** For tests with a device as their parameter. */
  static Stream<TestedDevice> stream() {
    TestedDevices here = here();
    if (here.devices.isEmpty()) {
      System.out.println("skipped: " + here.skipped);
      abort(String.join("; ", here.skipped));
    }
    return here.devices.stream().map(TestedDevice::new);
  }

  /** Those that may be behind the host; of the CPU alone there is none. */
  static Stream<TestedDevice> behindTheHost() {
    return stream().filter(tested -> tested.device.queue().keepsFaults());
  }

  /** A device that test reports name by its id. */
  record TestedDevice(Device device) {

    <T> T with(Supplier<T> body) {
      return Devices.with(device, body);
    }

    void run(Runnable body) {
      Devices.with(device, () -> {
        body.run();
        return null;
      });
    }

    @Override
    public String toString() {
      return device.info().id();
    }
  }
}
