package dev.chainrule.backend.cpu;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/**
 * Scratch objects that nobody uses now, so that kernels need not make new ones. Last in, first out: a thread mostly gets back what it
 * used last, which its core still has in its cache.
 */
final class Pool<T> {

  private final ArrayDeque<T> idle = new ArrayDeque<>();
  private final Supplier<T> maker;

  Pool(Supplier<T> maker) {
    this.maker = maker;
  }

  synchronized T take() {
    return idle.isEmpty() ? maker.get() : idle.pop();
  }

  synchronized void giveBack(T scratch) {
    idle.push(scratch);
  }
}
