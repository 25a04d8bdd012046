package dev.chainrule.plan;

import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.Value;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a graph reads from outside, numbered in the order of its walk: data and variables once each, however often they occur, numbers
 * once for each occurrence.
 */
final class Leaves {

  final List<Value> inputs = new ArrayList<>();
  final List<StateSlot.Version> states = new ArrayList<>();
  final List<ScalarValue> scalars = new ArrayList<>();
  private final Map<Object, Integer> numbers = new IdentityHashMap<>();

  /** The number of a leaf among those of its kind. */
  int slot(Node leaf) {
    if (leaf.value().isPresent()) {
      return leaf.value().get() instanceof ScalarValue s
          ? numbers.computeIfAbsent(leaf, _ -> add(scalars, s))
          : numbers.computeIfAbsent(leaf.value().get(), v -> add(inputs, (Value) v));
    }
    return slot(version(leaf));
  }

  int slot(StateSlot.Version version) {
    Integer known = numbers.get(version.slot());
    if (known != null) {
      if (states.get(known).number() != version.number()) {
        // The older of the two is stale and says so.
        states.get(known).content();
        version.content();
      }
      return known;
    }
    numbers.put(version.slot(), states.size());
    return add(states, version);
  }

  private static <T> int add(List<T> list, T element) {
    list.add(element);
    return list.size() - 1;
  }

  static StateSlot.Version version(Node leaf) {
    if (leaf.op() instanceof Op.State(StateSlot.Version version)) {
      return version;
    }
    throw new IllegalStateException(leaf + " is not a leaf with outside data; a Body's parameter used outside it?");
  }
}
