package dev.chainrule.conformance;

import dev.chainrule.backend.cuda.Compilation;
import dev.chainrule.backend.cuda.StandIn;
import dev.chainrule.device.Devices;
import java.util.List;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Prepares the CUDA backend of a JVM before any test starts. Where {@code -Dchainrule.cuda.standIn=true} says so, it has the stand-in for a
 * GPU; there, and with {@code -Dchainrule.cuda.rehearse=true}, the kernels of all cases are compiled together.
 */
public final class StandInSession implements LauncherSessionListener {

  /** What the stand-in says nothing about. */
  private static final List<String> ONLY_ON_A_CARD = List.of("loading cubins and PTX", "instructions of warps and tensor cores",
      "the order in which groups see what others wrote", "how fast copies beside kernels are",
      "what NVRTC, cuBLASLt and cuDNN answer and how exact they are", "what is left of a device after a fault", "speed");

  @Override
  public void launcherSessionOpened(LauncherSession session) {
    boolean standIn = Boolean.getBoolean("chainrule.cuda.standIn") && StandIn.isPossible();
    if (standIn) {
      StandIn.here().install();
    }
    if (standIn || Boolean.getBoolean("chainrule.cuda.rehearse")) {
      Compilation.of(Rehearsal.of(Cases.all()));
    }
  }

  /** What is left on a device that was closed was forgotten by somebody. */
  @Override
  public void launcherSessionClosed(LauncherSession session) {
    if (Boolean.getBoolean("chainrule.cuda.standIn") && StandIn.isPossible()) {
      Devices.open("cuda:0").close();
      String left = "left on the stand-in after its end: %d; written behind memory: %d".formatted(
          StandIn.here().count("all"), StandIn.here().count("overruns"));
      System.out.println(left);
      ONLY_ON_A_CARD.forEach(what -> System.out.println("NOT RUN without a card: " + what + " (scripts/gpu-check)"));
      if (!left.equals("left on the stand-in after its end: 0; written behind memory: 0")) {
        throw new IllegalStateException(left);
      }
    }
  }
}
