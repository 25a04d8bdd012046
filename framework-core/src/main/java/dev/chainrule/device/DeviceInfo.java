package dev.chainrule.device;

/**
 * A device as it is shown to people.
 *
 * @param backend the backend's name
 * @param index its number there
 * @param description model, threads, instruction set
 * @param memoryBytes what it can allocate in all
 */
public record DeviceInfo(String backend, int index, String description, long memoryBytes) {

  /** {@code cpu:0}. */
  public String id() {
    return backend + ":" + index;
  }
}
