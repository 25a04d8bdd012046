package dev.chainrule.backend.cuda;

import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.device.Backend;
import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Diagnosis;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** NVIDIA's GPUs from compute capability 7.5, with a driver for CUDA 12 or newer. */
public final class CudaBackend implements Backend {

  static final String NAME = "cuda";

  private final Supplier<Installation> installation;

  /** A class of its own, so that nothing is looked for before someone asks; then once. */
  private static final class Here {
    private static final Installation FOUND = Installation.of(LibrarySearch.here());
  }

  /** What this machine has. */
  public CudaBackend() {
    this(() -> Here.FOUND);
  }

  CudaBackend(Supplier<Installation> installation) {
    this.installation = installation;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<DeviceInfo> discover() {
    Installation found = installation.get();
    List<DeviceInfo> devices = new ArrayList<>();
    if (found.isUsable()) {
      for (int i = 0; i < found.cards().size(); i++) {
        devices.add(info(found.cards().get(i), i));
      }
    }
    return devices;
  }

  /** The context, libraries and kernels take some memory, too. */
  private static DeviceInfo info(Card card, int index) {
    return new DeviceInfo(NAME, index, card.description(), card.memoryBytes() / 100 * 95);
  }

  @Override
  public Device open(int index) {
    Installation found = installation.get();
    if (!found.isUsable() || index >= found.cards().size()) {
      throw new DeviceUnavailableException(NAME + ":" + index, String.join("; ", found.findings()), found.remedy());
    }
    Card card = found.cards().get(index);
    found.libraries().sayWhatIsMissing();
    return CudaDevice.open(info(card, index), card, found.driver().orElseThrow(), found.anyCompiler(), found.libraries(),
        Settings.here());
  }

  @Override
  public Diagnosis diagnose() {
    Installation found = installation.get();
    return new Diagnosis(found.isUsable(), found.findings(), found.remedy());
  }
}
