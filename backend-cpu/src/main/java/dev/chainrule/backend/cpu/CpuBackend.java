package dev.chainrule.backend.cpu;

import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Backend;
import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Diagnosis;
import java.util.List;

/** The processor that runs the JVM: always there, one device. */
public final class CpuBackend implements Backend {

  /** How many threads compute; by default as many as there are processors. */
  private static final String THREADS = "chainrule.cpu.threads";

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public List<DeviceInfo> discover() {
    return List.of(CpuDevice.describe(threads()));
  }

  @Override
  public Device open(int index) {
    if (index != 0) {
      throw new DeviceUnavailableException("cpu:" + index, "there is one CPU device", "Name it cpu or cpu:0.");
    }
    return new CpuDevice(threads());
  }

  @Override
  public Diagnosis diagnose() {
    return new Diagnosis(true, List.of(Natives.chosen().finding()), "");
  }

  private static int threads() {
    String given = System.getProperty(THREADS, "");
    if (given.isEmpty()) {
      return Runtime.getRuntime().availableProcessors();
    }
    int threads = given.matches("[0-9]{1,9}") ? Integer.parseInt(given) : 0;
    if (threads == 0) {
      throw new InvalidArgumentException(THREADS, "\"" + given + "\" is not a number of threads",
          "Give a whole number from 1, as in -D" + THREADS + "=4, or leave it out for one thread for each processor.");
    }
    return threads;
  }
}
