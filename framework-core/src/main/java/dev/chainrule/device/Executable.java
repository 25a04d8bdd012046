package dev.chainrule.device;

/** A schedule made ready to run on one device. */
public interface Executable extends AutoCloseable {

  /** Gives back what the device holds for it. */
  @Override
  void close();
}
