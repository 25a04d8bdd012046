package dev.chainrule.conformance;

import dev.chainrule.backend.cuda.StandIn;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Where {@code -Dchainrule.cuda.standIn=true} says so, the CUDA backend of this JVM has the stand-in for a GPU before any test starts,
 * and the kernels of all cases are compiled.
 */
public final class StandInSession implements LauncherSessionListener {

  @Override
  public void launcherSessionOpened(LauncherSession session) {
    if (Boolean.getBoolean("chainrule.cuda.standIn") && StandIn.isPossible()) {
      StandIn.here().install();
      StandIn.here().compile(Rehearsal.of(Cases.all()));
    }
  }
}
