package dev.chainrule.device;

/** A piece of device memory. */
public interface Memory {

  /** Its size. */
  long bytes();

  /** Gives the memory back; nothing queued may still use it. */
  void free();
}
