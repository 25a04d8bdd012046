package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.device.Diagnosis;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Without a driver the backend says so, in a process that is told to look for drivers where there are none. */
class DiagnosisTest {

  @TempDir
  private Path nowhere;

  public static void main(String[] arguments) {
    var backend = new OpenClBackend();
    Diagnosis diagnosis = backend.diagnose();
    System.out.println(backend.discover() + " " + diagnosis.usable() + " " + diagnosis.findings() + " " + diagnosis.remedy()
        + " " + backend.accelerates());
  }

  @Test
  void aMachineWithoutDriversIsToldWhatIsMissing() throws IOException, InterruptedException {
    var builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), DiagnosisTest.class.getName());
    builder.environment().put("OCL_ICD_VENDORS", nowhere.toString());
    Process process = builder.redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    boolean library = OpenClLibrary.isPresent();
    assertTrue(text.startsWith("[] false"), text);
    assertTrue(text.contains(library ? "no driver has registered a platform" : "is not installed"), text);
    assertTrue(text.contains("Install a driver") && text.contains("pocl-opencl-icd") && text.strip().endsWith("false"), text);
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
