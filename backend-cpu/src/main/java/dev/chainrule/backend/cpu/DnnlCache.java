package dev.chainrule.backend.cpu;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Primitives, one for each request: making one takes longer than many an execution. They live while somebody holds them
 * ({@link DnnlHolds}); of those that nobody holds the last {@value #MOST_IDLE} do, since a plan is asked about before it is linked, and
 * is often built again. So memory follows the plans that there are, however many shapes there have been.
 */
final class DnnlCache<K, V> {

  static final int MOST_IDLE = 64;

  private final BiFunction<DnnlHandles, K, V> maker;
  private final Dnnl dnnl;
  private final Map<K, Entry<V>> held = new HashMap<>();

  /** The one that has been idle longest comes first. */
  private final LinkedHashMap<K, Entry<V>> idle = new LinkedHashMap<>();

  /** What has become of a request: what was made, or why not. */
  private static final class Entry<V> {
    private final DnnlHandles handles;
    private final @Nullable V value;
    private final Dnnl.@Nullable RefusedException refusal;
    private int holders;

    Entry(DnnlHandles handles, @Nullable V value, Dnnl.@Nullable RefusedException refusal) {
      this.handles = handles;
      this.value = value;
      this.refusal = refusal;
    }
  }

  /** @param maker throws {@link Dnnl.RefusedException} for what oneDNN does not do */
  DnnlCache(Dnnl dnnl, BiFunction<DnnlHandles, K, V> maker) {
    this.dnnl = dnnl;
    this.maker = maker;
  }

  /**
   * What was asked for, until {@link #giveBack}.
   *
   * @throws Dnnl.RefusedException if oneDNN does not do it; then nothing is to be given back
   */
  synchronized V take(K key) {
    Entry<V> entry = held.get(key);
    if (entry == null) {
      Entry<V> known = idle.remove(key);
      entry = known != null ? known : made(key);
    }
    if (entry.refusal != null) {
      rest(key, entry);
      throw entry.refusal;
    }
    entry.holders++;
    held.put(key, entry);
    return Objects.requireNonNull(entry.value);
  }

  private Entry<V> made(K key) {
    var handles = new DnnlHandles(dnnl);
    try {
      return new Entry<>(handles, maker.apply(handles, key), null);
    } catch (Dnnl.RefusedException refusal) {
      handles.destroy();
      return new Entry<>(handles, null, refusal);
    }
  }

  /** From one of those who have taken it. */
  synchronized void giveBack(K key) {
    Entry<V> entry = Objects.requireNonNull(held.get(key));
    if (--entry.holders == 0) {
      held.remove(key);
      rest(key, entry);
    }
  }

  /** Notes that oneDNN does not do something that nobody holds. */
  synchronized void refuse(K key, Dnnl.RefusedException refusal) {
    Entry<V> known = idle.remove(key);
    if (known != null) {
      known.handles.destroy();
    }
    rest(key, new Entry<>(new DnnlHandles(dnnl), null, refusal));
  }

  private void rest(K key, Entry<V> entry) {
    idle.put(key, entry);
    if (idle.size() > MOST_IDLE) {
      Objects.requireNonNull(idle.pollFirstEntry()).getValue().handles.destroy();
    }
  }

  synchronized int size() {
    return held.size() + idle.size();
  }
}
