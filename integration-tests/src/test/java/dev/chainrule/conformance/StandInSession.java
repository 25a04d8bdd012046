package dev.chainrule.conformance;

import dev.chainrule.backend.cuda.Compilation;
import dev.chainrule.backend.cuda.StandIn;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Prepares the CUDA backend of a JVM before any test starts. Where {@code -Dchainrule.cuda.standIn=true} says so, it has the stand-in for a
 * GPU; there, and with {@code -Dchainrule.cuda.rehearse=true}, the kernels of all cases are compiled together.
 */
public final class StandInSession implements LauncherSessionListener {

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
}
