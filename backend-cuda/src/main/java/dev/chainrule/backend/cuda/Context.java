package dev.chainrule.backend.cuda;

import dev.chainrule.ChainruleException;
import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.kernels.UnpackedLibraries;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import jcuda.driver.CUdevice;
import org.jspecify.annotations.Nullable;

/**
 * A device's context: the thread that has it, the calls that it takes, and whether it still works. Once the device is lost, everything
 * that is asked of it fails with what was the first cause.
 */
final class Context {

  private final String id;
  private final Driver driver;
  private final DriverSetup setup;
  private final ContextThread thread;
  private final CUdevice device;
  private final AtomicReference<CudaException> lost = new AtomicReference<>();

  /** Gives the driver what nobody uses. */
  private Runnable trimming = () -> {};

  /** What is given back at the end, the last first. */
  private final Deque<Runnable> endings = new ArrayDeque<>();

  private Context(String id, Driver driver, DriverSetup setup, ContextThread thread, CUdevice device) {
    this.id = id;
    this.driver = driver;
    this.setup = setup;
    this.thread = thread;
    this.device = device;
  }

  /** @throws DeviceUnavailableException if the driver gives no context */
  static Context open(String id, Card card, Driver driver) {
    var thread = new ContextThread(id);
    try {
      return thread.call(() -> {
        var setup = new DriverSetup(driver);
        return new Context(id, driver, setup, thread, setup.cuDevicePrimaryCtxRetain(card.ordinal()));
      });
    } catch (LinkageError e) {
      thread.close();
      throw new DeviceUnavailableException(id, UnpackedLibraries.problem("JCuda", e), UnpackedLibraries.remedy());
    } catch (CudaException e) {
      thread.close();
      throw new DeviceUnavailableException(id, e.problem(), "Look at what nvidia-smi says: another program may have the GPU for itself.");
    }
  }

  String id() {
    return id;
  }

  Driver driver() {
    return driver;
  }

  DriverSetup setup() {
    return setup;
  }

  /**
   * Calls {@code body} on the context's thread.
   *
   * @throws ChainruleException instead of a {@link CudaException}
   */
  <T extends @Nullable Object> T call(Supplier<T> body) {
    CudaException before = lost.get();
    if (before != null) {
      throw isLost(before);
    }
    try {
      return thread.call(body);
    } catch (CudaException e) {
      throw failed(e);
    }
  }

  void run(Runnable body) {
    this.<@Nullable Object>call(() -> {
      body.run();
      return null;
    });
  }

  /** Says how memory that nobody uses goes back to the driver; before anything is asked of the context. */
  void onShortage(Runnable trimming) {
    this.trimming = trimming;
  }

  /**
   * Calls what takes memory of the driver's, in whatever form; if there is none, what nobody uses goes back and it is called once more. On the
   * context's thread.
   *
   * @throws CudaException if there still is none
   */
  <T> T taking(Supplier<T> body) {
    try {
      return body.get();
    } catch (CudaException e) {
      if (!e.isOutOfMemory()) {
        throw e;
      }
      trimming.run();
      return body.get();
    }
  }

  private ChainruleException failed(CudaException e) {
    if (e.isFatal()) {
      lost.compareAndSet(null, e);
      return isLost(e);
    }
    return e.isOutOfMemory()
        ? new DeviceOutOfMemoryException(id, e.problem(), "Use a smaller batch, or let go of tensors you no longer need.")
        : new DeviceUnavailableException(id, e.problem(), "");
  }

  private DeviceUnavailableException isLost(CudaException cause) {
    return new DeviceUnavailableException(id, "the GPU is lost, with all that lay on it: " + cause.problem(),
        "Load a checkpoint in a new process. What failed may have been enqueued earlier: with --sync (-D" + Settings.SYNCHRONOUS
            + "=true) the kernel is named.");
  }

  /** Whether nothing can be asked of the device any more. */
  boolean isLost() {
    return lost.get() != null;
  }

  /** Has something given back when the context ends, on its thread, before what was said earlier. */
  void atEnd(Runnable ending) {
    endings.push(ending);
  }

  /** Waits, then gives everything back. A lost context can only be reset, which takes away all that was in it. */
  void close() {
    atEnd(setup::cuCtxSynchronize);
    thread.run(() -> {
      while (lost.get() == null && !endings.isEmpty()) {
        try {
          endings.pop().run();
        } catch (CudaException e) {
          if (e.isFatal()) {
            lost.compareAndSet(null, e);
          } else {
            System.getLogger(Context.class.getName()).log(System.Logger.Level.WARNING, "closing " + id + ": " + e.problem());
          }
        }
      }
      release();
    });
    thread.close();
  }

  private void release() {
    try {
      if (lost.get() != null) {
        setup.cuDevicePrimaryCtxReset(device);
      }
      setup.cuDevicePrimaryCtxRelease(device);
    } catch (CudaException e) {
      System.getLogger(Context.class.getName()).log(System.Logger.Level.WARNING, "closing " + id + ": " + e.problem());
    }
  }
}
