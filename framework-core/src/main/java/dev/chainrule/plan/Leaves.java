package dev.chainrule.plan;

import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
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
  private final Map<Node, Integer> scalarSlots = new HashMap<>();
  private final Map<StateSlot, Integer> stateSlots = new HashMap<>();

  /** By identity: that two arrays hold equal numbers does not make them one. */
  private final Map<Value, Integer> inputSlots = new IdentityHashMap<>();

  /** The number of a leaf among those of its kind. */
  int slot(Node leaf) {
    Value value = leaf.value().orElse(null);
    if (value == null) {
      return slot(version(leaf));
    }
    return value instanceof ScalarValue number
        ? scalarSlots.computeIfAbsent(leaf, _ -> add(scalars, number))
        : inputSlots.computeIfAbsent(value, _ -> add(inputs, value));
  }

  int slot(StateSlot.Version version) {
    int slot = stateSlots.computeIfAbsent(version.slot(), _ -> add(states, version));
    StateSlot.Version known = states.get(slot);
    if (known.number() != version.number()) {
      // The older of the two is stale and says so.
      known.content();
      version.content();
    }
    return slot;
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
