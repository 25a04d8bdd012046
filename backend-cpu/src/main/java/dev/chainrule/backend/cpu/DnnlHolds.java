package dev.chainrule.backend.cpu;

import java.util.ArrayList;
import java.util.List;

/** The primitives that an executable's kernels use, or a question about them: given back together. */
final class DnnlHolds implements AutoCloseable {

  private final List<Runnable> held = new ArrayList<>();

  /** @throws Dnnl.RefusedException if oneDNN does not do it */
  <K, V> V take(DnnlCache<K, V> cache, K key) {
    V value = cache.take(key);
    held.add(() -> cache.giveBack(key));
    return value;
  }

  @Override
  public void close() {
    held.forEach(Runnable::run);
    held.clear();
  }
}
