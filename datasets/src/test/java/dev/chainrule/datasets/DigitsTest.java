package dev.chainrule.datasets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.data.Batch;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Dataset;
import dev.chainrule.data.Epoch;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DigitsTest {

  private static final ImageClassification DIGITS = Digits.load();

  private static Batch all(Dataset data) {
    try (Epoch epoch = DataLoader.of(data, data.size()).epoch(0)) {
      return epoch.iterator().next();
    }
  }

  private static int[] histogram(Dataset data) {
    int[] counts = new int[10];
    for (long label : all(data).fields().get(1).toLongArray()) {
      counts[(int) label]++;
    }
    return counts;
  }

  @Test
  void tenThousandInAFixedSplit() {
    assertEquals(8000, DIGITS.train().size());
    assertEquals(2000, DIGITS.test().size());
    assertEquals(10, DIGITS.classes());
    assertEquals(List.of(TensorType.of(DType.F32, 28, 28), TensorType.scalar(DType.I32)), DIGITS.train().fields());
    assertEquals(DIGITS.train().fields(), DIGITS.test().fields());
  }

  /** Counted by another program from the files. */
  @Test
  void eachClassIsWellRepresentedInBothParts() {
    assertArrayEquals(new int[] {791, 914, 791, 832, 786, 698, 795, 863, 743, 787}, histogram(DIGITS.train()));
    assertArrayEquals(new int[] {210, 213, 200, 200, 194, 165, 219, 207, 201, 191}, histogram(DIGITS.test()));
  }

  @Test
  void pixelsLookLikeWriting() {
    float[] pixels = all(DIGITS.train()).fields().getFirst().toFloatArray();
    double sum = 0;
    double border = 0;
    float most = 0;
    for (int i = 0; i < pixels.length; i++) {
      assertTrue(pixels[i] >= 0 && pixels[i] <= 1);
      sum += pixels[i];
      most = Math.max(most, pixels[i]);
      border += i % 28 == 0 || i % 784 < 28 ? pixels[i] : 0;
    }
    assertEquals(1f, most);
    // The mean of MNIST is 0.1307 by all accounts.
    assertEquals(0.1307, sum / pixels.length, 0.004);
    assertTrue(border / pixels.length < 1e-4, "border " + border / pixels.length);
  }

  @Test
  void noHeldOutDigitIsTrainedOn() {
    Set<String> train = images(DIGITS.train());
    assertEquals(8000, train.size());
    Set<String> test = images(DIGITS.test());
    assertEquals(2000, test.size());
    test.retainAll(train);
    assertTrue(test.isEmpty());
  }

  private static Set<String> images(Dataset data) {
    float[] pixels = all(data).fields().getFirst().toFloatArray();
    Set<String> images = new HashSet<>();
    for (int i = 0; i < pixels.length; i += 784) {
      images.add(Arrays.toString(Arrays.copyOfRange(pixels, i, i + 784)));
    }
    return images;
  }
}
