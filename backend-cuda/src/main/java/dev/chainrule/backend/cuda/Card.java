package dev.chainrule.backend.cuda;

import java.util.Locale;

/**
 * A GPU.
 *
 * @param ordinal its number for the driver
 * @param major of the compute capability
 */
record Card(int ordinal, String name, int major, int minor, int multiprocessors, long memoryBytes) {

  /** Turing: the oldest that CUDA 13 compiles for. */
  private static final int OLDEST = 75;

  /** Ampere: the oldest whose tensor cores multiply bf16. */
  private static final int TENSOR_CORES = 80;

  private static final int MULTIPROCESSORS = 16;
  private static final int MAJOR = 75;
  private static final int MINOR = 76;

  static Card of(Driver driver, int ordinal) {
    int device = driver.cuDeviceGet(ordinal);
    return new Card(ordinal, driver.cuDeviceGetName(device), driver.cuDeviceGetAttribute(MAJOR, device),
        driver.cuDeviceGetAttribute(MINOR, device), driver.cuDeviceGetAttribute(MULTIPROCESSORS, device), driver.cuDeviceTotalMem(device));
  }

  boolean isNewEnough() {
    return capability() >= OLDEST;
  }

  /** Whether it has tensor cores that multiply bf16. */
  boolean hasTensorCores() {
    return capability() >= TENSOR_CORES;
  }

  /** 75 for 7.5. */
  int capability() {
    return 10 * major + minor;
  }

  /** {@code sm_90}. */
  String architecture() {
    return "sm_" + capability();
  }

  String description() {
    return String.format(Locale.ROOT, "%s, compute capability %d.%d, %d multiprocessors", name, major, minor, multiprocessors);
  }
}
