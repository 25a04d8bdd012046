package dev.chainrule.backend.opencl;

import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.device.Backend;
import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Diagnosis;
import java.util.ArrayList;
import java.util.List;

/** Graphics processors, and whatever else has a driver with OpenCL; graphics processors come first. */
public final class OpenClBackend implements Backend {

  static final String NAME = "opencl";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<DeviceInfo> discover() {
    List<Hardware.Found> devices = Hardware.look().devices();
    List<DeviceInfo> infos = new ArrayList<>();
    for (int i = 0; i < devices.size(); i++) {
      infos.add(info(i, devices.get(i)));
    }
    return infos;
  }

  private static DeviceInfo info(int index, Hardware.Found found) {
    return new DeviceInfo(NAME, index, found.description(), found.memoryBytes());
  }

  @Override
  public Device open(int index) {
    Hardware hardware = Hardware.look();
    if (index >= hardware.devices().size()) {
      throw new DeviceUnavailableException(NAME + ":" + index, String.join("; ", hardware.findings()), hardware.remedy());
    }
    Hardware.Found found = hardware.devices().get(index);
    return new OpenClDevice(info(index, found), found);
  }

  /** A driver for processors is no reason to leave the CPU's own kernels. */
  @Override
  public boolean accelerates() {
    return Hardware.look().devices().stream().anyMatch(found -> !found.isCpu());
  }

  @Override
  public Diagnosis diagnose() {
    Hardware hardware = Hardware.look();
    return new Diagnosis(!hardware.devices().isEmpty(), hardware.findings(), hardware.remedy());
  }
}
