package dev.chainrule.graph;

import org.jspecify.annotations.Nullable;

/**
 * Nodes numbered in the order in which they are added. Walks over graphs do little else than look nodes up, so this is a bare hash table:
 * open addressing, no boxes, no entries. Nodes made one after another lie side by side, as they do in the walks.
 */
public final class NodeNumbers {

  /** The number of a node that has none. */
  public static final int NONE = -1;

  /** 2^64 divided by the golden ratio, which spreads ids at any distance from one another (Knuth, volume 3, 6.4). */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  /** Ids that differ in their last bits alone have neighbouring places, so many as fit a line of a processor's cache. */
  private static final int NEIGHBOUR_BITS = 4;

  private @Nullable Node[] nodes;
  private int[] numbers;
  private int shift;
  private int size;

  /** Of no nodes. */
  public NodeNumbers() {
    this(0);
  }

  /** With room for so many nodes. */
  NodeNumbers(int expected) {
    int bits = Math.max(6, Integer.SIZE - Integer.numberOfLeadingZeros(2 * expected));
    nodes = new Node[1 << bits];
    numbers = new int[1 << bits];
    shift = Long.SIZE - bits;
  }

  int size() {
    return size;
  }

  boolean contains(Node node) {
    return nodes[place(node)] == node;
  }

  /** The node's number, counted from 0, or {@link #NONE}. */
  public int of(Node node) {
    int place = place(node);
    return nodes[place] == node ? numbers[place] : NONE;
  }

  /** Gives the node the next number; false if it has one. */
  public boolean add(Node node) {
    int place = place(node);
    if (nodes[place] == node) {
      return false;
    }
    nodes[place] = node;
    numbers[place] = size++;
    if (2 * size > nodes.length) {
      grow();
    }
    return true;
  }

  /** Where the node is, or would be. */
  private int place(Node node) {
    @Nullable Node[] all = nodes;
    long id = node.id();
    int neighbours = (int) (((id >>> NEIGHBOUR_BITS) * SPREAD) >>> shift) >>> NEIGHBOUR_BITS << NEIGHBOUR_BITS;
    int place = neighbours + ((int) id & (1 << NEIGHBOUR_BITS) - 1);
    while (all[place] != node && all[place] != null) {
      place = (place + 1) & (all.length - 1);
    }
    return place;
  }

  private void grow() {
    @Nullable Node[] before = nodes;
    int[] theirs = numbers;
    nodes = new Node[4 * before.length];
    numbers = new int[4 * before.length];
    shift -= 2;
    for (int i = 0; i < before.length; i++) {
      Node node = before[i];
      if (node != null) {
        int place = place(node);
        nodes[place] = node;
        numbers[place] = theirs[i];
      }
    }
  }
}
