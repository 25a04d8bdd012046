package dev.chainrule.benchmarks.training;

import java.util.List;
import java.util.stream.Stream;

/** What a network looks like: all that a library must be told to build the same one. All layers have biases. */
public sealed interface Network {

  /** Of one example, batch left out. */
  List<Long> inputShape();

  /** How many classes a label is one of. */
  int classes();

  /** Labels of one example: one, or one for each character. */
  default int labels() {
    return 1;
  }

  /** Whether inputs are numbers of characters, below {@link #classes}, rather than floats in [0, 1). */
  default boolean readsCharacters() {
    return false;
  }

  /** Linear layers with relu between them; {@code sizes} from the input to the classes. */
  record Perceptron(List<Integer> sizes) implements Network {
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
  }

  /**
   * A block of convolutions that keep the image's size, each with relu, and a maximum over 2 by 2 pixels behind them.
   *
   * @param filters of each convolution
   */
  record Block(List<Integer> filters) {
    public Block {
      filters = List.copyOf(filters);
    }
  }

  /**
   * Blocks of convolutions, then linear layers with relu between them.
   *
   * @param channels of the square image
   * @param size its height and width
   * @param kernel height and width of the filters, odd
   * @param hidden units of the linear layers before that of the classes
   */
  record Convolutional(int channels, int size, int kernel, List<Block> blocks, List<Integer> hidden, int classes) implements Network {
    public Convolutional {
      blocks = List.copyOf(blocks);
      hidden = List.copyOf(hidden);
    }

    @Override
    public List<Long> inputShape() {
      return List.of((long) channels, (long) size, (long) size);
    }

    /** Sizes of the linear layers, from the features that the blocks make of an image to the classes. */
    public List<Integer> classifier() {
      int side = size >> blocks.size();
      int features = blocks.getLast().filters().getLast() * side * side;
      return Stream.of(List.of(features), hidden, List.of(classes)).flatMap(List::stream).toList();
    }
  }

  /**
   * A decoder in the form of GPT-2 (Radford et al., 2019), without dropout: learnt positions, layer norm before causal attention and
   * before the layers of four times the width with gelu, layer norm and a linear layer to the characters, whose weight is its own.
   */
  record Gpt(int blocks, int width, int heads, int length, int classes) implements Network {
    @Override
    public List<Long> inputShape() {
      return List.of((long) length);
    }

    @Override
    public int labels() {
      return length;
    }

    @Override
    public boolean readsCharacters() {
      return true;
    }
  }

  /** An embedding, an LSTM with two biases for each gate, as PyTorch has it, and a linear layer to the characters at each position. */
  record CharacterLstm(int width, int length, int classes) implements Network {
    @Override
    public List<Long> inputShape() {
      return List.of((long) length);
    }

    @Override
    public int labels() {
      return length;
    }

    @Override
    public boolean readsCharacters() {
      return true;
    }
  }
}
