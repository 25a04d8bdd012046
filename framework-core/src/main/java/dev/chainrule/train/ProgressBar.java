package dev.chainrule.train;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Objects;

/**
 * Progress for people: in a terminal one line per epoch that fills as it goes, redrawn at most ten times a second; in a log one plain
 * line per epoch.
 */
public final class ProgressBar implements Callback {

  private static final int WIDTH = 30;
  private static final long REDRAW_NANOS = 100_000_000;

  private final PrintStream out;
  private final boolean terminal;
  private long lastDrawn;
  private int drawn;
  private long epochStart = System.nanoTime();
  private long samples;

  /** Draws on {@code out}, in place if it is a terminal. */
  public ProgressBar(PrintStream out, boolean terminal) {
    Objects.requireNonNull(out, "out");
    this.out = out;
    this.terminal = terminal;
  }

  /** For the process's standard output. */
  public static ProgressBar standard() {
    var console = System.console();
    return new ProgressBar(System.out, console != null && console.isTerminal());
  }

  @Override
  public void stepEnded(StepEnd step) {
    samples += step.samples();
    long now = System.nanoTime();
    if (!terminal || now - lastDrawn < REDRAW_NANOS) {
      return;
    }
    lastDrawn = now;
    int full = WIDTH * (step.batch() + 1) / Math.max(step.batches(), 1);
    String bar = "=".repeat(full) + " ".repeat(WIDTH - full);
    redraw(String.format(Locale.ROOT, "epoch %d/%d [%s] %d/%d  loss %.4f  %,.0f samples/s",
        step.epoch() + 1, step.epochs(), bar, step.batch() + 1, step.batches(), step.loss(), samples / ((now - epochStart) * 1e-9)));
  }

  @Override
  public void epochEnded(EpochEnd epoch) {
    String line = String.format(Locale.ROOT, "epoch %d/%d  loss %.4f  %.2f s  %,.0f samples/s",
        epoch.epoch() + 1, epoch.epochs(), epoch.meanLoss(), epoch.seconds(), epoch.samplesPerSecond());
    redraw(line);
    out.println();
    drawn = 0;
    samples = 0;
    epochStart = System.nanoTime();
  }

  /** Over the line drawn before, whose longer tail is blanked. */
  private void redraw(String line) {
    if (terminal) {
      out.print("\r" + line + " ".repeat(Math.max(0, drawn - line.length())));
    } else {
      out.print(line);
    }
    out.flush();
    drawn = line.length();
  }
}
