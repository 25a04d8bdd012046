package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Diagnosis;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The backend says whether the library, a driver or a device is missing and what to do, in processes that are told to look for them where
 * there are none, or where there is a driver that can do nothing but answer.
 */
class DiagnosisTest {

  @TempDir
  private Path folder;

  public static void main(String[] arguments) {
    var backend = new OpenClBackend();
    Diagnosis diagnosis = backend.diagnose();
    System.out.println("usable: " + diagnosis.usable() + ", accelerates: " + backend.accelerates());
    diagnosis.findings().forEach(finding -> System.out.println("found: " + finding));
    backend.discover().forEach(device -> System.out.println("device: " + device.description()));
    if (!diagnosis.usable()) {
      try {
        Devices.open("opencl").close();
      } catch (DeviceUnavailableException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  private static String run(Map<String, String> environment) throws IOException, InterruptedException {
    var builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), DiagnosisTest.class.getName());
    builder.environment().putAll(environment);
    Process process = builder.redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), text);
    return text;
  }

  private static void says(String text, String... parts) {
    for (String part : parts) {
      assertTrue(text.contains(part), () -> "no '" + part + "' in:\n" + text);
    }
  }

  /** Files of that name which are none stand in the way of the library. */
  @Test
  void withoutTheLibraryItIsNamed() throws IOException, InterruptedException {
    for (String name : OpenClLibrary.names()) {
      Files.writeString(folder.resolve(name), "no library");
    }
    says(run(Map.of("LD_LIBRARY_PATH", folder.toString())), "usable: false, accelerates: false",
        "[opencl] no device: the library libOpenCL.so.1 is not installed", "Install a driver", "apt install ocl-icd-libopencl1 pocl-opencl-icd");
  }

  @Test
  void withoutADriverItIsSaid() throws IOException, InterruptedException {
    requireLibrary();
    says(run(Map.of("OCL_ICD_VENDORS", folder.toString())), "usable: false, accelerates: false",
        "[opencl] no device: the library is here, but no driver has registered a platform", "Install a driver", "apt install pocl-opencl-icd");
  }

  /** As on a machine that mounts /tmp noexec. */
  @Test
  void aFolderForTemporaryFilesThatIsOfNoUseToJoclIsNamed() throws IOException, InterruptedException {
    requireLibrary();
    Path none = Files.writeString(folder.resolve("file"), "no folder");
    says(run(Map.of("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + none)), "usable: false, accelerates: false",
        "[opencl] no device: JOCL's library cannot be opened from " + none, "-Djava.io.tmpdir=");
  }

  @Test
  void aPlatformWithoutDevicesIsNamed() throws IOException, InterruptedException {
    says(run(driver(0)), "usable: false, accelerates: false", "[opencl] no device: platform Bare platform has no device",
        "Check that your user may use the device (groups video and render on Linux)");
  }

  @Test
  void aDeviceWithoutF64IsFoundAsOne() throws IOException, InterruptedException {
    says(run(driver(1)), "usable: true, accelerates: true", "found: platform Bare platform has 1 device",
        "found: Bare device: 1,024 MB, 256 MB of them at a time, groups of up to 256 threads, 1,024 bytes of parameters, no f64",
        "device: Bare device, Bare platform, OpenCL 1.2, driver 1, without f64");
  }

  /** An environment in which there is only the driver of {@code driver.c}, with so many devices. */
  private Map<String, String> driver(int devices) throws IOException, InterruptedException {
    requireLibrary();
    Path text = folder.resolve("driver.c");
    try (InputStream file = Objects.requireNonNull(DiagnosisTest.class.getResourceAsStream("driver.c"))) {
      Files.copy(file, text);
    }
    Path driver = folder.resolve("libdriver.so");
    Process compiler = new ProcessBuilder("cc", "-shared", "-fPIC", "-o", driver.toString(), text.toString()).redirectErrorStream(true).start();
    String messages = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, compiler.waitFor(), messages);
    Files.writeString(Files.createDirectory(folder.resolve("vendors")).resolve("driver.icd"), driver + "\n");
    return Map.of("OCL_ICD_VENDORS", folder.resolve("vendors").toString(), "DRIVER_DEVICES", Integer.toString(devices));
  }

  private static void requireLibrary() {
    if (!OpenClLibrary.isPresent()) {
      if ("true".equals(System.getenv("CI"))) {
        fail("libOpenCL is not installed");
      }
      System.out.println("skipped: libOpenCL is not installed");
      abort("libOpenCL is not installed");
    }
  }

  /** As {@code chainrule doctor} prints it. */
  @Test
  void aDevicesLimitsAreNamed() {
    OnOpenCl.with(device -> assertTrue(device.info().memoryBytes() > 0));
    Diagnosis diagnosis = new OpenClBackend().diagnose();
    assertTrue(diagnosis.usable(), diagnosis.toString());
    assertTrue(diagnosis.findings().stream().anyMatch(f -> f.matches(".*: [\\d,]+ MB, [\\d,]+ MB of them at a time, groups of up to [\\d,]+ threads,"
        + " [\\d,]+ bytes of parameters, (no )?f64")), diagnosis.toString());
  }
}
