package dev.chainrule.gpu;

import java.util.Optional;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** Runs classes of tests where there is no Maven; the status tells whether all have passed, and that there were some. */
final class Suite {

  private Suite() {}

  public static void main(String[] classes) {
    LauncherDiscoveryRequestBuilder request = LauncherDiscoveryRequestBuilder.request();
    for (String each : classes) {
      request.selectors(DiscoverySelectors.selectClass(each));
    }
    LauncherDiscoveryRequest tests = request.build();
    var summary = new SummaryGeneratingListener();
    try (LauncherSession session = LauncherFactory.openSession()) {
      Launcher launcher = session.getLauncher();
      launcher.execute(tests, summary, new Failures());
    }
    TestExecutionSummary all = summary.getSummary();
    System.out.printf("%d tests passed, %d failed, %d aborted%n", all.getTestsSucceededCount(), all.getTotalFailureCount(),
        all.getTestsAbortedCount());
    // On a card that the process does not find most tests would be left out.
    System.exit(all.getTotalFailureCount() == 0 && all.getTestsAbortedCount() == 0 && all.getTestsSucceededCount() > 0 ? 0 : 1);
  }

  /** Prints each failure when it happens: the process may not come to its end. */
  private static final class Failures implements TestExecutionListener {
    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (result.getStatus() == TestExecutionResult.Status.FAILED) {
        Optional<Throwable> why = result.getThrowable();
        System.out.println("FAILED " + test.getDisplayName() + ": " + why.map(Throwable::toString).orElse(""));
      }
    }
  }
}
