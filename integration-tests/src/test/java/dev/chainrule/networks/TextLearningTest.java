package dev.chainrule.networks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Embedding;
import dev.chainrule.nn.LayerNorm;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Lstm;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.PositionalEmbedding;
import dev.chainrule.nn.Sequential;
import dev.chainrule.nn.TransformerBlock;
import dev.chainrule.nn.TransformerOptions;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Models of a text that repeats itself. Whoever sees one letter only cannot get below the entropy of a letter given the one before; a
 * model that gets far below it remembers more.
 */
class TextLearningTest {

  private static final String TEXT = "the quick brown fox jumps over the lazy dog while the five boxing wizards jump quickly and pack my"
      + " box with five dozen liquor jugs ";
  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz ";
  private static final int SYMBOLS = LETTERS.length();
  private static final int BATCH = 16;
  private static final int TIME = 32;

  /** In nats, of the text without end. */
  private static double entropyGivenOneLetter() {
    Map<Character, Integer> before = new LinkedHashMap<>();
    Map<String, Integer> pairs = new LinkedHashMap<>();
    for (int i = 0; i < TEXT.length(); i++) {
      before.merge(letter(i), 1, Integer::sum);
      pairs.merge("" + letter(i) + letter(i + 1), 1, Integer::sum);
    }
    return pairs.entrySet().stream().mapToDouble(pair -> {
      double count = pair.getValue();
      return -count / TEXT.length() * Math.log(count / before.get(pair.getKey().charAt(0)));
    }).sum();
  }

  private static char letter(int position) {
    return TEXT.charAt(position % TEXT.length());
  }

  /** The symbols from each start on, [starts, count]. */
  private static Tensor symbols(int[] starts, int shift, int count) {
    long[] symbols = new long[starts.length * count];
    for (int i = 0; i < symbols.length; i++) {
      symbols[i] = LETTERS.indexOf(letter(starts[i / count] + i % count + shift));
    }
    return Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, starts.length, count), symbols));
  }

  /** The mean loss of the last ten steps. */
  private static double trained(Module model, double rate, int steps) {
    model.initialise(1);
    var adam = new Adam(model.parameters(), Schedule.constant(rate));
    Step step = Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.get(0)).reshape(-1, SYMBOLS), in.get(1).flatten());
      adam.minimise(loss);
      return List.of(loss);
    }).withSeed(1);
    var random = new SplittableRandom(1);
    double last = 0;
    for (int i = 0; i < steps; i++) {
      int[] starts = random.ints(BATCH, 0, TEXT.length()).toArray();
      double loss = step.run(symbols(starts, 0, TIME), symbols(starts, 1, TIME)).getFirst().item();
      last += i >= steps - 10 ? loss / 10 : 0;
    }
    assertEquals(1, step.plans());
    System.out.printf("%s after %d steps: loss %.4f; %.4f by one letter alone%n", model, steps, last, entropyGivenOneLetter());
    return last;
  }

  private static final class CharacterLstm extends Module {
    private final Embedding embedding = child("embedding", new Embedding(SYMBOLS, 16));
    private final Lstm lstm = child("lstm", new Lstm(16, 64));
    private final Linear output = child("output", new Linear(64, SYMBOLS));

    @Override
    protected Tensor forward(Tensor x) {
      return output.apply(lstm.apply(embedding.apply(x)));
    }

    /** Logits after the last symbol, and the state there. */
    private List<Tensor> next(Tensor x, Lstm.State state) {
      Lstm.Output out = lstm.run(embedding.apply(x), state);
      return List.of(output.apply(out.sequence().select(1, -1)), out.last().hidden(), out.last().cell());
    }
  }

  @Test
  void anLstmLearnsATextAndGoesOnWithIt() {
    var model = new CharacterLstm();
    double loss = trained(model, 1e-2, 200);
    assertTrue(loss < entropyGivenOneLetter() / 2, "loss " + loss);

    Step step = Step.evaluation(in -> model.next(in.get(0), new Lstm.State(in.get(1), in.get(2))));
    Tensor zeros = Tensor.zeros(TensorType.of(DType.F32, 1, 64));
    List<Tensor> out = step.run(symbols(new int[] {0}, 0, TIME), zeros, zeros);
    var written = new StringBuilder();
    for (int i = 0; i < TEXT.length(); i++) {
      Tensor symbol = out.getFirst().argmax(1);
      written.append(LETTERS.charAt((int) symbol.itemAsLong()));
      out = step.run(symbol.reshape(1, 1).eval(), out.get(1), out.get(2));
    }
    assertEquals((TEXT + TEXT).substring(TIME, TIME + TEXT.length()), written.toString());
  }

  private static Sequential gpt() {
    TransformerOptions options = TransformerOptions.DEFAULT.withCausal(true);
    return new Sequential(new Embedding(SYMBOLS, 32), new PositionalEmbedding(TIME, 32), new TransformerBlock(32, 4, options),
        new TransformerBlock(32, 4, options), new LayerNorm(32), new Linear(32, SYMBOLS));
  }

  @Test
  void aTransformerLearnsATextAndGoesOnWithIt() {
    Sequential model = gpt();
    double loss = trained(model, 3e-3, 300);
    assertTrue(loss < entropyGivenOneLetter() / 2, "loss " + loss);

    Step step = Step.evaluation(in -> List.of(model.apply(in.getFirst()).select(1, -1).argmax(1)));
    for (int start = 0; start < TEXT.length(); start += 7) {
      Tensor symbol = step.run(symbols(new int[] {start}, 0, TIME)).getFirst();
      assertEquals(letter(start + TIME), LETTERS.charAt((int) symbol.itemAsLong()), "after position " + (start + TIME));
    }
  }
}
