package dev.chainrule.benchmarks.gpu;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A training: a network, a batch, a precision. The loss is the mean cross-entropy, the optimizer AdamW with a weight
 * decay of 0.01.
 *
 * @param title such as {@code gpt2-64-bf16}
 * @param batch examples in a step
 * @param rate the learning rate
 */
public record GpuWorkload(String title, Model model, int batch, Precision precision, double rate) {

  /** What a network looks like: all that another program must be told to build the same one. */
  public sealed interface Model {

    /** Of one example: floats in [0, 1), or for texts the number of characters. */
    List<Long> inputShape();

    /** Whether inputs are numbers of characters below {@link #classes}, with a label for each. */
    default boolean readsText() {
      return false;
    }

    /** How many classes a label is one of. */
    int classes();

    /** Name and sizes, as {@code torch_training.py} takes them. */
    List<String> arguments();
  }

  /** Linear layers with relu between them. */
  public record Perceptron(List<Integer> sizes) implements Model {
    public Perceptron {
      sizes = List.copyOf(sizes);
    }

    @Override
    public List<Long> inputShape() {
      return List.of((long) sizes.getFirst());
    }

    @Override
    public int classes() {
      return sizes.getLast();
    }

    @Override
    public List<String> arguments() {
      return described("mlp", sizes.stream());
    }
  }

  /**
   * GPT-2 (Radford et al., 2019) without dropout; the last layer is the transposed table of characters.
   *
   * @param padded rows of that table: more than there are characters, so that its products have sizes which devices like
   */
  public record Gpt(int blocks, int width, int heads, int length, int classes, int padded) implements Model {
    @Override
    public List<Long> inputShape() {
      return List.of((long) length);
    }

    @Override
    public boolean readsText() {
      return true;
    }

    @Override
    public List<String> arguments() {
      return described("gpt2", Stream.of(blocks, width, heads, length, classes, padded));
    }
  }

  /**
   * The residual network of He et al. (CVPR 2016) for small images: a convolution, stages of two blocks each, of which all but the first
   * halve the image, the mean, a linear layer.
   *
   * @param size height and width of the images, which have three channels
   * @param widths channels of the stages
   */
  public record Residuals(int size, List<Integer> widths, int classes) implements Model {
    public Residuals {
      widths = List.copyOf(widths);
    }

    @Override
    public List<Long> inputShape() {
      return List.of(3L, (long) size, (long) size);
    }

    @Override
    public List<String> arguments() {
      return described("resnet", Stream.concat(Stream.of(size, classes), widths.stream()));
    }
  }

  /** An embedding, LSTMs one after the other, a linear layer to the characters at each position. */
  public record Recurrent(int layers, int width, int length, int classes) implements Model {
    @Override
    public List<Long> inputShape() {
      return List.of((long) length);
    }

    @Override
    public boolean readsText() {
      return true;
    }

    @Override
    public List<String> arguments() {
      return described("lstm", Stream.of(layers, width, length, classes));
    }
  }

  private static List<String> described(String name, Stream<Integer> sizes) {
    return List.of(name, sizes.map(String::valueOf).collect(Collectors.joining(",")));
  }

  private static GpuWorkload of(String name, Model model, int batch, Precision precision) {
    String suffix = switch (precision) {
      case AS_WRITTEN -> "f32";
      case TF32 -> "tf32";
      case MIXED_BF16 -> "bf16";
      case MIXED_F16 -> "f16";
    };
    String title = "%s-%d-%s".formatted(name, batch, suffix);
    return new GpuWorkload(title, model, batch, precision, title.startsWith("small") ? 1e-2 : 1e-3);
  }

  /** All, at full size. */
  public static List<GpuWorkload> all() {
    var perceptron = new Perceptron(List.of(784, 512, 256, 10));
    var gpt = new Gpt(12, 768, 12, 1024, 50257, 50304);
    var resnet = new Residuals(32, List.of(64, 128, 256, 512), 10);
    return List.of(of("mlp", perceptron, 64, Precision.AS_WRITTEN), of("mlp", perceptron, 64, Precision.TF32),
        of("mlp", perceptron, 8192, Precision.AS_WRITTEN), of("mlp", perceptron, 8192, Precision.TF32),
        of("lstm", new Recurrent(2, 512, 128, 96), 64, Precision.TF32),
        of("resnet18", resnet, 512, Precision.MIXED_BF16), of("resnet18", resnet, 512, Precision.TF32),
        of("gpt2", gpt, 32, Precision.MIXED_BF16), of("gpt2", gpt, 64, Precision.MIXED_BF16));
  }

  /** The same kinds of networks, so small that any device trains them at once. */
  public static List<GpuWorkload> small() {
    var resnet = new Residuals(8, List.of(4, 8), 5);
    return List.of(of("small-mlp", new Perceptron(List.of(20, 16, 12, 5)), 8, Precision.AS_WRITTEN),
        of("small-lstm", new Recurrent(2, 16, 6, 11), 4, Precision.TF32),
        of("small-resnet18", resnet, 32, Precision.MIXED_BF16), of("small-resnet18", resnet, 32, Precision.TF32),
        of("small-gpt2", new Gpt(2, 16, 2, 8, 13, 16), 4, Precision.MIXED_BF16));
  }

  /** @throws InvalidArgumentException when there is none of this title */
  static GpuWorkload titled(String title) {
    List<GpuWorkload> known = new ArrayList<>(all());
    known.addAll(small());
    return known.stream().filter(w -> w.title.equals(title)).findFirst().orElseThrow(() -> new InvalidArgumentException("workload",
        "no '" + title + "'", "There are " + known.stream().map(GpuWorkload::title).collect(Collectors.joining(", ")) + "."));
  }

  /** Labels in a step: what a second's work is counted in, images or characters. */
  public long labels() {
    return model.readsText() ? batch * model.inputShape().getFirst() : batch;
  }
}
