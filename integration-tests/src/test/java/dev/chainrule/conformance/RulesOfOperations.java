package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Which rules of {@code docs/semantics.md} a case about an operation shows: the row of its meaning, and that of its accuracy. */
final class RulesOfOperations {

  /** Composites that compute in f32 where their inputs are of 16 bits. */
  private static final Set<String> IN_F32 = Set.of("S12.2", "S12.3", "S12.4", "S12.5", "S12.6", "S12.17", "S12.18", "S12.19", "S12.20",
      "S12.21", "S12.22", "S12.23", "S12.25");

  private RulesOfOperations() {}

  /** For a node whose operation a case is about. */
  static List<String> of(Node node) {
    List<String> rules = new ArrayList<>(of(node.op()));
    boolean half = node.type().dtype() == DType.F16 || node.type().dtype() == DType.BF16;
    if (half && rules.stream().anyMatch(IN_F32::contains)) {
      rules.add("S12.27");
    }
    if (half && rules.stream().anyMatch(List.of("S13.4", "S13.5", "S13.6")::contains)) {
      rules.add("S13.7");
    }
    return rules;
  }

  private static List<String> of(Op op) {
    return switch (op) {
      case Op.Unary unary -> unary(unary);
      case Op.Binary binary -> binary(binary);
      case Op.Equal _, Op.Less _, Op.LessEqual _ -> List.of("S5.21", "S13.3");
      case Op.Where _ -> List.of("S5.22", "S13.3");
      case Op.Cast _ -> List.of("S2.1", "S5.23", "S13.3");
      case Op.Bitcast _ -> List.of("S2.5", "S5.23", "S13.1");
      case Op.Source source -> source(source);
      case Op.PhiloxBits _ -> List.of("S6.7", "S13.3");
      case Op.Reduce(Op.Fold fold, _) -> switch (fold) {
        case SUM -> List.of("S7.1", "S7.2", "S13.5");
        case PROD -> List.of("S7.1", "S7.2", "S13.6");
        case MAX, MIN -> List.of("S7.1", "S7.3", "S13.3");
      };
      case Op.ArgReduce _ -> List.of("S7.5", "S13.3");
      case Op.Cumulate(Op.Fold fold, _, _) -> List.of("S7.6", fold == Op.Fold.SUM ? "S13.5" : "S13.6");
      case Op.Sort _ -> List.of("S7.7", "S13.3");
      case Op.Overlap _ -> List.of("S7.8", "S13.5");
      case Op.Dot _ -> List.of("S8.1", "S13.5");
      case Op.Conv _ -> List.of("S8.3", "S8.4", "S8.5", "S13.5");
      case Op.ConvInputGradient _, Op.ConvWeightGradient _ -> List.of("S8.6", "S13.5");
      case Op.Gather _ -> List.of("S9.1", "S9.3", "S13.1");
      case Op.ScatterAdd _ -> List.of("S9.2", "S9.3", "S13.5");
      case Op.Movement movement -> List.of(movement(movement), "S13.1");
      case Op.Result _ -> List.of("S11.1");
      case Op.Composite composite -> composite(composite.name());
      case Op.Loop _ -> List.of("S11.3", "S11.4");
      case Op.While _ -> List.of("S11.10");
      case Op.Cond _ -> List.of("S11.5");
      case Op.Copy _ -> List.of("S11.6", "S13.1");
      case Op.Barrier _ -> List.of("S11.7", "S13.1");
    };
  }

  private static List<String> unary(Op.Unary op) {
    return switch (op) {
      case Op.Neg _ -> List.of("S5.1", "S13.2");
      case Op.Abs _ -> List.of("S5.2", "S13.2");
      case Op.Sign _ -> List.of("S5.3", "S13.2");
      case Op.Floor _, Op.Ceil _ -> List.of("S5.4", "S13.2");
      case Op.Round _ -> List.of("S5.5", "S13.2");
      case Op.Exp _, Op.Expm1 _ -> List.of("S5.6", "S13.4");
      case Op.Log _, Op.Log1p _ -> List.of("S5.7", "S13.4");
      case Op.Sqrt _ -> List.of("S5.8", "S13.2");
      case Op.Rsqrt _ -> List.of("S5.9", "S13.4");
      case Op.Sin _, Op.Cos _, Op.Tan _ -> List.of("S5.10", "S13.4");
      case Op.Tanh _, Op.Erf _ -> List.of("S5.11", "S13.4");
      case Op.Not _ -> List.of("S5.12", "S13.2");
    };
  }

  private static List<String> binary(Op.Binary op) {
    return switch (op) {
      case Op.Add _, Op.Sub _, Op.Mul _ -> List.of("S5.13", "S13.2");
      case Op.Div _ -> List.of("S5.14", "S13.2");
      case Op.Pow _ -> List.of("S5.15", "S13.4");
      case Op.Max _, Op.Min _ -> List.of("S5.16", "S13.2");
      case Op.IDiv _ -> List.of("S5.17", "S13.2");
      case Op.Mod _ -> List.of("S5.18", "S13.2");
      case Op.And _, Op.Or _, Op.Xor _ -> List.of("S5.19", "S13.2");
      case Op.ShiftLeft _, Op.ShiftRight _, Op.ShiftRightLogical _ -> List.of("S5.20", "S13.2");
    };
  }

  private static List<String> source(Op.Source op) {
    return switch (op) {
      case Op.Const _ -> List.of("S6.1", "S13.1");
      case Op.Iota _ -> List.of("S6.2", "S13.3");
      case Op.Input _ -> List.of("S6.3", "S13.1");
      case Op.State _ -> List.of("S6.4", "S13.1");
      case Op.Scalar _ -> List.of("S6.5");
      case Op.Parameter _ -> List.of("S6.6");
    };
  }

  private static String movement(Op.Movement op) {
    return switch (op) {
      case Op.Reshape _ -> "S10.1";
      case Op.Permute _ -> "S10.2";
      case Op.Expand _ -> "S10.3";
      case Op.Pad _ -> "S10.4";
      case Op.Slice _ -> "S10.5";
      case Op.Concat _ -> "S10.6";
      case Op.Window _ -> "S10.7";
    };
  }

  /** Those with a row of their own; any composite shows what composites are. */
  private static List<String> composite(String name) {
    return switch (name) {
      case "stopGradient" -> List.of("S11.2", "S12.1");
      case "sigmoid" -> List.of("S11.2", "S12.2", "S13.8");
      case "gelu" -> List.of("S11.2", "S12.3", "S13.8");
      case "relu" -> List.of("S11.2", "S12.7");
      case "softmax" -> List.of("S11.2", "S12.4", "S13.8");
      case "logSoftmax" -> List.of("S11.2", "S12.5", "S13.8");
      case "softmaxCrossEntropy" -> List.of("S11.2", "S12.6");
      case "geluTanh" -> List.of("S11.2", "S12.17");
      case "silu" -> List.of("S11.2", "S12.18");
      case "softplus" -> List.of("S11.2", "S12.19");
      case "layerNorm" -> List.of("S11.2", "S12.20");
      case "rmsNorm" -> List.of("S11.2", "S12.21");
      case "batchNorm" -> List.of("S11.2", "S12.22");
      case "batchNormInference" -> List.of("S11.2", "S12.23");
      case "dropout" -> List.of("S11.2", "S12.24");
      case "attention", "attentionGradient" -> List.of("S11.2", "S12.25");
      case "adam" -> List.of("S11.2", "S12.26");
      case "logsumexp" -> List.of("S11.2", "S12.30", "S13.8");
      case "maxPool" -> List.of("S11.2", "S8.13");
      default -> List.of("S11.2");
    };
  }
}
