package dev.chainrule.io;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/** The one order in which a map is written, so that equal content gives equal bytes. */
final class MapOrder {

  private MapOrder() {}

  /** An unmodifiable copy: in the map's own order if it defines one ({@link SequencedMap}), else sorted by key. */
  static <V> SequencedMap<String, V> copyOf(Map<String, V> map) {
    var copy = new LinkedHashMap<>(map instanceof SequencedMap ? map : sorted(map));
    return Collections.unmodifiableSequencedMap(copy);
  }

  static <V> SequencedMap<String, V> sorted(Map<String, V> map) {
    return new TreeMap<>(map);
  }
}
