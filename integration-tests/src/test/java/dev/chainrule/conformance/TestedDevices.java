package dev.chainrule.conformance;

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
 * {@code chainrule.conformance.backends} names ({@code cpu,opencl}). The CPU is always among them.
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
      List<DeviceInfo> found = backend.discover();
      if (!wanted.isEmpty() && !wanted.contains(backend.name()) && !backend.name().equals("cpu")) {
        skipped.add(backend.name() + ": not named in " + PROPERTY + "=" + named);
      } else if (found.isEmpty()) {
        skipped.add(backend.name() + ": no device: " + String.join("; ", backend.diagnose().findings()));
      } else {
        found.forEach(info -> devices.add(Devices.open(info.id())));
      }
    }
    for (String name : wanted) {
      if (Devices.backends().stream().noneMatch(b -> b.name().equals(name))) {
        skipped.add(name + ": no such backend on the class path");
      }
    }
    return new TestedDevices(List.copyOf(devices), List.copyOf(skipped));
  }

  /** For tests with a device as their parameter. */
  static Stream<TestedDevice> stream() {
    return here().devices.stream().map(TestedDevice::new);
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
