package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.device.Device;
import dev.chainrule.device.Diagnosis;
import dev.chainrule.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is missing is named, and what helps. */
class InstallationTest {

  private static CudaBackend backend(Path folder) {
    return new CudaBackend(() -> Installation.of(LibrarySearch.in(folder)));
  }

  private static CudaBackend standIn() {
    return backend(OnTheStandIn.standIn().folder());
  }

  @AfterEach
  void restoreTheMachine() {
    if (StandIn.isPossible()) {
      StandIn.here().set("init", 0);
      StandIn.here().set("version", 13000);
      StandIn.here().set("devices", 1);
      StandIn.here().set("capability", 90);
    }
  }

  private static void assertUnusable(CudaBackend backend, String finding, String remedy) {
    assertEquals(0, backend.discover().size());
    Diagnosis diagnosis = backend.diagnose();
    assertFalse(diagnosis.usable());
    assertTrue(String.join("; ", diagnosis.findings()).contains(finding), diagnosis.toString());
    assertTrue(diagnosis.remedy().contains(remedy), diagnosis.toString());
    DeviceUnavailableException refused = assertThrows(DeviceUnavailableException.class, () -> backend.open(0));
    assertTrue(refused.getMessage().contains(finding) && refused.getMessage().contains(remedy), refused.getMessage());
  }

  @Test
  void withoutADriver(@TempDir Path empty) {
    assertUnusable(backend(empty), "NVIDIA's driver library libcuda.so.1 is not there", "Install NVIDIA's driver, version 525 or newer");
  }

  @Test
  void withAFileThatIsNoLibrary(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve(Driver.LIBRARY), "not a library");
    assertUnusable(backend(folder), "libcuda.so.1 cannot be opened", "Install NVIDIA's driver anew");
  }

  @Test
  void withADriverThatSeesNoGpu() {
    StandIn standIn = OnTheStandIn.standIn();
    standIn.set("init", 100);
    assertUnusable(standIn(), "cuInit gave CUDA_ERROR_NO_DEVICE (100)", "nvidiactl");
  }

  @Test
  void withAPropertyThatSaysNothing() {
    OnTheStandIn.standIn();
    System.setProperty(Libraries.PRODUCTS, "yes");
    try {
      assertUnusable(standIn(), "\"yes\" is neither true nor false", "Correct the property");
    } finally {
      System.clearProperty(Libraries.PRODUCTS);
    }
  }

  @Test
  void withoutAGpu() {
    OnTheStandIn.standIn().set("devices", 0);
    assertUnusable(standIn(), "driver for CUDA 13.0", "nvidiactl");
  }

  @Test
  void withTheToolkitsStub() {
    OnTheStandIn.standIn().set("init", 34);
    assertUnusable(standIn(), "cuInit gave", "LD_LIBRARY_PATH");
  }

  @Test
  void withAnOldDriver() {
    OnTheStandIn.standIn().set("version", 11040);
    assertUnusable(standIn(), "is for CUDA 11.4; 12.0 is needed", "version 525 or newer");
  }

  @Test
  void withAnOldGpu() {
    OnTheStandIn.standIn().set("capability", 61);
    assertUnusable(standIn(), "too old, 7.5 is needed: Stand-in, compute capability 6.1", "--backend opencl");
  }

  @Test
  void withoutACompiler(@TempDir Path folder) throws IOException {
    Files.createSymbolicLink(folder.resolve(Driver.LIBRARY), OnTheStandIn.standIn().folder().resolve(Driver.LIBRARY));
    assertUnusable(backend(folder), "NVRTC, NVIDIA's compiler, is not there", "pip install nvidia-cuda-nvrtc");
  }

  @Test
  void withoutLibrariesOfProductsAndConvolutionsItWorks(@TempDir Path folder) throws IOException {
    for (String file : List.of(Driver.LIBRARY, "libnvrtc.so.13")) {
      Files.createSymbolicLink(folder.resolve(file), OnTheStandIn.standIn().folder().resolve(file));
    }
    Diagnosis diagnosis = backend(folder).diagnose();
    assertTrue(diagnosis.usable(), diagnosis.toString());
    assertTrue(diagnosis.findings().get(2).startsWith("cuBLASLt (libcublasLt.so.13, libcublasLt.so.12) is not there, products run on"
        + " Chainrule's own kernels"), diagnosis.toString());
    assertTrue(diagnosis.findings().get(2).endsWith("pip install nvidia-cublas"), diagnosis.toString());
    assertTrue(diagnosis.findings().get(3).startsWith("cuDNN (libcudnn.so.9) is not there, convolutions run on Chainrule's own kernels"),
        diagnosis.toString());
    assertTrue(diagnosis.findings().get(3).endsWith("pip install nvidia-cudnn-cu13"), diagnosis.toString());
    assertEquals("no CUDA toolkit, which is needed for none of these", diagnosis.findings().getLast());
  }

  @Test
  void withLibrariesThatCannotBeOpened(@TempDir Path folder) throws IOException {
    for (String file : List.of(Driver.LIBRARY, "libnvrtc.so.13")) {
      Files.createSymbolicLink(folder.resolve(file), OnTheStandIn.standIn().folder().resolve(file));
    }
    Files.writeString(folder.resolve("libcublasLt.so.13"), "not a library");
    Files.writeString(folder.resolve("libcudnn.so.9"), "not a library");
    Diagnosis diagnosis = backend(folder).diagnose();
    assertTrue(diagnosis.usable(), diagnosis.toString());
    assertTrue(diagnosis.findings().get(2).startsWith("cuBLASLt cannot be opened"), diagnosis.toString());
    assertTrue(diagnosis.findings().get(3).startsWith("cuDNN cannot be opened"), diagnosis.toString());
  }

  @Test
  void aLibraryOfProductsForANewerDriverIsNotAskedFor() {
    assertEquals(List.of("libcublasLt.so.12"), CublasLt.names(12));
  }

  /** Whoever runs the tests may often read everything, so who may is said here. */
  @ParameterizedTest
  @ValueSource(strings = {"nvidiactl", "nvidia-uvm", "nvidia0", "nvidia12"})
  void withoutPermission(String refused, @TempDir Path devices) throws IOException {
    for (String name : List.of("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia0", "nvidia12")) {
      Files.writeString(devices.resolve(name), "");
    }
    Path file = devices.resolve(refused);
    String group = Files.readAttributes(file, PosixFileAttributes.class).group().getName();
    for (int status : List.of(100, 304, 999)) {
      assertEquals("You may not use %1$s: become a member of the group that may (%1$s: %2$s), then log in again; in a container start it with --gpus all."
          .formatted(file, group), Installation.remedy(status, devices, f -> !f.equals(file)));
    }
  }

  @Test
  void withoutTheFileOfTheDevicesMemory(@TempDir Path devices) throws IOException {
    Files.writeString(devices.resolve("nvidiactl"), "");
    Files.writeString(devices.resolve("nvidia0"), "");
    assertTrue(Installation.remedy(999, devices).contains("There is no " + devices.resolve("nvidia-uvm")), Installation.remedy(999, devices));
    assertTrue(Installation.remedy(999, devices).contains("nvidia-modprobe -u"), Installation.remedy(999, devices));
  }

  @Test
  void aGpuThatIsHidden(@TempDir Path devices) throws IOException {
    assertTrue(Installation.remedy(100, devices).contains("no " + devices.resolve("nvidiactl")), Installation.remedy(100, devices));
    Files.writeString(devices.resolve("nvidiactl"), "");
    assertTrue(Installation.remedy(100, devices).contains("CUDA_VISIBLE_DEVICES"), Installation.remedy(100, devices));
    Files.writeString(devices.resolve("nvidia-uvm"), "");
    assertTrue(Installation.remedy(803, devices).contains("different versions"), Installation.remedy(803, devices));
  }

  @Test
  void withAll() {
    Diagnosis diagnosis = standIn().diagnose();
    assertTrue(diagnosis.usable(), diagnosis.toString());
    assertEquals("Stand-in, compute capability 9.0, 2 multiprocessors", standIn().discover().getFirst().description());
    assertTrue(diagnosis.findings().get(0).startsWith("driver for CUDA 13.0 ("), diagnosis.toString());
    assertTrue(diagnosis.findings().get(1).startsWith("nvrtc-13.99 ("), diagnosis.toString());
    assertTrue(diagnosis.findings().get(2).startsWith("cublasLt-13.99.0 ("), diagnosis.toString());
    assertTrue(diagnosis.findings().get(3).startsWith("cudnn-9.99.0 ("), diagnosis.toString());
  }

  @Test
  void onAMachineWithCuda12(@TempDir Path folder) throws IOException {
    Path standIn = OnTheStandIn.standIn().folder();
    Files.createSymbolicLink(folder.resolve(Driver.LIBRARY), standIn.resolve(Driver.LIBRARY));
    for (String name : List.of("libnvrtc.so.", "libcublasLt.so.")) {
      Files.createSymbolicLink(folder.resolve(name + 12), standIn.resolve(name + 13));
    }
    OnTheStandIn.standIn().set("version", 12040);
    CudaBackend backend = backend(folder);
    List<String> findings = backend.diagnose().findings();
    assertTrue(backend.diagnose().usable(), findings.toString());
    assertTrue(findings.get(0).startsWith("driver for CUDA 12.4 ("), findings.toString());
    assertTrue(findings.get(1).endsWith("(" + folder.resolve("libnvrtc.so.12") + ")"), findings.toString());
    assertTrue(findings.get(2).endsWith("(" + folder.resolve("libcublasLt.so.12") + ")"), findings.toString());
    assertTrue(findings.get(3).endsWith("pip install nvidia-cudnn-cu12"), findings.toString());
    long products = OnTheStandIn.standIn().count("products");
    try (Device device = backend.open(0)) {
      OnTheStandIn.run(device, () -> assertEquals(11, Tensor.of(new float[] {1, 2}, 1, 2).matmul(Tensor.of(new float[] {3, 4}, 2, 1)).item()));
    }
    assertEquals(products + 1, OnTheStandIn.standIn().count("products"));
    OnTheStandIn.assertNothingLeft();
  }
}
