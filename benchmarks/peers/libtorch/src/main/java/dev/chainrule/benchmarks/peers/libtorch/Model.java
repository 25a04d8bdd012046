package dev.chainrule.benchmarks.peers.libtorch;

import org.bytedeco.pytorch.Tensor;

/** A network's forward pass, or that of a part of it. */
@FunctionalInterface
interface Model {
  Tensor apply(Tensor x);

  default Model then(Model next) {
    return x -> next.apply(apply(x));
  }
}
