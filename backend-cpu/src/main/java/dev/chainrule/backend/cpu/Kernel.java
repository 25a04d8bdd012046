package dev.chainrule.backend.cpu;

/** One instruction, linked: knows its sizes, strides and places, and lacks only the base addresses. */
@FunctionalInterface
interface Kernel {
  void run(Frame frame);
}
