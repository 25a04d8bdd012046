package dev.chainrule.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeNumbersTest {

  /** Every so manieth of the nodes made, so that ids lie that far apart. */
  private static List<Node> nodes(int count, int distance) {
    List<Node> nodes = new ArrayList<>();
    for (int i = 0; i < count * distance; i++) {
      Node node = Ops.scalar(DType.F32, i);
      if (i % distance == 0) {
        nodes.add(node);
      }
    }
    return nodes;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16, 64, 1024})
  void nodesAreNumberedInTheOrderInWhichTheyCome(int distance) {
    List<Node> nodes = nodes(1_000, distance);
    numbersFollow(nodes, new NodeNumbers());
    numbersFollow(nodes, new NodeNumbers(1_000));
    numbersFollow(nodes, new NodeNumbers(10));
  }

  private static void numbersFollow(List<Node> nodes, NodeNumbers numbers) {
    for (int i = 0; i < nodes.size(); i++) {
      assertEquals(NodeNumbers.NONE, numbers.of(nodes.get(i)));
      assertTrue(numbers.add(nodes.get(i)));
    }
    for (int i = 0; i < nodes.size(); i++) {
      assertEquals(i, numbers.of(nodes.get(i)));
      assertFalse(numbers.add(nodes.get(i)), "it has a number");
    }
    assertEquals(1_000, numbers.size());
    nodes(100, 1).forEach(other -> assertEquals(NodeNumbers.NONE, numbers.of(other)));
  }
}
