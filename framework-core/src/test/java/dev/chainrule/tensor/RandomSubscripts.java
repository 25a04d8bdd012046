package dev.chainrule.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Subscripts and shapes drawn at random, with what they mean by loops over all indices. Nothing here reads a string of subscripts. */
final class RandomSubscripts {

  private final SplittableRandom random;
  private final Map<String, Long> drawnSizes = new HashMap<>();
  private final List<List<String>> operands = new ArrayList<>();
  private final List<long[]> shapes = new ArrayList<>();
  private final List<String> result = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  /** Labels are letters, and 1, 2, ... for the axes of an ellipsis from the last on. */
  RandomSubscripts(SplittableRandom random) {
    this.random = random;
    int hidden = random.nextInt(3);
    boolean ellipses = random.nextInt(5) < 2;
    int widest = 0;
    int count = 1 + random.nextInt(4);
    for (int i = 0; i < count; i++) {
      List<String> letters = letters();
      int own = ellipses && random.nextInt(3) > 0 ? random.nextInt(hidden + 1) : -1;
      text.append(i == 0 ? "" : ",");
      operands.add(written(letters, own));
      shapes.add(shape(operands.getLast()));
      widest = Math.max(widest, own);
    }
    List<String> all = operands.stream().flatMap(List::stream).toList();
    if (random.nextInt(3) == 0) {
      for (int i = widest; i > 0; i--) {
        result.add(Integer.toString(i));
      }
      all.stream().filter(s -> Character.isLetter(s.charAt(0)) && Collections.frequency(all, s) == 1).sorted().forEach(result::add);
    } else {
      List<String> kept = new ArrayList<>(all.stream().filter(s -> Character.isLetter(s.charAt(0))).distinct().sorted()
          .filter(_ -> random.nextInt(5) < 3).toList());
      Collections.shuffle(kept, new Random(random.nextLong()));
      text.append("->");
      result.addAll(written(kept, widest));
    }
  }

  private List<String> letters() {
    List<String> letters = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      letters.add(List.of("a", "b", "i", "Z", "C").get(random.nextInt(5)));
    }
    return letters;
  }

  /** The labels, an ellipsis of so many axes somewhere among the letters; none if negative. */
  private List<String> written(List<String> letters, int hidden) {
    List<String> labels = new ArrayList<>();
    int place = hidden < 0 ? -1 : random.nextInt(letters.size() + 1);
    for (int i = 0; i <= letters.size(); i++) {
      if (i == place) {
        text.append("...");
        for (int k = hidden; k > 0; k--) {
          labels.add(Integer.toString(k));
        }
      }
      if (i < letters.size()) {
        text.append(random.nextInt(8) == 0 ? " " : "").append(letters.get(i));
        labels.add(letters.get(i));
      }
    }
    return labels;
  }

  private long[] shape(List<String> labels) {
    Map<String, Long> here = new HashMap<>();
    for (String label : labels) {
      long size = drawnSizes.computeIfAbsent(label, _ -> random.nextInt(25) == 0 ? 0L : 1 + random.nextInt(3));
      here.putIfAbsent(label, random.nextInt(6) == 0 ? 1 : size);
    }
    return labels.stream().mapToLong(here::get).toArray();
  }

  String text() {
    return text.toString();
  }

  List<long[]> shapes() {
    return shapes;
  }

  long[] resultShape() {
    return result.stream().mapToLong(this::size).toArray();
  }

  /** As long as the longest axis of that label; 0 is longer than 1. */
  private long size(String label) {
    for (int i = 0; i < operands.size(); i++) {
      int axis = operands.get(i).indexOf(label);
      if (axis >= 0 && shapes.get(i)[axis] != 1) {
        return shapes.get(i)[axis];
      }
    }
    return 1;
  }

  double[] naive(List<double[]> values) {
    Map<String, Integer> index = new TreeMap<>();
    operands.forEach(labels -> labels.forEach(label -> index.put(label, 0)));
    List<String> labels = List.copyOf(index.keySet());
    long results = result.stream().mapToLong(this::size).reduce(1, (a, b) -> a * b);
    long rounds = labels.stream().mapToLong(this::size).reduce(1, (a, b) -> a * b);
    double[] sums = new double[Math.toIntExact(results)];
    for (long round = 0; round < rounds; round++) {
      long rest = round;
      for (String label : labels) {
        index.put(label, (int) (rest % size(label)));
        rest /= size(label);
      }
      double product = 1;
      for (int i = 0; i < operands.size(); i++) {
        product *= values.get(i)[place(operands.get(i), shapes.get(i), index)];
      }
      sums[place(result, resultShape(), index)] += product;
    }
    return sums;
  }

  private static int place(List<String> labels, long[] shape, Map<String, Integer> index) {
    long place = 0;
    for (int i = 0; i < shape.length; i++) {
      place = place * shape[i] + (shape[i] == 1 ? 0 : index.get(labels.get(i)));
    }
    return (int) place;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
