package dev.chainrule.device;

/** A schedule made ready to run on one device. */
public interface Executable extends AutoCloseable {

  /** Device memory held for it, such as its constants; the same from link to close. */
  long bytes();

  /** Gives back what the device holds for it. */
  @Override
  void close();
}
