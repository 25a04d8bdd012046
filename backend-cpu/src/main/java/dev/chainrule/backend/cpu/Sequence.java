package dev.chainrule.backend.cpu;

import java.util.List;

/** Kernels one after the other. */
final class Sequence implements Kernel {

  private final Kernel[] kernels;

  private Sequence(List<Kernel> kernels) {
    this.kernels = kernels.toArray(Kernel[]::new);
  }

  static Kernel of(List<Kernel> kernels) {
    return kernels.size() == 1 ? kernels.getFirst() : new Sequence(kernels);
  }

  static Kernel of(Kernel... kernels) {
    return of(List.of(kernels));
  }

  @Override
  public void run(Frame frame) {
    for (Kernel kernel : kernels) {
      kernel.run(frame);
    }
  }
}
