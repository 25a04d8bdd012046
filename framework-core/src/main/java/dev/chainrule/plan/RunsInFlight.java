package dev.chainrule.plan;

import dev.chainrule.device.Device;
import dev.chainrule.device.Fault;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Runs that the device has been given and whose ends are not known yet, in order. When one has faulted the device has had those after it
 * commit nothing, so all their assignments are taken back, the last first, and the fault is explained from variables as that run met them.
 * Guarded by the engine's lock.
 */
final class RunsInFlight {

  /** So much is the host ahead of the device at most; a fault shows after as many further runs, whatever their speed. */
  private static final int MOST = 4;

  private final Device device;
  private final Deque<PendingRun> runs = new ArrayDeque<>();

  RunsInFlight(Device device) {
    this.device = device;
  }

  void add(PendingRun run) {
    runs.add(run);
  }

  /** Waits until another run may be given to the device. */
  void makeRoom() {
    settleAllBut(MOST - 1);
  }

  /**
   * Waits for all runs.
   *
   * @throws RuntimeException the error of the first that went wrong
   */
  void settleAll() {
    settleAllBut(0);
  }

  /** The device is about to be closed: nobody may ever read what would say that a run went wrong. */
  void settleAtEnd() {
    try {
      settleAll();
    } catch (RuntimeException e) {
      System.getLogger(RunsInFlight.class.getName()).log(System.Logger.Level.WARNING, "a run went wrong before {0} was closed: {1}",
          device.info().id(), String.valueOf(e.getMessage()));
    }
  }

  /** A further run could not be queued whole. What it has done must not be taken for a fault of a later one. */
  void settleAfter(Throwable cause) {
    try {
      settleAll();
      device.queue().clearFault();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  private void settleAllBut(int number) {
    while (runs.size() > number) {
      settleFirst();
    }
  }

  /**
   * Waits for a run, and so for those before it.
   *
   * @throws RuntimeException the error of the first that went wrong
   */
  void settle(PendingRun run) {
    while (!run.hasEnded()) {
      settleFirst();
    }
    run.requireGood();
  }

  private void settleFirst() {
    PendingRun run = runs.getFirst();
    Fault fault = awaited(run);
    if (fault.occurred()) {
      throw failed(run, fault);
    }
    runs.removeFirst();
    try {
      run.ended();
    } catch (RuntimeException e) {
      run.broken(e);
      throw e;
    }
  }

  private Fault awaited(PendingRun run) {
    try {
      return run.await(device.info().id());
    } catch (Throwable cause) { // whatever it is, nobody knows what the runs have written
      runs.forEach(r -> r.broken(cause));
      runs.clear();
      throw cause;
    }
  }

  private RuntimeException failed(PendingRun first, Fault fault) {
    List<PendingRun> undone = List.copyOf(runs);
    undone.stream().skip(1).forEach(this::awaited);
    runs.clear();
    undone.reversed().forEach(PendingRun::takeBack);
    device.queue().clearFault();
    try {
      RuntimeException explained = first.explained(fault);
      undone.forEach(run -> run.failed(explained));
      return explained;
    } catch (Throwable unexplained) { // the user's function is traced again for it, and may throw anything
      undone.forEach(run -> run.failed(new IllegalStateException("a run faulted, and its explanation failed", unexplained)));
      throw unexplained;
    }
  }
}
