package dev.chainrule.conformance;

import dev.chainrule.graph.Op;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which rules of {@code docs/semantics.md} a case shows that is about a method written out in primitives: the case's name has the
 * method's, {@code f32 roll of a transposed matrix}. What such a method means is shown by a test with the rule as its tag; the case shows
 * that devices compute it so.
 */
final class RulesOfMethods {

  private static final Map<Pattern, List<String>> RULES = new LinkedHashMap<>();

  static {
    rule("isNaN|isInfinite|isFinite", "S5.28");
    rule("arange", "S6.8");
    rule("linspace", "S6.9");
    rule("eye", "S6.10");
    rule("cumsum|cumprod", "S7.9");
    rule("any bool|any of all", "S7.10");
    rule("sort method|argsort|topk", "S7.11");
    rule("einsum", "S8.8", "S8.9");
    rule("vector by|by vector", "S8.7");
    rule("method, same", "S8.11");
    rule("maxPool", "S8.13");
    rule("avgPool", "S8.14");
    rule("oneHot", "S9.5");
    rule("indexSelect", "S9.6");
    rule("takeAlong", "S9.7");
    rule("scatterAlongAdd", "S9.8");
    rule("maskedFill", "S9.10");
    rule("slice in steps", "S10.8");
    rule("roll", "S10.9");
    rule("parts", "S10.10");
    rule("tile|repeatInterleave", "S10.11");
    rule("tril|triu", "S10.12");
    rule("diagonal", "S10.13");
    rule("fold", "S10.14");
    rule("lerp|reciprocal", "S12.16");
    rule("std", "S12.28");
    rule("norm", "S12.29");
    rule("uniform on a.* interval|normal, moved and scaled", "S18.13");
    rule("integers (in|as)", "S18.14");
    rule("permutation", "S18.15");
  }

  private RulesOfMethods() {}

  private static void rule(String method, String... rules) {
    RULES.put(Pattern.compile("\\b(" + method + ")\\b"), List.of(rules));
  }

  static List<String> of(Case c) {
    List<String> rules = new ArrayList<>();
    RULES.forEach((method, shown) -> {
      if (method.matcher(c.name()).find()) {
        rules.addAll(shown);
      }
    });
    if (c.name().contains("method, ")) {
      rules.add(c.of() == Op.Conv.class ? "S8.10" : "S8.12");
    }
    return rules;
  }
}
