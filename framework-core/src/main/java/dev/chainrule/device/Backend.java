package dev.chainrule.device;

import java.util.List;

/**
 * A kind of hardware. Found by {@link java.util.ServiceLoader}; a new one implements this package's interfaces and passes the
 * conformance suite.
 */
public interface Backend {

  /** The word users type: {@code cpu}, {@code opencl}, {@code cuda}. */
  String name();

  /** The devices that can be opened here and now; never throws, an unusable backend has none. */
  List<DeviceInfo> discover();

  /**
   * Opens device {@code index} of {@link #discover}.
   *
   * @throws dev.chainrule.DeviceUnavailableException with the reason and the way out
   */
  Device open(int index);

  /**
   * Whether {@code auto} prefers it to the backends after it: it has a device that is more than another way to the processor that runs the
   * JVM.
   */
  default boolean accelerates() {
    return !discover().isEmpty();
  }

  /** What was looked for, what was found, what is missing and how to get it. */
  Diagnosis diagnose();
}
