package dev.chainrule.graph;

import static dev.chainrule.graph.Reference.f32;
import static dev.chainrule.graph.Reference.scalar;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class GraphPrinterTest {

  private static final class At extends Scope {
    At() {
      super(false);
    }

    Node make(String path, Supplier<Node> body) {
      return enter(() -> at(path, body));
    }
  }

  private static Node small() {
    Node x = Ops.input(f32(1, 2));
    Node two = Ops.scalar(DType.F32, 2);
    Node twos = Ops.node(new Op.Expand(Shape.of(2)), Ops.node(new Op.Reshape(Shape.of(1)), two));
    Node sum = new At().make("hidden/linear", () -> Ops.node(new Op.Add(), x, twos));
    return Ops.node(new Op.Reduce(Op.Fold.SUM, Axes.of(0)), sum);
  }

  @Test
  void textHasOneLineANodeWithTypesInputsAttributesAndPath() {
    assertEquals("""
        %0 = input f32[2]
        %1 = scalar f32[] 2.0
        %2 = reshape f32[1] (%1)
        %3 = expand f32[2] (%2)
        %4 = add f32[2] (%0, %3)  in hidden/linear
        %5 = reduce f32[] (%4) sum axes=[0]
        return %5
        """, GraphPrinter.toText(List.of(small())));
  }

  private static Node loop() {
    TensorType f = TensorType.scalar(DType.F32);
    Node iteration = Ops.parameter(0, TensorType.scalar(DType.I64));
    Node carry = Ops.parameter(1, f);
    Node next = Ops.node(new Op.Mul(), carry, Ops.node(new Op.Const(scalar(DType.F32, 3))));
    var body = new Body(List.of(iteration, carry), List.of(next, carry));
    return Ops.node(new Op.Loop(4, 1, 0, body), Ops.input(scalar(DType.F32, 1)));
  }

  @Test
  void bodiesAreIndentedBelowTheirNode() {
    assertEquals("""
        %0 = input f32[]
        %1 = loop f32[], f32[4] (%0) length=4 carries=1 sliced=0
          body:
            %0 = parameter i64[] index=0
            %1 = parameter f32[] index=1
            %2 = const f32[] [3.0]
            %3 = mul f32[] (%1, %2)
            return %3, %1
        %2 = result f32[4] (%1) index=1
        return %2
        """, GraphPrinter.toText(List.of(Ops.node(new Op.Result(1), loop()))));
  }

  @Test
  void twoTracesOfOneProgramPrintAlike() {
    assertEquals(GraphPrinter.toText(List.of(small(), loop())), GraphPrinter.toText(List.of(small(), loop())));
    assertEquals(GraphPrinter.toDot(List.of(small(), loop())), GraphPrinter.toDot(List.of(small(), loop())));
  }

  @Test
  void attributesOfCompositesAreInAlphabeticalOrder() {
    Node x = Ops.parameter(0, TensorType.scalar(DType.F32));
    var op = new Op.Composite("norm", Map.of("epsilon", 1e-5, "axis", 1, "mean", true), new Body(List.of(x), List.of(x)), Optional.empty());
    String text = GraphPrinter.toText(List.of(Ops.node(op, Ops.input(scalar(DType.F32, 1)))));
    assertTrue(text.contains("%1 = norm f32[] (%0) axis=1 epsilon=1.0E-5 mean=true\n"), text);
  }

  @Test
  void bothBranchesOfACondAreShownThenFirst() {
    Node x = Ops.parameter(0, TensorType.scalar(DType.F32));
    var then = new Body(List.of(x), List.of(Ops.node(new Op.Neg(), x)));
    var otherwise = new Body(List.of(x), List.of(x));
    Node cond = Ops.node(new Op.Cond(then, otherwise), Ops.input(scalar(DType.BOOL, 1)), Ops.input(scalar(DType.F32, 1)));
    String text = GraphPrinter.toText(List.of(cond));
    assertTrue(text.indexOf("  then:\n") > 0 && text.indexOf("  then:\n") < text.indexOf("  else:\n"), text);
  }

  @Test
  void evaluatedNodesSaySo() {
    Node x = Reference.node(new Op.Neg(), f32(1));
    x.evaluated(f32(-1));
    assertEquals("%0 = neg f32[1] evaluated\nreturn %0\n", GraphPrinter.toText(List.of(x)));
  }

  @Test
  void everyPrimitivePrintsOnOneLine() {
    for (SampleGraphs.Sample sample : SampleGraphs.all()) {
      String text = GraphPrinter.toText(List.of(sample.node()));
      for (String line : text.lines().toList()) {
        assertTrue(line.matches(" *(%\\d+ = \\w+ .*|return .*|body:|while:|then:|else:)"), line);
      }
    }
  }

  /** Of DOT only what the printer uses: one statement a line, balanced braces, edges between declared nodes, labels closed. */
  @Test
  void dotDeclaresEachNodeOnceAndJoinsDeclaredNodesOnly() {
    Pattern declaration = Pattern.compile("(\\w+) \\[label=\"(?:[^\"\\\\]|\\\\.)*\"(, peripheries=2)?];");
    Pattern edge = Pattern.compile("(\\w+) -> (\\w+)( \\[style=dashed])?;");
    Pattern other = Pattern.compile(
        "digraph \\w+ \\{|subgraph cluster_\\w+ \\{|label=\"\\w+\";|}|node \\[shape=box, fontname=\"monospace\"];");
    for (SampleGraphs.Sample sample : SampleGraphs.all()) {
      Set<String> declared = new HashSet<>();
      int depth = 0;
      for (String line : GraphPrinter.toDot(List.of(sample.node())).lines().map(String::strip).toList()) {
        depth += line.endsWith("{") ? 1 : line.equals("}") ? -1 : 0;
        assertTrue(depth >= 0);
        Matcher node = declaration.matcher(line);
        Matcher arrow = edge.matcher(line);
        if (node.matches()) {
          assertTrue(declared.add(node.group(1)), line);
        } else if (arrow.matches()) {
          assertTrue(declared.contains(arrow.group(1)) && declared.contains(arrow.group(2)), line);
        } else {
          assertTrue(other.matcher(line).matches(), line);
        }
      }
      assertEquals(0, depth);
      assertFalse(declared.isEmpty());
    }
  }

  @Test
  void dotEscapesQuotesInAttributes() {
    Node x = Ops.parameter(0, TensorType.scalar(DType.F32));
    var op = new Op.Composite("f", Map.of("text", "a \"quoted\" \\ word"), new Body(List.of(x), List.of(x)), Optional.empty());
    String dot = GraphPrinter.toDot(List.of(Ops.node(op, Ops.input(scalar(DType.F32, 1)))));
    assertTrue(dot.contains("text=a \\\"quoted\\\" \\\\ word"), dot);
  }

  @Test
  void aGraphDeeperThanAnyStackPrints() {
    Node x = Ops.input(f32(1));
    for (int i = 0; i < 200_000; i++) {
      x = Ops.node(new Op.Neg(), x);
    }
    assertTrue(GraphPrinter.toText(List.of(x)).endsWith("return %200000\n"));
    assertTrue(GraphPrinter.toDot(List.of(x)).endsWith("}\n"));
  }
}
