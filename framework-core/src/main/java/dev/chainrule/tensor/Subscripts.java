package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The subscripts of an {@link Einsum}, read for operands of known shapes. Every axis has a label of one character: its letter, or for the
 * axes of an ellipsis their number counted from the last, which is below every letter. So operands whose ellipses stand for different
 * numbers of axes line up at the last one.
 *
 * @param operands the labels of each operand's axes; one may occur twice
 * @param result the labels of the result's axes
 * @param sizes of every label; where an operand's axis has size 1, that of the others
 */
record Subscripts(List<String> operands, String result, Map<Character, Long> sizes) {

  private static final String ELLIPSIS = "...";
  private static final char FIRST_LETTER = 'A';

  static Subscripts read(String text, Tensor... operands) {
    String[] sides = text.replace(" ", "").split("->", -1);
    String[] terms = sides[0].split(",", -1);
    if (sides.length > 2) {
      throw new InvalidArgumentException("einsum", quoted(text) + " has more than one ->", "");
    }
    if (terms.length != operands.length) {
      throw new InvalidArgumentException("einsum",
          quoted(text) + " has subscripts for " + terms.length + " operands, got " + operands.length, "A comma separates operands.");
    }
    List<String> labels = new ArrayList<>();
    int widest = 0;
    for (int i = 0; i < terms.length; i++) {
      int hidden = hiddenAxes(text, terms[i], operands[i], i);
      labels.add(labels(text, terms[i], hidden));
      widest = Math.max(widest, hidden);
    }
    Map<Character, Long> sizes = sizes(text, labels, operands);
    String result = sides.length == 2 ? explicit(text, sides[1], widest, sizes) : implicit(labels, widest);
    return new Subscripts(List.copyOf(labels), result, Map.copyOf(sizes));
  }

  long size(char label) {
    return sizes.getOrDefault(label, 1L);
  }

  /** How many axes of the operand have no letter. */
  private static int hiddenAxes(String text, String term, Tensor operand, int number) {
    boolean ellipsis = term.contains(ELLIPSIS);
    int letters = term.length() - (ellipsis ? ELLIPSIS.length() : 0);
    int hidden = operand.rank() - letters;
    if (hidden < 0 || hidden > 0 && !ellipsis) {
      throw new ShapeMismatchException("einsum", quoted(text) + ": operand " + number + " is " + operand.type() + ", expected "
          + letters + (ellipsis ? " or more" : "") + " axes for " + quoted(term), ellipsis ? "" : "... stands for axes without a letter.");
    }
    return hidden;
  }

  private static String labels(String text, String term, int hidden) {
    int dots = term.indexOf(ELLIPSIS);
    String letters = term.replaceFirst("\\.\\.\\.", "");
    for (char c : letters.toCharArray()) {
      if (!(c >= 'a' && c <= 'z' || c >= FIRST_LETTER && c <= 'Z')) {
        throw new InvalidArgumentException("einsum",
            quoted(text) + ": '" + c + "' in " + quoted(term) + ", expected letters and at most one " + ELLIPSIS, "");
      }
    }
    return dots < 0 ? letters : letters.substring(0, dots) + ellipsis(hidden) + letters.substring(dots);
  }

  private static String ellipsis(int axes) {
    if (axes > FIRST_LETTER) {
      throw new InvalidArgumentException("einsum", ELLIPSIS + " stands for " + axes + " axes, at most " + (int) FIRST_LETTER + " do", "");
    }
    var labels = new StringBuilder();
    for (int i = axes - 1; i >= 0; i--) {
      labels.append((char) i);
    }
    return labels.toString();
  }

  private static Map<Character, Long> sizes(String text, List<String> labels, Tensor... operands) {
    Map<Character, Long> sizes = new HashMap<>();
    Map<Character, Integer> from = new HashMap<>();
    for (int i = 0; i < operands.length; i++) {
      for (int axis = 0; axis < operands[i].rank(); axis++) {
        char label = labels.get(i).charAt(axis);
        long size = operands[i].dim(axis);
        long own = operands[i].dim(labels.get(i).indexOf(label));
        if (size != own) {
          throw differ(text, label, i, size, i, own, operands);
        }
        long known = sizes.getOrDefault(label, 1L);
        if (size != known && size != 1 && known != 1) {
          throw differ(text, label, i, size, from.getOrDefault(label, i), known, operands);
        }
        if (known == 1) {
          sizes.put(label, size);
          from.put(label, i);
        }
      }
    }
    return sizes;
  }

  private static ShapeMismatchException differ(String text, char label, int operand, long size, int other, long known, Tensor... operands) {
    String what = label < FIRST_LETTER ? "axis " + (-1 - label) + " of the ellipsis" : "'" + label + "'";
    return new ShapeMismatchException("einsum", quoted(text) + ": " + what + " is " + known + " in operand " + other + ", "
        + operands[other].type() + ", and " + size + " in operand " + operand + ", " + operands[operand].type(),
        "One letter is one size; in different operands it may also be 1.");
  }

  private static String explicit(String text, String term, int widest, Map<Character, Long> sizes) {
    String result = labels(text, term, widest);
    if (widest > 0 && !term.contains(ELLIPSIS)) {
      throw new InvalidArgumentException("einsum", quoted(text) + ": the result has no place for the axes of the ellipsis",
          "Write ... in the result too, or sum() over these axes first.");
    }
    for (int i = 0; i < result.length(); i++) {
      char label = result.charAt(i);
      if (!sizes.containsKey(label)) {
        throw new InvalidArgumentException("einsum", quoted(text) + ": '" + label + "' of the result is in no operand", "");
      }
      if (result.indexOf(label) < i) {
        throw new InvalidArgumentException("einsum", quoted(text) + ": '" + label + "' occurs twice in the result", "");
      }
    }
    return result;
  }

  /** The axes of the ellipsis, then the letters that occur once, in alphabetical order. */
  private static String implicit(List<String> labels, int widest) {
    String all = String.join("", labels);
    var result = new StringBuilder(ellipsis(widest));
    all.chars().sorted().filter(c -> c >= FIRST_LETTER && all.indexOf(c) == all.lastIndexOf(c)).forEach(c -> result.append((char) c));
    return result.toString();
  }

  private static String quoted(String text) {
    return '"' + text + '"';
  }
}
